//! No sequence of calls puts a version into a gated stage or alias without its evidence.

use std::collections::{BTreeMap, BTreeSet};

use diesel::connection::{Connection, SimpleConnection};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::{TestDatabase, checked, checked_version, try_checked};
use crate::audit::Actor;
use crate::error::Result;
use crate::lifecycle::policy::claims::Claim;
use crate::lifecycle::{Change, NotDone, aliases, evidence, models, policies, versions};
use crate::store::governance::history;
use crate::store::registered_models::aliases::of_models;
use crate::store::{Db, model_versions};
use crate::wire::{
    CreateModelVersion, CreateRegisteredModel, DeleteModelVersion, DeleteModelVersionTag,
    DeleteRegisteredModel, DeleteRegisteredModelAlias, ModelVersionTag, RenameRegisteredModel,
    SetModelVersionTag, SetRegisteredModelAlias, TransitionModelVersionStage,
};

const POLICY: &str = r#"
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: credit}
spec:
  models: {names: ["credit-*"]}
  registration:
    require: {tags: [algorithm]}
  stages:
    Staging:
      require: {evaluations: [responsible_ai]}
    Production:
      from: [Staging]
      require:
        evaluations: [responsible_ai]
        ab_test: {metric: conversion, minimum_samples: 1000, first_promotion: needs_no_test}
      approvals: {count: 1}
  aliases:
    champion: {same_as: Production}
"#;

const NAMES: [&str; 3] = ["credit-a", "credit-b", "free"];
const ALGORITHM: &str = "algorithm";
const EVALUATION: &str = "flowkeep.evaluation.responsible_ai";

