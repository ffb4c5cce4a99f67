//! How many statements a policy adds to a change: those that it has a question for, and no others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::{Connection, InstrumentationEvent};

use super::on_both_databases;
use crate::audit::Actor;
use crate::config::SourceRules;
use crate::lifecycle::{Change, models, policies, versions};
use crate::store::Db;
use crate::wire::{
    CreateModelVersion, CreateRegisteredModel, ModelVersionTag, TransitionModelVersionStage,
};

on_both_databases!(a_policy_costs_what_it_asks_for);

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
fn count(db: &mut Db, work: impl FnOnce(&mut Db)) -> usize {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    db.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    work(db);
    db.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    count.load(Ordering::Relaxed)
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
    count(db, |db| {
        versions::create(db, &change(), &request, &SourceRules::default()).unwrap();
    })
}

fn transition(db: &mut Db, version: &str, stage: &str) -> usize {
    let request = TransitionModelVersionStage {
        name: Some("churn".to_owned()),
        version: Some(version.to_owned()),
        stage: Some(stage.to_owned()),
        archive_existing_versions: None,
    };
    count(db, |db| {
        versions::transition(db, &change(), &request).unwrap();
    })
}

fn a_policy_costs_what_it_asks_for(db: &mut Db) {
    let request = CreateRegisteredModel {
        name: Some("churn".to_owned()),
        ..CreateRegisteredModel::default()
    };
    models::create(db, &change(), &request).unwrap();
    let free = create(db);
    let free_transition = transition(db, "1", "Staging");
    db.transaction(|db| policies::apply(db, &change(), POLICY))
        .unwrap();
    // What policies are in force is read into memory once.
    create(db);
    // The tags of the model. What was just written is not read again.
    assert_eq!(create(db) - free, 1);
    // The evidence too: what does not count is in each report. And the seal, that there was and that there is.
    assert_eq!(transition(db, "2", "Staging") - free_transition, 6);
    let limited = POLICY.replace("spec:", "spec:\n  versions: {max_active: 10}");
    db.transaction(|db| policies::apply(db, &change(), &limited))
        .unwrap();
    create(db);
    // Aliases, and the active versions.
    assert_eq!(create(db) - free, 3);
}
