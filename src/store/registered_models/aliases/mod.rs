//! Aliases: names that each point to one version of a model.

mod rows;

use diesel::prelude::*;

pub(crate) use self::rows::distribute;
pub use self::rows::{add_to, delete_of_version, of_models, target};
use super::rows::check_exists;
use crate::error::{Error, Result};
use crate::store::model_versions;
use crate::store::schema::registered_model_aliases::dsl;
use crate::store::{Db, WORKSPACE, on_backend};
use crate::validation::registry_names;
use crate::wire::ModelVersion;

/// Points an alias to a version of a model that is locked, wherever it pointed before.
pub fn set(db: &mut Db, name: &str, alias: &str, version: i32) -> Result<()> {
    let row = (
        dsl::alias.eq(alias),
        dsl::version.eq(version),
        dsl::name.eq(name),
        dsl::workspace.eq(WORKSPACE),
    );
    on_backend!(db, |connection| diesel::insert_into(
        dsl::registered_model_aliases
    )
    .values(row)
    .on_conflict((dsl::workspace, dsl::name, dsl::alias))
    .do_update()
    .set(row.1)
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
