//! Deletes what versions are made of: runs, logged models and experiments, unless a kept version needs them.
//! May use `retention` and the store.

use super::retention;
use crate::error::Result;
use crate::store::governance::retained::Deletable;
use crate::store::{Db, experiments, logged_models, runs};
use crate::validation;

/// Deletes a run. `now_ms` is when.
pub fn delete_run(db: &mut Db, run_id: &str, now_ms: i64) -> Result<()> {
    retention::check(db, Deletable::Run(run_id), now_ms)?;
    runs::delete(db, run_id, now_ms)
}

/// Deletes a logged model. `now_ms` is when.
pub fn delete_logged_model(db: &mut Db, model_id: &str, now_ms: i64) -> Result<()> {
    retention::check(db, Deletable::LoggedModel(model_id), now_ms)?;
    logged_models::delete(db, model_id, now_ms)
}

/// Deletes an experiment with its runs. `now_ms` is when.
pub fn delete_experiment(db: &mut Db, experiment_id: &str, now_ms: i64) -> Result<()> {
    let id = validation::experiment_id(experiment_id)?;
    retention::check(db, Deletable::Experiment(id), now_ms)?;
    experiments::delete(db, experiment_id, now_ms)
}
