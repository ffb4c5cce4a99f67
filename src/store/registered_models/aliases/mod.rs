//! Aliases: names that each point to one version of a model.

mod rows;

use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

pub(crate) use self::rows::distribute;
pub use self::rows::{add_to, delete_of_version, of_models, target};
use super::rows::check_exists;
use crate::error::{Error, Result};
use crate::store::model_versions;
use crate::store::prepared::{Statement, prepared};
use crate::store::schema::registered_model_aliases::dsl;
use crate::store::{Db, WORKSPACE, on_backend};
use crate::validation::registry_names;
use crate::wire::ModelVersion;

struct SetAlias;

impl Statement for SetAlias {
    const BEFORE_VALUES: &'static str = "INSERT INTO registered_model_aliases (workspace, name, alias, version) VALUES ('default', ";
    const AFTER_VALUES: &'static str =
        ") ON CONFLICT (workspace, name, alias) DO UPDATE SET version = excluded.version";
}

/// Points an alias to a version of a model that is locked, wherever it pointed before.
pub fn set(db: &mut Db, name: &str, alias: &str, version: i32) -> Result<()> {
    let values = (
        name.into_sql::<Text>(),
        alias.into_sql::<Text>(),
        version.into_sql::<Integer>(),
    );
    on_backend!(db, |connection| prepared::<SetAlias, _>(values)
        .execute(connection))?;
    Ok(())
}

/// Takes an alias away from a model that is locked. Whether there was one makes no difference.
pub fn delete(db: &mut Db, name: &str, alias: &str) -> Result<()> {
    diesel::delete(dsl::registered_model_aliases.find((WORKSPACE, name, alias))).execute(db)?;
    Ok(())
}

/// The version that an alias points to.
pub fn resolve(db: &mut Db, name: &str, alias: &str) -> Result<ModelVersion> {
    registry_names::check_model(name)?;
    registry_names::check_alias(alias)?;
    if alias.to_lowercase() == registry_names::LATEST {
        return model_versions::latest(db, name);
    }
    check_exists(db, name)?;
    let version = target(db, name, alias)?.ok_or_else(|| {
        Error::invalid_parameter(format!("Registered model alias {alias} not found."))
    })?;
    model_versions::get(db, name, &version.to_string())
}
