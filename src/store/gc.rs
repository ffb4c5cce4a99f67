//! Deletes runs, logged models and experiments permanently, together with everything that refers to them.

use diesel::prelude::*;
use diesel::sql_types;

use super::in_list::in_list;
use super::schema::{
    experiments, latest_metrics, logged_model_metrics, logged_models, metrics, params, runs, tags,
};
use super::statement_size::statements;
use super::{Condition, DELETED, Db};
use crate::error::Result;

/// A run or a logged model that may be deleted permanently.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = runs)]
pub struct Candidate {
    #[diesel(column_name = run_uuid)]
    pub id: String,
    pub name: Option<String>,
    pub experiment_id: Option<i32>,
    #[diesel(column_name = artifact_uri)]
    pub location: Option<String>,
    #[diesel(column_name = lifecycle_stage)]
    pub stage: Option<String>,
    /// When it was deleted, or last changed, in milliseconds.
    #[diesel(column_name = deleted_time)]
    pub since: Option<i64>,
}

/// An experiment that may be deleted permanently.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = experiments)]
pub struct ExperimentCandidate {
    #[diesel(column_name = experiment_id)]
    pub id: i32,
    pub name: String,
    #[diesel(column_name = artifact_location)]
    pub location: Option<String>,
    #[diesel(column_name = lifecycle_stage)]
    pub stage: Option<String>,
    #[diesel(column_name = last_update_time)]
    pub since: Option<i64>,
}

/// The columns of a logged model that make it a [`Candidate`].
#[derive(Queryable, Selectable)]
#[diesel(table_name = logged_models)]
struct LoggedModelRow {
    model_id: String,
    name: String,
    experiment_id: i32,
    artifact_location: String,
    lifecycle_stage: Option<String>,
    last_updated_timestamp_ms: i64,
}

impl From<LoggedModelRow> for Candidate {
    fn from(row: LoggedModelRow) -> Self {
        Self {
            id: row.model_id,
            name: Some(row.name),
            experiment_id: Some(row.experiment_id),
            location: Some(row.artifact_location),
            stage: row.lifecycle_stage,
            since: Some(row.last_updated_timestamp_ms),
        }
    }
}

/// Returns the runs that were deleted at or before a time, in milliseconds since 1970.
pub fn deleted_runs(db: &mut Db, before_ms: i64) -> Result<Vec<Candidate>> {
    let deleted = runs::lifecycle_stage
        .eq(DELETED)
        .and(runs::deleted_time.le(before_ms));
    runs_where(db, Box::new(deleted.assume_not_null()))
}

/// Returns the runs with these ids. Ids of no run are left out.
pub fn runs(db: &mut Db, ids: &[String]) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for ids in statements(ids, 1) {
        found.extend(runs_where(
            db,
            Box::new(in_list(runs::run_uuid, ids.to_vec())),
        )?);
    }
    Ok(found)
}

/// Returns all runs of experiments, deleted or not.
pub fn runs_of(db: &mut Db, experiment_ids: &[i32]) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for ids in statements(experiment_ids, 1) {
        let of_experiments = in_list(runs::experiment_id, ids.to_vec());
        found.extend(runs_where(db, Box::new(of_experiments))?);
    }
    Ok(found)
}

fn runs_where(db: &mut Db, condition: Condition<runs::table>) -> Result<Vec<Candidate>> {
    Ok(runs::table
        .filter(condition)
        .order(runs::run_uuid)
        .select(Candidate::as_select())
        .load(db)?)
}

/// Returns the logged models that were deleted at or before a time, in milliseconds since 1970.
pub fn deleted_logged_models(db: &mut Db, before_ms: i64) -> Result<Vec<Candidate>> {
    let deleted = logged_models::lifecycle_stage
        .eq(DELETED)
        .and(logged_models::last_updated_timestamp_ms.le(before_ms));
    logged_models_where(db, Box::new(deleted.assume_not_null()))
}

/// Returns the logged models with these ids. Ids of no model are left out.
pub fn logged_models(db: &mut Db, ids: &[String]) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for ids in statements(ids, 1) {
        let named = in_list(logged_models::model_id, ids.to_vec());
        found.extend(logged_models_where(db, Box::new(named))?);
    }
    Ok(found)
}

/// Returns all logged models of experiments, deleted or not.
pub fn logged_models_of(db: &mut Db, experiment_ids: &[i32]) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for ids in statements(experiment_ids, 1) {
        let of_experiments = in_list(logged_models::experiment_id, ids.to_vec());
        found.extend(logged_models_where(db, Box::new(of_experiments))?);
    }
    Ok(found)
}

