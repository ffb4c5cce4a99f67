//! Rows of registered models: looked up, and locked for a change.

use diesel::prelude::*;

use crate::error::{Error, Result};
use crate::store::model_versions::names;
use crate::store::schema::registered_models;
use crate::store::{Db, WORKSPACE};

/// Prompts are registered models that carry this tag.
pub const IS_PROMPT_TAG: &str = "mlflow.prompt.is_prompt";

pub const COLUMNS: Columns = (
    registered_models::name,
    registered_models::creation_time,
    registered_models::last_updated_time,
    registered_models::description,
);

type Columns = (
    registered_models::name,
    registered_models::creation_time,
    registered_models::last_updated_time,
    registered_models::description,
);

/// What [`COLUMNS`] select.
#[derive(Queryable)]
pub struct Row {
    pub name: String,
    pub creation_time: Option<i64>,
    pub last_updated_time: Option<i64>,
    pub description: Option<String>,
}

/// Makes sure that a model exists, without reading more of it.
pub fn check_exists(db: &mut Db, name: &str) -> Result<()> {
    names::check_model(name)?;
    let model = registered_models::table.find((WORKSPACE, name));
    if diesel::select(diesel::dsl::exists(model)).get_result(db)? {
        Ok(())
    } else {
        Err(not_found(name))
    }
}

/// Makes sure that a model exists and stays as it is until the transaction ends: what decides over
/// several of its versions must not meet another such decision half-way.
pub fn lock(db: &mut Db, name: &str) -> Result<()> {
    names::check_model(name)?;
    let model = registered_models::table
        .find((WORKSPACE, name))
        .select(registered_models::name);
    let found: Option<String> = match db {
        Db::Postgres(connection) => model.for_update().get_result(connection).optional()?,
        // A transaction that writes is alone here.
        Db::Sqlite(connection) => model.get_result(connection).optional()?,
    };
    found.map(|_| ()).ok_or_else(|| not_found(name))
}

pub fn description(db: &mut Db, name: &str) -> Result<Option<String>> {
    Ok(registered_models::table
        .find((WORKSPACE, name))
        .select(registered_models::description)
        .first(db)?)
}

pub fn touch(db: &mut Db, name: &str, now: i64) -> Result<()> {
    diesel::update(registered_models::table.find((WORKSPACE, name)))
        .set(registered_models::last_updated_time.eq(now))
        .execute(db)?;
    Ok(())
}

pub(super) fn not_found(name: &str) -> Error {
    Error::does_not_exist(format!("Registered Model with name={name} not found"))
}
