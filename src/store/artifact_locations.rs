//! The artifact URIs of runs and logged models.

use std::collections::HashMap;

use diesel::prelude::*;

use super::Db;
use super::in_list::in_list;
use super::schema::{logged_models, runs};
use crate::error::{Error, Result};

/// Returns the artifact URI of a run, which is empty if the run has none. Fails if there is no such run.
pub fn of_run(db: &mut Db, run_id: &str) -> Result<String> {
    let uri: Option<Option<String>> = runs::table
        .find(run_id)
        .select(runs::artifact_uri)
        .get_result(db)
        .optional()?;
    uri.map(Option::unwrap_or_default)
        .ok_or_else(|| Error::run_not_found(run_id))
}

/// Returns the artifact URIs of runs by run id. Runs that do not exist, or have no artifacts, are left out.
pub fn of_runs(db: &mut Db, ids: &[&str]) -> Result<HashMap<String, String>> {
    let found: Vec<(String, Option<String>)> = runs::table
        .filter(in_list(runs::run_uuid, ids))
        .select((runs::run_uuid, runs::artifact_uri))
        .load(db)?;
    let found = found.into_iter();
    Ok(found.filter_map(|(id, uri)| Some((id, uri?))).collect())
}

/// Returns the artifact URI of a logged model. Fails if there is no such model, or if it was deleted.
pub fn of_logged_model(db: &mut Db, model_id: &str) -> Result<String> {
    logged_models::table
        .filter(logged_models::model_id.eq(model_id))
        .filter(logged_models::lifecycle_stage.ne("deleted"))
        .select(logged_models::artifact_location)
        .get_result(db)
        .optional()?
        .ok_or_else(|| Error::logged_model_not_found(model_id))
}
