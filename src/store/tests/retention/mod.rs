//! What is kept stays, whoever asks for the contrary and however.

mod by_hand;

use diesel::prelude::*;

use super::{checked, checked_version, on_both_databases};
use crate::audit::Actor;
use crate::error::{ErrorCode, Result};
use crate::lifecycle::retention;
use crate::lifecycle::retention::holds::{self, HoldToLift};
use crate::lifecycle::{Change, Decision, models, policies, versions};
use crate::store::governance::guards::{self, Extent, Guard, GuardKind};
use crate::store::governance::history;
use crate::store::governance::retained::{self, Deletable};
use crate::store::paged::PageRequest;
use crate::store::{Db, experiments, logged_models, run_one};
use crate::wire::{
    CreateExperiment, CreateLoggedModel, CreateModelVersion, CreateRegisteredModel, CreateRun,
    DeleteModelVersion, DeleteRegisteredModel, RenameRegisteredModel, TransitionModelVersionStage,
};

on_both_databases!(
    a_rename_takes_what_is_kept_along,
    a_version_may_go_when_its_time_has_passed,
    a_policy_makes_retentions_longer_and_never_shorter,
    a_clock_that_is_set_back_ends_nothing,
    a_hold_keeps_without_a_policy_and_several_add_up,
    what_passed_a_gate_goes_through_its_retention,
    a_trial_keeps_nothing,
);

const DAY: i64 = 86_400_000;
/// 2018: seven years later has passed for the clock of every database.
const LONG_AGO: i64 = 1_514_764_800_000;
const NAME: &str = "credit-risk";

fn policy(archived: &str) -> String {
    format!(
        "apiVersion: flowkeep/v1\nkind: LifecyclePolicy\nmetadata: {{name: keep}}\nspec:\n  \
         models: {{names: [\"credit-*\"]}}\n  retention: {{archived: {archived}}}\n  \
         stages:\n    Production:\n      rules: [{{name: any, expression: \"true\", message: no}}]\n"
    )
}

fn change_at(now_ms: i64) -> Change {
    let mut change = Change::by(Actor::default());
    change.now_ms = now_ms;
    change
}

fn now() -> Change {
    Change::by(Actor::default())
}

/// What a version is made of.
struct Lineage {
    experiment: i32,
    run: String,
    logged_model: String,
}

/// A registered model with one version, from a run and a logged model of an experiment of its own.
fn register(db: &mut Db, change: &Change) -> Lineage {
    let request = CreateExperiment {
        name: Some("training".to_owned()),
        ..CreateExperiment::default()
    };
    let experiment = experiments::create(db, &checked(request), "mlflow-artifacts:/", 1).unwrap();
    let request = CreateRun {
        experiment_id: Some(experiment.to_string()),
        ..CreateRun::default()
    };
    let run = run_one(db, &checked(request)).unwrap().info.unwrap();
    let request = CreateLoggedModel {
        experiment_id: Some(experiment.to_string()),
        source_run_id: run.run_id.clone(),
        ..CreateLoggedModel::default()
    };
    let logged = logged_models::create(db, &checked(request), 1)
        .unwrap()
        .info
        .unwrap();
    let request = CreateRegisteredModel {
        name: Some(NAME.to_owned()),
        ..CreateRegisteredModel::default()
    };
    models::create(db, change, &checked(request)).unwrap();
    let lineage = Lineage {
        experiment,
        run: run.run_id.unwrap(),
        logged_model: logged.model_id.unwrap(),
    };
    let request = CreateModelVersion {
        name: Some(NAME.to_owned()),
        source: Some(format!("models:/{}", lineage.logged_model)),
        run_id: Some(lineage.run.clone()),
        model_id: Some(lineage.logged_model.clone()),
        ..CreateModelVersion::default()
    };
    versions::create(db, change, &checked_version(request)).unwrap();
    lineage
}

/// A policy locks a table, which PostgreSQL does in a transaction only.
fn apply(db: &mut Db, change: &Change, policy: &str) {
    db.transaction(|db| policies::apply(db, change, policy))
        .unwrap();
}

fn move_to(db: &mut Db, change: &Change, stage: &str) {
    let request = TransitionModelVersionStage {
        name: Some(NAME.to_owned()),
        version: Some("1".to_owned()),
        stage: Some(stage.to_owned()),
        ..TransitionModelVersionStage::default()
    };
    versions::transition(db, change, &checked(request)).unwrap();
}

/// The same, archived under a policy.
fn archived(db: &mut Db, change: &Change, period: &str) -> Lineage {
    apply(db, change, &policy(period));
    let lineage = register(db, change);
    move_to(db, change, "Archived");
    lineage
}

/// What the client of a decision gets.
fn settled<T>(decision: Decision<T>) -> Result<T> {
    match decision {
        Ok(done) => Ok(done.value),
        Err(not_done) => Err(not_done.into_error()),
    }
}

fn delete(db: &mut Db, change: &Change) -> Result<()> {
    let request = DeleteModelVersion {
        name: Some(NAME.to_owned()),
        version: Some("1".to_owned()),
    };
    settled(versions::delete(db, change, &checked(request)))
}

