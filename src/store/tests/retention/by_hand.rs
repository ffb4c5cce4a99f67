//! Statements on the database that would take something away which is kept.

use super::super::on_both_databases;
use super::{Lineage, NAME, archived, by_hand, live, now, refused};
use crate::lifecycle::retention::holds;
use crate::store::governance::guards::{self, Guard, GuardKind};
use crate::store::{Db, model_versions, runs};

on_both_databases!(a_hand_on_the_database_takes_nothing_that_is_kept);

#[expect(clippy::too_many_lines, reason = "it is a list")]
fn a_hand_on_the_database_takes_nothing_that_is_kept(db: &mut Db) {
    let change = now();
    let Lineage {
        experiment,
        run,
        logged_model,
    } = archived(db, &change, "7y");
    let row = live(db);
    assert_eq!(row.run_id.as_ref(), Some(&run));
    assert_eq!(row.logged_model_id.as_ref(), Some(&logged_model));
    assert_eq!(row.run_experiment_id, Some(experiment));
    assert_eq!(row.model_experiment_id, Some(experiment));
    let guard = Guard {
        address: "mlflow-artifacts:/1/model",
        model_id: &row.model_id,
        version: 1,
        kind: GuardKind::Retention,
    };
    guards::set(db, guard).unwrap();
    guards::set(
        db,
        Guard {
            kind: GuardKind::Seal,
            ..guard
        },
    )
    .unwrap();
    holds::place(db, &change, NAME, "1", "lawsuit").unwrap();
    by_hand(
        db,
        "INSERT INTO registered_models (name, workspace) VALUES ('other', 'default')",
    )
    .unwrap();
    by_hand(
        db,
        "INSERT INTO model_versions (name, version, workspace, current_stage) VALUES ('other', 1, 'default', 'None')",
    )
    .unwrap();
    by_hand(
        db,
        "INSERT INTO experiments (experiment_id, name, workspace, lifecycle_stage) \
         VALUES (99, 'other', 'default', 'active')",
    )
    .unwrap();
    by_hand(
        db,
        "INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage, status, source_type) \
         VALUES ('other', 99, 'active', 'FINISHED', 'UNKNOWN')",
    )
    .unwrap();

    let mut statements: Vec<String> = [
        "DELETE FROM model_versions WHERE name = 'credit-risk'",
        "UPDATE model_versions SET current_stage = 'Deleted_Internal' WHERE name = 'credit-risk'",
        "UPDATE model_versions SET source = 's3://elsewhere' WHERE name = 'credit-risk'",
        "UPDATE model_versions SET storage_location = NULL WHERE name = 'credit-risk'",
        "UPDATE model_versions SET run_id = NULL WHERE name = 'credit-risk'",
        "UPDATE model_versions SET version = 2 WHERE name = 'credit-risk'",
        "UPDATE model_versions SET name = 'other', version = 2 WHERE name = 'credit-risk'",
        "DELETE FROM registered_models WHERE name = 'credit-risk'",
        "DELETE FROM runs WHERE run_uuid = '{run}'",
        "UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = '{run}'",
        "UPDATE runs SET artifact_uri = 's3://elsewhere' WHERE run_uuid = '{run}'",
        "UPDATE runs SET experiment_id = 99 WHERE run_uuid = '{run}'",
        "UPDATE runs SET run_uuid = 'another' WHERE run_uuid = '{run}'",
        "DELETE FROM logged_models",
        "UPDATE logged_models SET lifecycle_stage = 'deleted'",
        "UPDATE logged_models SET artifact_location = 's3://elsewhere'",
        "UPDATE logged_models SET experiment_id = 99",
        "DELETE FROM experiments WHERE experiment_id = {experiment}",
        "UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = {experiment}",
        "DELETE FROM flowkeep_retained",
        "UPDATE flowkeep_retained SET keep_until = keep_until - 1",
        "UPDATE flowkeep_retained SET keep_until = NULL",
        "UPDATE flowkeep_retained SET archived_at = 0",
        "UPDATE flowkeep_retained SET released_at = 1",
        "UPDATE flowkeep_retained SET name = 'other'",
        "UPDATE flowkeep_retained SET run_id = 'other'",
        "UPDATE flowkeep_retained SET version = 2",
        "DELETE FROM flowkeep_legal_holds",
        "UPDATE flowkeep_legal_holds SET reason = 'none'",
        "UPDATE flowkeep_legal_holds SET lifted_at = 1",
        "UPDATE flowkeep_legal_holds SET lifted_at = 1, lifted_by = 'me', lift_reason = ' '",
        "UPDATE flowkeep_legal_holds SET lifted_at = 1, lifted_by = 'me', lift_reason = 'x', version = 2",
        "DELETE FROM flowkeep_guards WHERE kind = 'retention'",
        "DELETE FROM flowkeep_guards WHERE kind = 'seal'",
        "UPDATE flowkeep_guards SET address = 'elsewhere'",
    ]
    .map(str::to_owned)
    .into();
    let more: &[&str] = match db {
        Db::Postgres(_) => &[
            "TRUNCATE model_versions CASCADE",
            "TRUNCATE registered_models CASCADE",
            "TRUNCATE runs CASCADE",
            "TRUNCATE logged_models CASCADE",
            "TRUNCATE flowkeep_retained CASCADE",
            "TRUNCATE flowkeep_legal_holds",
            "TRUNCATE flowkeep_guards",
        ],
        Db::Sqlite(_) => &[
            "REPLACE INTO model_versions (name, version, workspace) VALUES ('credit-risk', 1, 'default')",
            "UPDATE OR REPLACE model_versions SET name = 'credit-risk' WHERE name = 'other'",
            "UPDATE OR REPLACE registered_models SET name = 'credit-risk' WHERE name = 'other'",
            "REPLACE INTO runs (run_uuid, experiment_id) VALUES ('{run}', 99)",
            "UPDATE OR REPLACE runs SET run_uuid = '{run}' WHERE run_uuid = 'other'",
            "REPLACE INTO logged_models SELECT model_id, 99, name, artifact_location, 1, 1, 1, 'active', '', '', '' FROM logged_models",
            "REPLACE INTO experiments (experiment_id, name, workspace) VALUES ({experiment}, 'new', 'default')",
            "REPLACE INTO experiments (experiment_id, name, workspace) VALUES (77, 'training', 'default')",
            "UPDATE OR REPLACE experiments SET name = 'training' WHERE experiment_id = 99",
            "UPDATE OR REPLACE experiments SET experiment_id = {experiment} WHERE experiment_id = 99",
            "REPLACE INTO flowkeep_retained (id, model_id, version, name) VALUES (1, 'x', 1, 'x')",
            "REPLACE INTO flowkeep_retained (model_id, version, name) SELECT model_id, version, name FROM flowkeep_retained",
            "REPLACE INTO flowkeep_legal_holds (id, retained_id, model_id, version, reason, placed_at, placed_by) \
             VALUES (1, 1, 'x', 1, 'x', 1, 'x')",
        ],
    };
    statements.extend(more.iter().map(|statement| (*statement).to_owned()));
    for statement in &statements {
        let statement = statement
            .replace("{run}", &run)
            .replace("{experiment}", &experiment.to_string());
        refused(db, &statement);
    }
    if let Db::Sqlite(_) = db {
        // Nothing is replaced, and the names of what is kept do not follow what did not happen.
        by_hand(
            db,
            "UPDATE OR IGNORE registered_models SET name = 'other' WHERE name = 'credit-risk'",
        )
        .unwrap();
    }
    let after = live(db);
    assert_eq!(after, row);
    assert!(model_versions::find(db, NAME, "1").is_ok());
    assert!(runs::find_active(db, &run).is_ok());
    // What does not touch any of this goes on.
    by_hand(db, "UPDATE runs SET status = 'FINISHED', end_time = 1").unwrap();
    by_hand(db, "UPDATE model_versions SET description = 'x'").unwrap();
    by_hand(
        db,
        "UPDATE experiments SET name = 'renamed' WHERE name = 'training'",
    )
    .unwrap();
    by_hand(db, "DELETE FROM runs WHERE run_uuid = 'other'").unwrap();
}
