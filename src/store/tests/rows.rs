//! Rows that tests of one area need from another.

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
