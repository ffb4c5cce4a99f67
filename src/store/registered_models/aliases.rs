//! Aliases: names that each point to one version of a model.

use std::collections::HashMap;

use diesel::prelude::*;

use super::WORKSPACE;
use crate::error::{Error, Result};
use crate::store::in_list::in_list;
use crate::store::model_versions::{self, names};
use crate::store::schema::registered_model_aliases::dsl;
use crate::store::{Db, on_backend};
use crate::wire::{
    DeleteRegisteredModelAlias, ModelVersion, RegisteredModelAlias, SetRegisteredModelAlias,
};

/// SQLite binds at most 32,766 values in a statement.
const NAMES_PER_STATEMENT: usize = 10_000;

/// The aliases of each of the models, by its name.
pub fn of_models(
    db: &mut Db,
    names: &[String],
) -> Result<HashMap<String, Vec<RegisteredModelAlias>>> {
    let mut aliases: HashMap<String, Vec<RegisteredModelAlias>> = HashMap::new();
    for names in names.chunks(NAMES_PER_STATEMENT) {
        let all = dsl::registered_model_aliases
            .filter(dsl::workspace.eq(WORKSPACE))
            .order(dsl::alias)
            .select((dsl::name, dsl::alias, dsl::version));
        let rows: Vec<(String, String, i32)> = match names {
            // Mostly there is one, and then the statement is known.
            [name] => all.filter(dsl::name.eq(name)).load(db)?,
            names => all.filter(in_list(dsl::name, names)).load(db)?,
        };
        for (name, alias, version) in rows {
            aliases.entry(name).or_default().push(RegisteredModelAlias {
                alias: Some(alias),
                version: Some(version.to_string()),
            });
        }
    }
    Ok(aliases)
}

/// Fills in the aliases of versions of one model, which searches leave out.
pub fn add_to(db: &mut Db, name: &str, versions: &mut [ModelVersion]) -> Result<()> {
    let aliases = of_models(db, &[name.to_owned()])?
        .remove(name)
        .unwrap_or_default();
    for version in versions {
        version.aliases = aliases
            .iter()
            .filter(|alias| alias.version == version.version)
            .map(|alias| alias.alias().to_owned())
            .collect();
    }
    Ok(())
}

/// What is wrong with a request before anything is looked up.
pub fn check(request: &SetRegisteredModelAlias) -> Result<()> {
    names::check_model(request.name())?;
    names::check_alias(request.alias())?;
    names::check_alias_is_free(request.alias())
}

/// The same of a request to delete.
pub fn check_deletion(request: &DeleteRegisteredModelAlias) -> Result<()> {
    names::check_model(request.name())?;
    names::check_alias(request.alias())
}

/// Points an alias to a version, wherever it pointed before.
pub fn set(db: &mut Db, request: &SetRegisteredModelAlias) -> Result<()> {
    check(request)?;
    let (name, alias) = (request.name(), request.alias());
    let version = model_versions::find_locked(db, name, request.version())?;
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

/// Takes an alias away. Whether there was one makes no difference.
pub fn delete(db: &mut Db, request: &DeleteRegisteredModelAlias) -> Result<()> {
    check_deletion(request)?;
    super::lock(db, request.name())?;
    diesel::delete(dsl::registered_model_aliases.find((
        WORKSPACE,
        request.name(),
        request.alias(),
    )))
    .execute(db)?;
    Ok(())
}

/// Takes away all aliases of one version.
pub fn delete_of_version(db: &mut Db, name: &str, version: i32) -> Result<()> {
    diesel::delete(dsl::registered_model_aliases)
        .filter(dsl::workspace.eq(WORKSPACE))
        .filter(dsl::name.eq(name))
        .filter(dsl::version.eq(version))
        .execute(db)?;
    Ok(())
}

/// The number of the version that an alias points to.
pub fn target(db: &mut Db, name: &str, alias: &str) -> Result<Option<i32>> {
    Ok(dsl::registered_model_aliases
        .find((WORKSPACE, name, alias))
        .select(dsl::version)
        .get_result(db)
        .optional()?)
}

/// The version that an alias points to.
pub fn resolve(db: &mut Db, name: &str, alias: &str) -> Result<ModelVersion> {
    names::check_model(name)?;
    names::check_alias(alias)?;
    if alias.to_lowercase() == names::LATEST {
        return model_versions::latest(db, name);
    }
    super::check_exists(db, name)?;
    let version: i32 = dsl::registered_model_aliases
        .find((WORKSPACE, name, alias))
        .select(dsl::version)
        .get_result(db)
        .optional()?
        .ok_or_else(|| {
            Error::invalid_parameter(format!("Registered model alias {alias} not found."))
        })?;
    model_versions::get(db, name, &version.to_string())
}
