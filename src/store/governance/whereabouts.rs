//! The experiments of runs and logged models.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::error::Result;
use crate::store::Db;
use crate::store::in_list::in_list;
use crate::store::schema::{logged_models, runs};
use crate::store::statement_size::statements;

/// Returns the experiments of runs by run id. Runs that do not exist are left out.
pub fn of_runs(db: &mut Db, ids: &[&str]) -> Result<HashMap<String, i32>> {
    let mut found = HashMap::new();
    for ids in statements(ids, 1) {
        let rows: Vec<(String, Option<i32>)> = runs::table
            .filter(in_list(runs::run_uuid, ids))
            .select((runs::run_uuid, runs::experiment_id))
            .load(db)?;
        found.extend(
            rows.into_iter()
                .filter_map(|(id, experiment)| Some((id, experiment?))),
        );
    }
    Ok(found)
}

/// The experiment of a logged model, and the run that logged it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct LoggedModel {
    pub model_id: String,
    pub experiment_id: i32,
    pub run_id: Option<String>,
}

/// Returns the locations of logged models by id. Logged models that do not exist are left out.
pub fn of_logged_models(db: &mut Db, ids: &[&str]) -> Result<HashMap<String, LoggedModel>> {
    let mut found = HashMap::new();
    for ids in statements(ids, 1) {
        let rows: Vec<LoggedModel> = logged_models::table
            .filter(in_list(logged_models::model_id, ids))
            .select((
                logged_models::model_id,
                logged_models::experiment_id,
                logged_models::source_run_id,
            ))
            .load(db)?;
        found.extend(rows.into_iter().map(|row| (row.model_id.clone(), row)));
    }
    Ok(found)
}