fn delete_model(db: &mut Db, change: &Change) -> Result<()> {
    let request = DeleteRegisteredModel {
        name: Some(NAME.to_owned()),
    };
    settled(models::delete(db, change, &checked(request)))
}

fn by_hand(db: &mut Db, statement: &str) -> QueryResult<usize> {
    // An error must not spoil the rest of the connection's transaction, if it has one.
    db.transaction(|db| diesel::sql_query(statement).execute(db))
}

#[track_caller]
fn refused(db: &mut Db, statement: &str) {
    match by_hand(db, statement) {
        Ok(rows) => panic!("{statement}: changed {rows} rows"),
        Err(error) => {
            let error: crate::error::Error = error.into();
            assert_eq!(
                error.code,
                ErrorCode::PermissionDenied,
                "{statement}: {error}"
            );
        }
    }
}

fn live(db: &mut Db) -> retained::RetainedRow {
    let mut rows = retained::page(db, None, 0, 10).unwrap();
    assert_eq!(rows.len(), 1);
    rows.pop().unwrap()
}

fn actions(db: &mut Db) -> Vec<String> {
    history::page(db, &history::HistoryFilter::default(), 0, 100)
        .unwrap()
        .into_iter()
        .map(|row| row.action)
        .collect()
}

fn a_rename_takes_what_is_kept_along(db: &mut Db) {
    let change = now();
    archived(db, &change, "7y");
    let request = RenameRegisteredModel {
        name: Some(NAME.to_owned()),
        new_name: Some("credit-loss".to_owned()),
    };
    models::rename(db, &change, &checked(request)).unwrap();
    assert_eq!(live(db).name, "credit-loss");
    refused(db, "DELETE FROM model_versions");
    // As stock MLflow does it.
    by_hand(db, "UPDATE registered_models SET name = 'credit-x'").unwrap();
    assert_eq!(live(db).name, "credit-x");
    refused(db, "DELETE FROM registered_models");
    refused(
        db,
        "UPDATE model_versions SET current_stage = 'Deleted_Internal'",
    );
    let kept = retained::protecting(db, Deletable::Model("credit-x"), change.now_ms).unwrap();
    assert!(kept.is_some());
    // Another model does not get a name with which it would push this one out.
    let request = CreateRegisteredModel {
        name: Some("other".to_owned()),
        ..CreateRegisteredModel::default()
    };
    models::create(db, &change, &checked(request)).unwrap();
    let request = RenameRegisteredModel {
        name: Some("other".to_owned()),
        new_name: Some("credit-x".to_owned()),
    };
    let error = db
        .transaction(|db| settled(models::rename(db, &change, &checked(request))))
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::ResourceAlreadyExists, "{error}");
}

fn a_version_may_go_when_its_time_has_passed(db: &mut Db) {
    let archiving = change_at(LONG_AGO);
    let lineage = archived(db, &archiving, "7y");
    let row = live(db);
    let guard = Guard {
        address: "mlflow-artifacts:/1/model",
        model_id: &row.model_id,
        version: 1,
        kind: GuardKind::Seal,
    };
    guards::set(db, guard).unwrap();
    guards::set(
        db,
        Guard {
            kind: GuardKind::Retention,
            ..guard
        },
    )
    .unwrap();
    let early = change_at(LONG_AGO + 6 * 365 * DAY);
    for refused in [delete(db, &early), delete_model(db, &early)] {
        let error = refused.unwrap_err();
        assert_eq!(error.code, ErrorCode::PermissionDenied);
        assert!(
            error
                .message
                .ends_with("version 1 of model 'credit-risk' is kept until 2025-01-01T00:00:00Z."),
            "{error}"
        );
    }
    for part in [
        Deletable::Run(&lineage.run),
        Deletable::LoggedModel(&lineage.logged_model),
        Deletable::Experiment(lineage.experiment),
    ] {
        let error = retention::check(db, part, early.now_ms).unwrap_err();
        assert_eq!(error.code, ErrorCode::PermissionDenied);
        retention::check(db, part, now().now_ms).unwrap();
    }
    delete(db, &now()).unwrap();
    assert!(retained::page(db, None, 0, 10).unwrap().is_empty());
    let left = guards::blocking(db, guard.address, Extent::AllBelow).unwrap();
    assert_eq!(left, None);
    // A record of it stays, and nobody changes that.
    refused(db, "UPDATE flowkeep_retained SET released_at = NULL");
    refused(db, "DELETE FROM flowkeep_retained");
    by_hand(db, "UPDATE runs SET lifecycle_stage = 'deleted'").unwrap();
}