#[derive(Clone, Debug)]
enum Call {
    Create(&'static str),
    Delete(&'static str),
    Rename(&'static str, &'static str),
    Register {
        name: &'static str,
        tagged: bool,
        copy: bool,
        evaluated: bool,
    },
    DeleteVersion(&'static str, u8),
    Transition(&'static str, u8, &'static str, bool),
    SetAlias(&'static str, u8),
    DeleteAlias(&'static str),
    SetTag(&'static str, u8, &'static str, &'static str),
    DeleteTag(&'static str, u8, &'static str),
    Approve(&'static str, u8),
    Win(&'static str, u8, u8),
}

fn a_call() -> impl Strategy<Value = Call> {
    let name = || select(&NAMES[..]);
    let version = || 1u8..5;
    let stage = select(&["None", "Staging", "Production", "Archived"][..]);
    let verdict = select(&[r#"{"verdict": "passed"}"#, r#"{"verdict": "failed"}"#][..]);
    prop_oneof![
        2 => name().prop_map(Call::Create),
        1 => name().prop_map(Call::Delete),
        1 => (name(), name()).prop_map(|(from, to)| Call::Rename(from, to)),
        4 => (name(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
            |(name, tagged, copy, evaluated)| Call::Register { name, tagged, copy, evaluated }
        ),
        1 => (name(), version()).prop_map(|(name, version)| Call::DeleteVersion(name, version)),
        8 => (name(), version(), stage, any::<bool>()).prop_map(
            |(name, version, stage, archive)| Call::Transition(name, version, stage, archive)
        ),
        3 => (name(), version()).prop_map(|(name, version)| Call::SetAlias(name, version)),
        1 => name().prop_map(Call::DeleteAlias),
        5 => (name(), version(), verdict)
            .prop_map(|(name, version, value)| Call::SetTag(name, version, EVALUATION, value)),
        2 => (name(), version(), select(&["", "gbm"][..]))
            .prop_map(|(name, version, value)| Call::SetTag(name, version, ALGORITHM, value)),
        1 => (name(), version(), select(&[ALGORITHM, EVALUATION][..]))
            .prop_map(|(name, version, key)| Call::DeleteTag(name, version, key)),
        4 => (name(), version()).prop_map(|(name, version)| Call::Approve(name, version)),
        4 => (name(), version(), version())
            .prop_map(|(name, version, baseline)| Call::Win(name, version, baseline)),
    ]
}

#[expect(clippy::unnecessary_wraps, reason = "messages have optional fields")]
fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "messages have optional fields")]
fn number(version: u8) -> Option<String> {
    Some(version.to_string())
}

fn tag(key: &str, value: &str) -> ModelVersionTag {
    ModelVersionTag {
        key: text(key),
        value: text(value),
    }
}

/// Makes a call, and gives the number of a version that it made.
#[expect(clippy::too_many_lines, reason = "one arm for each kind of call")]
fn make(db: &mut Db, call: &Call) -> Result<Option<u8>, NotDone> {
    let change = &Change::by(Actor::default());
    match *call {
        Call::Create(name) => {
            let request = CreateRegisteredModel {
                name: text(name),
                ..CreateRegisteredModel::default()
            };
            models::create(db, change, &checked(request))?;
        }
        Call::Delete(name) => {
            let request = DeleteRegisteredModel { name: text(name) };
            models::delete(db, change, &checked(request))?;
        }
        Call::Rename(name, new_name) => {
            let request = RenameRegisteredModel {
                name: text(name),
                new_name: text(new_name),
            };
            models::rename(db, change, &checked(request))?;
        }
        Call::Register {
            name,
            tagged,
            copy,
            evaluated,
        } => {
            let mut tags = Vec::new();
            if tagged {
                tags.push(tag(ALGORITHM, "gbm"));
            }
            if evaluated {
                tags.push(tag(EVALUATION, r#"{"verdict": "passed"}"#));
            }
            let copied = format!("models:/{name}/1");
            let request = CreateModelVersion {
                name: text(name),
                source: text(if copy { &copied } else { "s3://bucket/model" }),
                tags,
                ..CreateModelVersion::default()
            };
            let made = versions::create(db, change, &checked_version(request))?;
            return Ok(made.value.version().parse().ok());
        }
        Call::DeleteVersion(name, version) => {
            let request = DeleteModelVersion {
                name: text(name),
                version: number(version),
            };
            versions::delete(db, change, &checked(request))?;
        }
        Call::Transition(name, version, stage, archive) => {
            let request = TransitionModelVersionStage {
                name: text(name),
                version: number(version),
                stage: text(stage),
                archive_existing_versions: Some(archive),
            };
            versions::transition(db, change, &try_checked(request)?)?;
        }
        Call::SetAlias(name, version) => {
            let request = SetRegisteredModelAlias {
                name: text(name),
                alias: text("champion"),
                version: number(version),
            };
            aliases::set(db, change, &checked(request))?;
        }
        Call::DeleteAlias(name) => {
            let request = DeleteRegisteredModelAlias {
                name: text(name),
                alias: text("champion"),
            };
            aliases::delete(db, change, &checked(request))?;
        }
        Call::SetTag(name, version, key, value) => {
            let request = SetModelVersionTag {
                name: text(name),
                version: number(version),
                key: text(key),
                value: text(value),
            };
            versions::tags::set(db, change, &checked(request))?;
        }
        Call::DeleteTag(name, version, key) => {
            let request = DeleteModelVersionTag {
                name: text(name),
                version: number(version),
                key: text(key),
            };
            versions::tags::delete(db, change, &checked(request))?;
        }
        Call::Approve(name, version) => {
            let claim = serde_json::from_value(json!({"by": "bob"})).unwrap();
            let claim = Claim::Approval(claim);
            evidence::record(db, change, name, &version.to_string(), claim)?;
        }
        Call::Win(name, version, baseline) => {
            let claim = serde_json::from_value(json!({
                "metric": "conversion",
                "baseline": {"version": baseline, "samples": 5000, "successes": 400},
                "candidate": {"samples": 5000, "successes": 600},
            }));
            let claim = Claim::AbTest(claim.unwrap());
            evidence::record(db, change, name, &version.to_string(), claim)?;
        }
    }
    Ok(None)
}

/// Which model, whatever it is called: each one that is created gets the next number.
type Incarnation = usize;

/// What an onlooker knows who sees only which calls went through.
#[derive(Default)]
struct Onlooker {
    models: BTreeMap<&'static str, Incarnation>,
    created: usize,
    evaluated: BTreeSet<(Incarnation, u8)>,
    approved: BTreeSet<(Incarnation, u8)>,
    won: BTreeMap<(Incarnation, u8), BTreeSet<u8>>,
}

impl Onlooker {
    fn see(&mut self, call: &Call, made: Option<u8>) {
        match *call {
            Call::Create(name) => {
                self.created += 1;
                self.models.insert(name, self.created);
            }
            Call::Delete(name) => {
                self.models.remove(name);
            }
            Call::Rename(name, new_name) => {
                if let Some(model) = self.models.remove(name) {
                    self.models.insert(new_name, model);
                }
            }
            Call::Register {
                name,
                evaluated: true,
                copy: false,
                ..
            } => {
                self.evaluated
                    .extend(made.map(|version| (self.models[name], version)));
            }
            Call::SetTag(name, version, EVALUATION, value) if value.contains("passed") => {
                self.evaluated.insert((self.models[name], version));
            }
            Call::Approve(name, version) => {
                self.approved.insert((self.models[name], version));
            }
            Call::Win(name, version, baseline) => {
                let won = self.won.entry((self.models[name], version)).or_default();
                won.insert(baseline);
            }
            _ => {}
        }
    }
}

/// Where the versions of a model are that the policy is for.
#[derive(Clone, Default)]
struct Places {
    stages: BTreeMap<u8, String>,
    champion: Option<u8>,
    last_in_production: Option<i32>,
}

fn places(db: &mut Db, name: &str) -> Places {
    let stages = model_versions::all(db, name)
        .unwrap()
        .into_iter()
        .map(|row| {
            let version = u8::try_from(row.version).unwrap();
            (version, row.current_stage.unwrap_or_default())
        });
    let stages = stages.collect();
    let aliases = of_models(db, &[name.to_owned()]).unwrap();
    let champion = aliases.get(name).and_then(|aliases| aliases.first());
    Places {
        stages,
        champion: champion.and_then(|alias| alias.version().parse().ok()),
        last_in_production: last_in_production(db, name),
    }
}

fn holds(db: &mut Db, calls: &[Call]) -> Result<(), TestCaseError> {
    let mut onlooker = Onlooker::default();
    // Names and models that have had a version in Production.
    let mut had_production: BTreeSet<String> = BTreeSet::new();
    for call in calls {
        let before: Vec<Places> = NAMES.map(|name| places(db, name)).into();
        let outcome = db.transaction(|db| make(db, call));
        if let Ok(made) = outcome {
            onlooker.see(call, made);
        }
        for (name, before) in NAMES.into_iter().zip(before) {
            let now = places(db, name);
            let Some(model) = onlooker.models.get(name).copied() else {
                prop_assert!(now.stages.is_empty());
                continue;
            };
            let known = [name.to_owned(), format!("model {model}")];
            let is_first = !known.iter().any(|one| had_production.contains(one));
            for (version, stage) in &now.stages {
                let key = (model, *version);
                if name == "free" || !["Staging", "Production"].contains(&stage.as_str()) {
                    continue;
                }
                prop_assert!(
                    onlooker.evaluated.contains(&key),
                    "{call:?} {name} {version}"
                );
                if stage != "Production" {
                    continue;
                }
                prop_assert!(
                    onlooker.approved.contains(&key),
                    "{call:?} {name} {version}"
                );
                if before.stages.get(version) == Some(stage) || matches!(call, Call::Rename(..)) {
                    continue;
                }
                // It is new there: it has won against what was there, or there never was anything.
                let others = before
                    .stages
                    .iter()
                    .filter(|(_, stage)| *stage == "Production");
                let baseline = others.map(|(version, _)| *version).max();
                let won = onlooker.won.get(&key).cloned().unwrap_or_default();
                match baseline {
                    Some(baseline) => prop_assert!(won.contains(&baseline), "{call:?} {won:?}"),
                    None => prop_assert!(
                        is_first
                            || !won.is_empty()
                            || before.last_in_production == Some((*version).into()),
                        "{call:?} {won:?}"
                    ),
                }
            }
            if name != "free"
                && let Some(champion) = now.champion
            {
                let key = (model, champion);
                prop_assert!(onlooker.evaluated.contains(&key), "{call:?} {name}");
                prop_assert!(onlooker.approved.contains(&key), "{call:?} {name}");
            }
            if now.stages.values().any(|stage| stage == "Production") {
                had_production.extend(known);
            }
        }
    }
    Ok(())
}

/// The version that was the last to come into Production under this name, or as this model.
fn last_in_production(db: &mut Db, name: &str) -> Option<i32> {
    let filter = history::HistoryFilter {
        model: Some(name.to_owned()),
        ..history::HistoryFilter::default()
    };
    let entries = history::page(db, &filter, 0, 10_000).unwrap();
    let mut entered = entries
        .iter()
        .filter(|entry| entry.outcome != "refused" && entry.stage.as_deref() == Some("Production"));
    entered.next_back().and_then(|entry| entry.version)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_calls_leads_past_a_gate(calls in prop::collection::vec(a_call(), 1..60)) {
        let database = TestDatabase::sqlite();
        let mut db = database.connect();
        // Nothing here needs to outlive a crash.
        db.batch_execute("PRAGMA synchronous = OFF;").unwrap();
        policies::apply(&mut db, &Change::by(Actor::default()), POLICY).unwrap();
        let mut all: Vec<Call> = NAMES.map(Call::Create).into();
        all.extend(calls);
        holds(&mut db, &all)?;
    }
}
