//! Rows of registered models: looked up, and locked for a change.

use diesel::prelude::*;

use crate::error::{Error, Result};
use crate::store::schema::registered_models;
use crate::store::{Db, WORKSPACE};
use crate::validation::registry_names;

/// A row of `registered_models`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = registered_models)]
pub struct RegisteredModelRow {
    pub name: String,
    pub creation_time: Option<i64>,
    pub last_updated_time: Option<i64>,
    pub description: Option<String>,
}

/// Makes sure that a model exists, without reading more of it.
pub fn check_exists(db: &mut Db, name: &str) -> Result<()> {
    registry_names::check_model(name)?;
    let model = registered_models::table.find((WORKSPACE, name));
    if diesel::select(diesel::dsl::exists(model)).get_result(db)? {
        Ok(())
    } else {
        Err(Error::registered_model_not_found(name))
    }
}

/// Makes sure that a model exists and stays as it is until the transaction ends: what decides over
/// several of its versions must not meet another such decision half-way.
pub fn lock(db: &mut Db, name: &str) -> Result<()> {
    registry_names::check_model(name)?;
    let model = registered_models::table
        .find((WORKSPACE, name))
        .select(registered_models::name);
    let found: Option<String> = match db {
        Db::Postgres(connection) => model.for_update().get_result(connection).optional()?,
        // A transaction that writes is alone here.
        Db::Sqlite(connection) => model.get_result(connection).optional()?,
    };
    found
        .map(|_| ())
        .ok_or_else(|| Error::registered_model_not_found(name))
}

/// The description of a model that exists.
pub fn description(db: &mut Db, name: &str) -> Result<Option<String>> {
    Ok(registered_models::table
        .find((WORKSPACE, name))
        .select(registered_models::description)
        .first(db)?)
}

/// Writes down that something about a model has changed.
pub fn touch(db: &mut Db, name: &str, now_ms: i64) -> Result<()> {
    diesel::update(registered_models::table.find((WORKSPACE, name)))
        .set(registered_models::last_updated_time.eq(now_ms))
        .execute(db)?;
    Ok(())
}