fn logged_models_where(
    db: &mut Db,
    condition: Condition<logged_models::table>,
) -> Result<Vec<Candidate>> {
    let rows: Vec<LoggedModelRow> = logged_models::table
        .filter(condition)
        .order(logged_models::model_id)
        .select(LoggedModelRow::as_select())
        .load(db)?;
    Ok(rows.into_iter().map(Candidate::from).collect())
}

/// Returns the experiments that were deleted, before a time in milliseconds since 1970 if there is one.
pub fn deleted_experiments(
    db: &mut Db,
    before_ms: Option<i64>,
) -> Result<Vec<ExperimentCandidate>> {
    let mut query = experiments::table
        .filter(experiments::lifecycle_stage.eq(DELETED))
        .into_boxed();
    if let Some(before) = before_ms {
        query = query.filter(experiments::last_update_time.lt(before));
    }
    Ok(query
        .order(experiments::experiment_id)
        .select(ExperimentCandidate::as_select())
        .load(db)?)
}

/// Returns the experiments with these ids. Ids of no experiment are left out.
pub fn experiments(db: &mut Db, ids: &[i32]) -> Result<Vec<ExperimentCandidate>> {
    let mut found = Vec::new();
    for ids in statements(ids, 1) {
        let query = experiments::table
            .filter(in_list(experiments::experiment_id, ids))
            .order(experiments::experiment_id)
            .select(ExperimentCandidate::as_select());
        found.extend(query.load(db)?);
    }
    Ok(found)
}

/// Deletes a run permanently, unless it was restored in the meantime. Returns whether it was deleted.
pub fn remove_run(db: &mut Db, run_id: &str) -> Result<bool> {
    let still = runs::table
        .find(run_id)
        .filter(runs::lifecycle_stage.eq(DELETED));
    if !diesel::select(diesel::dsl::exists(still)).get_result::<bool>(db)? {
        return Ok(false);
    }
    diesel::delete(metrics::table.filter(metrics::run_uuid.eq(run_id))).execute(db)?;
    diesel::delete(latest_metrics::table.filter(latest_metrics::run_uuid.eq(run_id)))
        .execute(db)?;
    diesel::delete(params::table.filter(params::run_uuid.eq(run_id))).execute(db)?;
    diesel::delete(tags::table.filter(tags::run_uuid.eq(run_id))).execute(db)?;
    diesel::delete(logged_model_metrics::table.filter(logged_model_metrics::run_id.eq(run_id)))
        .execute(db)?;
    diesel::delete(runs::table.find(run_id)).execute(db)?;
    Ok(true)
}

/// Deletes a logged model permanently, and by foreign keys everything that refers to it. Returns whether it existed.
pub fn remove_logged_model(db: &mut Db, model_id: &str) -> Result<bool> {
    Ok(diesel::delete(logged_models::table.find(model_id)).execute(db)? > 0)
}

/// Deletes the rows that refer to an experiment and have no foreign key that deletes them, in an order in which none
/// refers to a missing row.
const OF_EXPERIMENT: [&str; 8] = [
    "DELETE FROM spans WHERE experiment_id = $1",
    "DELETE FROM trace_info WHERE experiment_id = $1",
    "DELETE FROM online_scoring_configs WHERE experiment_id = $1",
    "DELETE FROM experiment_tags WHERE experiment_id = $1",
    "DELETE FROM sql_trace_rollup_rebuild_queue WHERE experiment_id = $1",
    "DELETE FROM sql_trace_metric_daily_rollups WHERE experiment_id = $1",
    "DELETE FROM sql_span_cost_daily_rollups WHERE experiment_id = $1",
    "DELETE FROM sql_assessment_daily_rollups WHERE experiment_id = $1",
];

/// Deletes an experiment permanently, if it has neither runs nor logged models. Returns whether it was deleted.
pub fn remove_experiment(db: &mut Db, id: i32) -> Result<bool> {
    let still = experiments::table
        .find(id)
        .filter(experiments::lifecycle_stage.eq(DELETED))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            runs::table.filter(runs::experiment_id.eq(id)),
        )))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            logged_models::table.filter(logged_models::experiment_id.eq(id)),
        )));
    if !diesel::select(diesel::dsl::exists(still)).get_result::<bool>(db)? {
        return Ok(false);
    }
    for statement in OF_EXPERIMENT {
        diesel::sql_query(statement)
            .bind::<sql_types::Integer, _>(id)
            .execute(db)?;
    }
    diesel::delete(experiments::table.find(id)).execute(db)?;
    Ok(true)
}
