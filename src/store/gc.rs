//! Removes for good what was deleted before, with all that hangs on it.

use diesel::prelude::*;
use diesel::sql_types;

use super::schema::{
    experiments, latest_metrics, logged_model_metrics, logged_models, metrics, params, runs, tags,
};
use super::{DELETED, Db};
use crate::error::Result;

/// SQLite binds at most 32,766 values in a statement.
const VALUES_PER_STATEMENT: usize = 10_000;

/// A run or a logged model that may have to go.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Candidate {
    pub id: String,
    pub name: Option<String>,
    pub experiment_id: Option<i32>,
    pub location: Option<String>,
    pub stage: Option<String>,
    /// When it was deleted, or last changed.
    pub since: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct ExperimentCandidate {
    pub id: i32,
    pub name: String,
    pub location: Option<String>,
    pub stage: Option<String>,
    pub since: Option<i64>,
}

type RunColumns = (
    runs::run_uuid,
    runs::name,
    runs::experiment_id,
    runs::artifact_uri,
    runs::lifecycle_stage,
    runs::deleted_time,
);

const RUN_COLUMNS: RunColumns = (
    runs::run_uuid,
    runs::name,
    runs::experiment_id,
    runs::artifact_uri,
    runs::lifecycle_stage,
    runs::deleted_time,
);

/// The runs that were deleted at or before a time.
pub fn deleted_runs(db: &mut Db, before_ms: i64) -> Result<Vec<Candidate>> {
    Ok(runs::table
        .filter(runs::lifecycle_stage.eq(DELETED))
        .filter(runs::deleted_time.le(before_ms))
        .order(runs::run_uuid)
        .select(RUN_COLUMNS)
        .load(db)?)
}

/// These runs, as far as they exist.
pub fn runs(db: &mut Db, ids: &[String]) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for ids in ids.chunks(VALUES_PER_STATEMENT) {
        let query = runs::table
            .filter(runs::run_uuid.eq_any(ids))
            .order(runs::run_uuid)
            .select(RUN_COLUMNS);
        found.extend(query.load(db)?);
    }
    Ok(found)
}

/// The runs of experiments, whether or not they were deleted.
pub fn runs_of(db: &mut Db, experiment_ids: &[i32]) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for ids in experiment_ids.chunks(VALUES_PER_STATEMENT) {
        let query = runs::table
            .filter(runs::experiment_id.eq_any(ids))
            .order(runs::run_uuid)
            .select(RUN_COLUMNS);
        found.extend(query.load(db)?);
    }
    Ok(found)
}

type ModelRow = (String, String, i32, String, Option<String>, i64);

fn model((id, name, experiment, location, stage, since): ModelRow) -> Candidate {
    Candidate {
        id,
        name: Some(name),
        experiment_id: Some(experiment),
        location: Some(location),
        stage,
        since: Some(since),
    }
}

type ModelColumns = (
    logged_models::model_id,
    logged_models::name,
    logged_models::experiment_id,
    logged_models::artifact_location,
    logged_models::lifecycle_stage,
    logged_models::last_updated_timestamp_ms,
);

const MODEL_COLUMNS: ModelColumns = (
    logged_models::model_id,
    logged_models::name,
    logged_models::experiment_id,
    logged_models::artifact_location,
    logged_models::lifecycle_stage,
    logged_models::last_updated_timestamp_ms,
);

/// The logged models that were deleted at or before a time.
pub fn deleted_logged_models(db: &mut Db, before_ms: i64) -> Result<Vec<Candidate>> {
    let rows: Vec<ModelRow> = logged_models::table
        .filter(logged_models::lifecycle_stage.eq(DELETED))
        .filter(logged_models::last_updated_timestamp_ms.le(before_ms))
        .order(logged_models::model_id)
        .select(MODEL_COLUMNS)
        .load(db)?;
    Ok(rows.into_iter().map(model).collect())
}

/// These logged models, as far as they exist.
pub fn logged_models(db: &mut Db, ids: &[String]) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for ids in ids.chunks(VALUES_PER_STATEMENT) {
        let rows: Vec<ModelRow> = logged_models::table
            .filter(logged_models::model_id.eq_any(ids))
            .order(logged_models::model_id)
            .select(MODEL_COLUMNS)
            .load(db)?;
        found.extend(rows.into_iter().map(model));
    }
    Ok(found)
}

/// The logged models of experiments, whether or not they were deleted.
pub fn logged_models_of(db: &mut Db, experiment_ids: &[i32]) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for ids in experiment_ids.chunks(VALUES_PER_STATEMENT) {
        let rows: Vec<ModelRow> = logged_models::table
            .filter(logged_models::experiment_id.eq_any(ids))
            .order(logged_models::model_id)
            .select(MODEL_COLUMNS)
            .load(db)?;
        found.extend(rows.into_iter().map(model));
    }
    Ok(found)
}

type ExperimentColumns = (
    experiments::experiment_id,
    experiments::name,
    experiments::artifact_location,
    experiments::lifecycle_stage,
    experiments::last_update_time,
);

const EXPERIMENT_COLUMNS: ExperimentColumns = (
    experiments::experiment_id,
    experiments::name,
    experiments::artifact_location,
    experiments::lifecycle_stage,
    experiments::last_update_time,
);

/// The experiments that were deleted, before a time if there is one.
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
        .select(EXPERIMENT_COLUMNS)
        .load(db)?)
}

/// These experiments, as far as they exist.
pub fn experiments(db: &mut Db, ids: &[i32]) -> Result<Vec<ExperimentCandidate>> {
    let mut found = Vec::new();
    for ids in ids.chunks(VALUES_PER_STATEMENT) {
        let query = experiments::table
            .filter(experiments::experiment_id.eq_any(ids))
            .order(experiments::experiment_id)
            .select(EXPERIMENT_COLUMNS);
        found.extend(query.load(db)?);
    }
    Ok(found)
}

/// Removes a run, unless it was restored in the meantime. Says whether it did.
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

/// Removes a logged model; foreign keys take along what hangs on it.
pub fn remove_logged_model(db: &mut Db, model_id: &str) -> Result<bool> {
    Ok(diesel::delete(logged_models::table.find(model_id)).execute(db)? > 0)
}

/// What refers to an experiment without being taken along by a foreign key, in the order in which it
/// has to go.
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

/// Removes an experiment that has neither runs nor logged models any more. Says whether it did.
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