fn a_policy_makes_retentions_longer_and_never_shorter(db: &mut Db) {
    let change = now();
    archived(db, &change, "2y");
    let until = |db: &mut Db| live(db).keep_until.unwrap();
    let begun = until(db);
    for shorter in ["1y", "1h"] {
        apply(db, &change, &policy(shorter));
        assert_eq!(until(db), begun);
    }
    apply(db, &change, &policy("3y"));
    let longer = until(db);
    assert!(longer > begun + 364 * DAY);
    assert_eq!(
        actions(db)[actions(db).len() - 2..],
        ["policy.applied", "retention.extended"]
    );
    db.transaction(|db| policies::delete(db, &change, "keep"))
        .unwrap();
    assert_eq!(until(db), longer);
    assert_eq!(
        delete(db, &change).unwrap_err().code,
        ErrorCode::PermissionDenied
    );
    // Archived once more under a shorter one, it keeps the longer time.
    apply(db, &change, &policy("1d"));
    move_to(db, &change, "None");
    move_to(db, &change, "Archived");
    assert_eq!(until(db), longer);
}

fn a_clock_that_is_set_back_ends_nothing(db: &mut Db) {
    let change = now();
    apply(db, &change, &policy("1y"));
    register(db, &change);
    let back = change_at(LONG_AGO);
    move_to(db, &back, "Archived");
    assert_eq!(live(db).archived_at, Some(change.now_ms));
    assert!(delete(db, &now()).is_err());
}

fn a_hold_keeps_without_a_policy_and_several_add_up(db: &mut Db) {
    let change = now();
    let lineage = register(db, &change);
    let place = |db: &mut Db, reason: &str| -> i64 {
        let placed = holds::place(db, &change, NAME, "1", reason);
        placed.unwrap().value.id
    };
    let lift = |db: &mut Db, hold: i64| {
        let to_lift = HoldToLift {
            name: NAME,
            version: "1",
            hold,
            reason: "settled",
        };
        holds::lift(db, &change, to_lift)
    };
    let first = place(db, "lawsuit 17");
    let second = place(db, "audit");
    assert!(holds::place(db, &change, NAME, "1", " ").is_err());
    let error = delete(db, &change).unwrap_err();
    assert_eq!(error.code, ErrorCode::PermissionDenied);
    assert!(
        error.message.contains("is under legal hold")
            && error.message.contains("(lawsuit 17)")
            && error.message.contains("(audit)"),
        "{error}"
    );
    refused(db, "DELETE FROM model_versions");
    lift(db, first).unwrap();
    assert!(lift(db, first).is_err());
    assert!(delete(db, &change).is_err());
    refused(db, "UPDATE runs SET lifecycle_stage = 'deleted'");
    lift(db, second).unwrap();
    assert!(retained::page(db, None, 0, 10).unwrap().is_empty());
    retention::check(db, Deletable::Run(&lineage.run), change.now_ms).unwrap();
    // Within a retention, lifting a hold leaves that as it is.
    apply(db, &change, &policy("1y"));
    let third = place(db, "again");
    move_to(db, &change, "Archived");
    let until = live(db).keep_until;
    assert!(until.is_some());
    lift(db, third).unwrap();
    assert_eq!(live(db).keep_until, until);
    assert!(delete(db, &change).is_err());
    let request = PageRequest {
        after: 0,
        limit: 10,
    };
    let all = holds::page(db, NAME, "1", request).unwrap().items;
    let in_force: Vec<bool> = all.iter().map(|hold| hold.in_force).collect();
    assert_eq!(in_force, [false, false, false]);
    let written: Vec<String> = actions(db)
        .into_iter()
        .filter(|action| action.starts_with("hold.") || action.starts_with("retention."))
        .collect();
    assert_eq!(
        written,
        [
            "hold.placed",
            "hold.placed",
            "hold.lifted",
            "hold.lifted",
            "hold.placed",
            "retention.begun",
            "hold.lifted"
        ]
    );
}

fn what_passed_a_gate_goes_through_its_retention(db: &mut Db) {
    let long_ago = change_at(LONG_AGO);
    apply(db, &long_ago, &policy("7y"));
    register(db, &long_ago);
    move_to(db, &long_ago, "Production");
    for stage in ["Production", "None"] {
        move_to(db, &long_ago, stage);
        for refused in [delete(db, &long_ago), delete_model(db, &long_ago)] {
            let error = refused.unwrap_err();
            assert_eq!(error.code, ErrorCode::PermissionDenied);
            assert!(error.message.contains("was let into Production"), "{error}");
        }
    }
    move_to(db, &long_ago, "Archived");
    assert!(delete(db, &long_ago).is_err());
    // A retention that has passed is none for a version that is in use again.
    move_to(db, &now(), "Production");
    assert!(delete(db, &now()).is_err());
    move_to(db, &now(), "Archived");
    assert!(delete(db, &now()).is_err());
}

fn a_trial_keeps_nothing(db: &mut Db) {
    let change = now();
    let trial = policy("7y").replace("spec:\n", "spec:\n  enforcement: warn\n");
    apply(db, &change, &trial);
    register(db, &change);
    move_to(db, &change, "Production");
    move_to(db, &change, "Archived");
    assert!(retained::page(db, None, 0, 10).unwrap().is_empty());
    delete(db, &change).unwrap();
}
