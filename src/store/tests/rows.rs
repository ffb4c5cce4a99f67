//! Rows that tests of one area need from another.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::store::Db;
use crate::store::schema::{experiments, runs};

pub fn add_experiment(db: &mut Db, name: &str) -> i32 {
    diesel::insert_into(experiments::table)
        .values((
            experiments::name.eq(name),
            experiments::artifact_location.eq("mlflow-artifacts:/somewhere"),
            experiments::lifecycle_stage.eq("active"),
            experiments::workspace.eq("default"),
        ))
        .returning(experiments::experiment_id)
        .get_result(db)
        .unwrap()
}

pub fn add_run(db: &mut Db, run_id: &str, experiment_id: i32) {
    diesel::insert_into(runs::table)
        .values((
            runs::run_uuid.eq(run_id),
            runs::status.eq("RUNNING"),
            runs::source_type.eq("UNKNOWN"),
            runs::lifecycle_stage.eq("active"),
            runs::experiment_id.eq(experiment_id),
        ))
        .execute(db)
        .unwrap();
}

/// Models with one version each: the last is the newest. All have a common tag, source and run, two have
/// rare ones.
pub fn add_registry(db: &mut Db, many: u32) {
    db.batch_execute(&format!(
        "CREATE TEMPORARY TABLE numbers AS
            WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {many})
            SELECT n, 'model-' || n AS name, CASE WHEN n IN (7, 9) THEN 'rare' ELSE 'common' END AS value
            FROM numbers;
        INSERT INTO registered_models (name, creation_time, last_updated_time, workspace)
            SELECT name, n, n, 'default' FROM numbers;
        INSERT INTO registered_model_tags (key, value, name, workspace)
            SELECT 'kind', value, name, 'default' FROM numbers;
        INSERT INTO model_versions
            (name, version, creation_time, last_updated_time, current_stage, source, run_id, status, workspace)
            SELECT name, 1, n, n, 'None', value, value, 'READY', 'default' FROM numbers;
        INSERT INTO model_version_tags (key, value, name, version, workspace)
            SELECT 'kind', value, name, 1, 'default' FROM numbers;
        INSERT INTO model_version_tags (key, value, name, version, workspace)
            SELECT 'number', CAST(n AS VARCHAR(10)), name, 1, 'default' FROM numbers;",
    ))
    .unwrap();
}
