//! No sequence of calls leaves more active versions than the policy allows.

use diesel::connection::{Connection, SimpleConnection};
use proptest::prelude::*;
use proptest::sample::select;

use super::{TestDatabase, checked, checked_version, on_both_databases, try_checked};
use crate::audit::Actor;
use crate::error::Result;
use crate::lifecycle::{Change, NotDone, aliases, models, policies, versions};
use crate::store::{Db, model_versions};
use crate::wire::{
    CreateModelVersion, CreateRegisteredModel, DeleteModelVersion, DeleteRegisteredModelAlias,
    ModelVersionTag, RenameRegisteredModel, SetRegisteredModelAlias, TransitionModelVersionStage,
};

on_both_databases!(the_oldest_give_way);

const MOST: usize = 3;
const SOURCE: &str = "s3://bucket/model";

const POLICY: &str = r#"
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: limited}
spec:
  models: {names: ["limited-*"]}
  stages:
    Production: {}
    Archived:
      rules: [{expression: '!has(version.tags.keep)', message: It is kept.}]
  versions: {max_active: 3}
"#;

const LIMITED: [&str; 2] = ["limited-a", "limited-b"];
const NAMES: [&str; 3] = ["limited-a", "limited-b", "free"];

#[derive(Clone, Debug)]
enum Call {
    Register {
        name: &'static str,
        copy: bool,
        keep: bool,
    },
    Transition(&'static str, u8, &'static str, bool),
    Restore(&'static str, u8),
    DeleteVersion(&'static str, u8),
    SetAlias(&'static str, u8),
    DeleteAlias(&'static str),
    Rename(&'static str, &'static str),
}

fn a_call() -> impl Strategy<Value = Call> {
    let name = || select(&NAMES[..]);
    let version = || 1u8..9;
    let stage = select(&["None", "Staging", "Production", "Archived"][..]);
    prop_oneof![
        8 => (name(), any::<bool>(), prop::bool::weighted(0.1))
            .prop_map(|(name, copy, keep)| Call::Register { name, copy, keep }),
        8 => (name(), version(), stage, any::<bool>()).prop_map(
            |(name, version, stage, archive)| Call::Transition(name, version, stage, archive)
        ),
        4 => (name(), version()).prop_map(|(name, version)| Call::Restore(name, version)),
        1 => (name(), version()).prop_map(|(name, version)| Call::DeleteVersion(name, version)),
        3 => (name(), version()).prop_map(|(name, version)| Call::SetAlias(name, version)),
        1 => name().prop_map(Call::DeleteAlias),
        2 => (name(), name()).prop_map(|(from, to)| Call::Rename(from, to)),
    ]
}

#[expect(clippy::unnecessary_wraps, reason = "messages have optional fields")]
fn text(value: impl ToString) -> Option<String> {
    Some(value.to_string())
}

fn register(db: &mut Db, name: &str, source: &str, keep: bool) -> Result<i32, NotDone> {
    let tag = ModelVersionTag {
        key: text("keep"),
        value: text("yes"),
    };
    let request = CreateModelVersion {
        name: text(name),
        source: text(source),
        tags: if keep { vec![tag] } else { Vec::new() },
        ..CreateModelVersion::default()
    };
    let change = Change::by(Actor::default());
    let made = versions::create(db, &change, &checked_version(request))?;
    Ok(made.value.version().parse().unwrap())
}

fn create(db: &mut Db, name: &str) {
    let request = CreateRegisteredModel {
        name: text(name),
        ..CreateRegisteredModel::default()
    };
    models::create(db, &Change::by(Actor::default()), &checked(request)).unwrap();
}

fn transition(
    db: &mut Db,
    name: &str,
    version: u8,
    stage: &str,
    archive: bool,
) -> Result<(), NotDone> {
    let request = TransitionModelVersionStage {
        name: text(name),
        version: text(version),
        stage: text(stage),
        archive_existing_versions: Some(archive),
    };
    versions::transition(db, &Change::by(Actor::default()), &try_checked(request)?)?;
    Ok(())
}

fn set_alias(db: &mut Db, name: &str, version: u8) -> Result<(), NotDone> {
    let request = SetRegisteredModelAlias {
        name: text(name),
        alias: text(format!("alias-{version}")),
        version: text(version),
    };
    aliases::set(db, &Change::by(Actor::default()), &checked(request))?;
    Ok(())
}

/// Makes a call, and gives the number of a version that it made.
fn make(db: &mut Db, call: &Call) -> Result<Option<i32>, NotDone> {
    let change = &Change::by(Actor::default());
    match *call {
        Call::Register { name, copy, keep } => {
            let copied = format!("models:/{name}/1");
            let source = if copy { &copied } else { SOURCE };
            return register(db, name, source, keep).map(Some);
        }
        Call::Transition(name, version, stage, archive) => {
            transition(db, name, version, stage, archive)?;
        }
        Call::Restore(name, version) => {
            versions::restore(db, change, name, &version.to_string())?;
        }
        Call::DeleteVersion(name, version) => {
            let request = DeleteModelVersion {
                name: text(name),
                version: text(version),
            };
            versions::delete(db, change, &checked(request))?;
        }
        Call::SetAlias(name, version) => set_alias(db, name, version)?,
        Call::DeleteAlias(name) => {
            let request = DeleteRegisteredModelAlias {
                name: text(name),
                alias: text("alias-1"),
            };
            aliases::delete(db, change, &checked(request))?;
        }
        Call::Rename(name, new_name) => {
            let request = RenameRegisteredModel {
                name: text(name),
                new_name: text(new_name),
            };
            models::rename(db, change, &checked(request))?;
        }
    }
    Ok(None)
}

/// The versions of a model with their stages.
fn stages(db: &mut Db, name: &str) -> Vec<(i32, String)> {
    let rows = model_versions::all(db, name).unwrap().into_iter();
    rows.map(|row| (row.version, row.current_stage.unwrap_or_default()))
        .collect()
}

fn active(db: &mut Db, name: &str) -> Vec<i32> {
    let mut stages = stages(db, name);
    stages.retain(|(_, stage)| stage != "Archived");
    stages.into_iter().map(|(version, _)| version).collect()
}

fn apply(db: &mut Db, policy: &str) {
    let change = Change::by(Actor::default());
    db.transaction(|db| policies::apply(db, &change, policy))
        .unwrap();
}

fn the_oldest_give_way(db: &mut Db) {
    apply(db, POLICY);
    create(db, "free");
    for _ in 0..6 {
        register(db, "free", SOURCE, false).unwrap();
    }
    transition(db, "free", 2, "Production", false).unwrap();
    set_alias(db, "free", 3).unwrap();
    let named = POLICY.replace("\"limited-*\"", "\"limited-*\", free");
    apply(db, &named);
    assert_eq!(register(db, "free", SOURCE, false).unwrap(), 7);
    assert_eq!(active(db, "free"), [2, 3, 7]);
    set_alias(db, "free", 7).unwrap();
    db.transaction(|db| register(db, "free", SOURCE, false))
        .unwrap_err();
    versions::restore(db, &Change::by(Actor::default()), "free", "1").unwrap_err();
    transition(db, "free", 2, "Archived", false).unwrap();
    versions::restore(db, &Change::by(Actor::default()), "free", "1").unwrap();
    assert_eq!(active(db, "free"), [1, 3, 7]);
}

fn holds(db: &mut Db, calls: &[Call]) -> Result<(), TestCaseError> {
    for call in calls {
        let before = NAMES.map(|name| (stages(db, name), active(db, name)));
        let outcome = db.transaction(|db| make(db, call));
        for (name, (stages_before, active_before)) in NAMES.into_iter().zip(before) {
            let now = active(db, name);
            if outcome.is_err() {
                prop_assert_eq!(&stages(db, name), &stages_before, "{:?}", call);
                continue;
            }
            if !LIMITED.contains(&name) {
                continue;
            }
            prop_assert!(now.len() <= MOST, "{:?}: {:?}", call, now);
            // Only a new version pushes one out, and no more than it must; none in Production.
            if let Ok(Some(made)) = outcome
                && matches!(call, Call::Register { name: of, .. } if *of == name)
            {
                prop_assert!(now.contains(&made));
                prop_assert_eq!(now.len(), MOST.min(active_before.len() + 1));
                let is_kept = |(_, stage): &&(i32, String)| stage == "Production";
                for (version, _) in stages_before.iter().filter(is_kept) {
                    prop_assert!(now.contains(version), "{:?} {}", call, version);
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_calls_leads_past_the_limit(calls in prop::collection::vec(a_call(), 1..60)) {
        let database = TestDatabase::sqlite();
        let mut db = database.connect();
        // Nothing here needs to outlive a crash.
        db.batch_execute("PRAGMA synchronous = OFF;").unwrap();
        apply(&mut db, POLICY);
        for name in NAMES {
            create(&mut db, name);
        }
        holds(&mut db, &calls)?;
    }
}
