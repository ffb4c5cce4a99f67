//! How many statements a policy adds to a change: those that it has a question for, and no others.

use std::sync::{Arc, Mutex};

use diesel::connection::{Connection, InstrumentationEvent};

use super::{checked, checked_version, on_both_databases};
use crate::audit::Actor;
use crate::lifecycle::{Change, models, policies, versions};
use crate::store::Db;
use crate::validation::Checked;
use crate::wire::{
    CreateModelVersion, CreateRegisteredModel, ModelVersionTag, TransitionModelVersionStage,
};

on_both_databases!(
    a_policy_costs_what_it_asks_for,
    a_decision_reads_its_version_and_its_policy_once,
);

const POLICY: &str = r"
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: costs}
spec:
  registration: {require: {tags: [algorithm]}}
  stages:
    Staging:
      rules: [{expression: version.version > 0, message: never}]
";

/// The statements that some work takes.
fn statements(db: &mut Db, work: impl FnOnce(&mut Db)) -> Vec<String> {
    let statements = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&statements);
    db.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            seen.lock().unwrap().push(query.to_string());
        }
    });
    work(db);
    db.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    std::mem::take(&mut *statements.lock().unwrap())
}

fn count(db: &mut Db, work: impl FnOnce(&mut Db)) -> usize {
    statements(db, work).len()
}

/// How many of the statements read a table.
fn reads(statements: &[String], table: &str) -> usize {
    let reads = statements.iter().filter(|statement| {
        // Some statements are written by hand, without quotes.
        let unquoted = statement.replace(['`', '"'], "");
        let is_there = |after: &str| unquoted.contains(&format!("{after} {table} "));
        unquoted.starts_with("SELECT") && (is_there("FROM") || is_there("JOIN"))
    });
    reads.count()
}

fn change() -> Change {
    Change::by(Actor::default())
}

fn create(db: &mut Db) -> usize {
    let request = CreateModelVersion {
        name: Some("churn".to_owned()),
        source: Some("s3://bucket/model".to_owned()),
        tags: vec![ModelVersionTag {
            key: Some("algorithm".to_owned()),
            value: Some("gbm".to_owned()),
        }],
        ..CreateModelVersion::default()
    };
    let request = checked_version(request);
    count(db, |db| {
        versions::create(db, &change(), &request).unwrap();
    })
}

fn request_for(version: &str, stage: &str) -> Checked<TransitionModelVersionStage> {
    checked(TransitionModelVersionStage {
        name: Some("churn".to_owned()),
        version: Some(version.to_owned()),
        stage: Some(stage.to_owned()),
        archive_existing_versions: None,
    })
}

fn transition(db: &mut Db, version: &str, stage: &str) -> usize {
    let request = request_for(version, stage);
    count(db, |db| {
        versions::transition(db, &change(), &request).unwrap();
    })
}

fn a_policy_costs_what_it_asks_for(db: &mut Db) {
    let request = CreateRegisteredModel {
        name: Some("churn".to_owned()),
        ..CreateRegisteredModel::default()
    };
    models::create(db, &change(), &checked(request)).unwrap();
    let free = create(db);
    let free_transition = transition(db, "1", "Staging");
    db.transaction(|db| policies::apply(db, &change(), POLICY))
        .unwrap();
    // What policies are in force is read into memory once.
    create(db);
    // The tags of the model. What was just written is not read again.
    assert_eq!(create(db) - free, 1);
    // The tags of the model and of the version. The evidence too: what does not count is in each report. And
    // the seal, that there was and that there is.
    assert_eq!(transition(db, "2", "Staging") - free_transition, 5);
    let limited = POLICY.replace("spec:", "spec:\n  versions: {max_active: 10}");
    db.transaction(|db| policies::apply(db, &change(), &limited))
        .unwrap();
    create(db);
    // Aliases, and the active versions.
    assert_eq!(create(db) - free, 3);
}

fn a_decision_reads_its_version_and_its_policy_once(db: &mut Db) {
    let request = CreateRegisteredModel {
        name: Some("churn".to_owned()),
        ..CreateRegisteredModel::default()
    };
    models::create(db, &change(), &checked(request)).unwrap();
    let keeping = POLICY.replace("spec:", "spec:\n  retention: {archived: 1d}");
    db.transaction(|db| policies::apply(db, &change(), &keeping))
        .unwrap();
    create(db);
    for stage in ["Staging", "Production"] {
        let request = request_for("1", stage);
        let statements = statements(db, |db| {
            versions::transition(db, &change(), &request).unwrap();
        });
        assert_eq!(reads(&statements, "model_versions"), 1, "{statements:#?}");
        assert_eq!(
            reads(&statements, "flowkeep_policies"),
            1,
            "{statements:#?}"
        );
    }
    // Once more for what is kept with it.
    let request = request_for("1", "Archived");
    let statements = statements(db, |db| {
        versions::transition(db, &change(), &request).unwrap();
    });
    assert_eq!(reads(&statements, "model_versions"), 2, "{statements:#?}");
    assert_eq!(
        reads(&statements, "flowkeep_policies"),
        1,
        "{statements:#?}"
    );
}
