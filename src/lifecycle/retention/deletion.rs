//! Whether versions, and what they are made of, may be deleted; and what follows once they are.

use std::collections::HashMap;
use std::fmt::Write;

use chrono::{DateTime, SecondsFormat};

use super::super::decision::{Change, Model, NotDone, Refusal};
use super::super::in_force::ApplicablePolicy;
use super::super::policy::Target;
use super::terms::period;
use crate::audit::Entry;
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::governance::holds::{self, HoldRow};
use crate::store::governance::retained::{self, Deletable, RetainedRow};
use crate::store::governance::{guards, history};
use crate::store::model_versions::{ModelVersionRow, Stage};
use crate::store::registered_models::aliases;

/// Refuses to delete what a kept version needs.
pub fn check(db: &mut Db, deletable: Deletable, now_ms: i64) -> Result<()> {
    match why_not(db, deletable, now_ms)? {
        Some(message) => Err(Error::permission_denied(message)),
        None => Ok(()),
    }
}

fn why_not(db: &mut Db, deletable: Deletable, now_ms: i64) -> Result<Option<String>> {
    let Some(row) = retained::protecting(db, deletable, now_ms)? else {
        return Ok(None);
    };
    let holds = holds::in_force(db, &[row.id])?
        .remove(&row.id)
        .unwrap_or_default();
    let what = match deletable {
        Deletable::Version(name, version) => format!("Version {version} of model '{name}'"),
        Deletable::Model(name) => format!("Model '{name}'"),
        Deletable::Run(id) => format!("Run '{id}'"),
        Deletable::LoggedModel(id) => format!("Logged model '{id}'"),
        Deletable::Experiment(id) => format!("Experiment '{id}'"),
    };
    let why = why_kept(&row, &holds, now_ms);
    Ok(Some(format!("{what} cannot be deleted: {why}.")))
}

/// Says why a version is kept, and until when.
pub fn why_kept(row: &RetainedRow, holds: &[HoldRow], now_ms: i64) -> String {
    let RetainedRow { version, name, .. } = row;
    let mut reasons = Vec::new();
    if let Some(until) = row.keep_until.filter(|until| *until > now_ms) {
        reasons.push(format!("is kept until {}", moment(until)));
    }
    for hold in holds {
        let mut reason = format!("is under legal hold {}", hold.id);
        // Writing to a String cannot fail.
        let _ = write!(reason, " ({})", hold.reason);
        reasons.push(reason);
    }
    if reasons.is_empty() {
        return format!(
            "version {version} of model '{name}' is there, and has to be deleted first"
        );
    }
    format!(
        "version {version} of model '{name}' {}",
        reasons.join(" and ")
    )
}

/// Writes a time for a reader.
pub fn moment(time_ms: i64) -> String {
    match DateTime::from_timestamp_millis(time_ms) {
        Some(time) => time.to_rfc3339_opts(SecondsFormat::Secs, true),
        None => "the end of time".to_owned(),
    }
}

/// Versions of a model that a change would delete.
pub struct VersionDeletion<'a> {
    pub model: Model<'a>,
    pub policy: Option<&'a ApplicablePolicy>,
    /// The version, or the model with all of them.
    pub deletable: Deletable<'a>,
    pub rows: &'a [ModelVersionRow],
    /// What history would say of it.
    pub entry: &'a Entry,
}

/// Lets versions be deleted that are not kept. Under a policy with a retention, one that was ever let
/// through a gate has to go through its retention first.
pub fn admit(db: &mut Db, change: &Change, deletion: &VersionDeletion) -> Result<(), NotDone> {
    let refuse = |policy: Option<&ApplicablePolicy>, message| {
        let policy = policy.map(ApplicablePolicy::reference);
        Refusal::by_rule(deletion.entry.clone(), "retention", policy, message)
    };
    if let Some(message) = why_not(db, deletion.deletable, change.now_ms)? {
        return Err(refuse(None, message));
    }
    let Some(policy) = deletion.policy else {
        return Ok(());
    };
    let Some(period) = period(policy.policy()) else {
        return Ok(());
    };
    let Some(gated) = gated_and_not_kept(db, policy, deletion)? else {
        return Ok(());
    };
    let GatedVersion { version, place } = gated;
    let message = format!(
        "Version {version} of model '{}' was let into {place} and cannot be deleted under policy '{}', which keeps \
         archived versions for {period}. Archive it; it may be deleted when that time has passed.",
        deletion.model.name,
        policy.policy().name()
    );
    Err(refuse(Some(policy), message))
}

/// A version that was let through a gate, and the gate in words.
struct GatedVersion {
    version: i32,
    place: String,
}

/// Finds a version that was let through a gate and has not been through its retention.
fn gated_and_not_kept(
    db: &mut Db,
    policy: &ApplicablePolicy,
    deletion: &VersionDeletion,
) -> Result<Option<GatedVersion>> {
    let numbers: Vec<i32> = deletion.rows.iter().map(|row| row.version).collect();
    let mut passed: HashMap<i32, RetainedRow> = retained::live(db, deletion.model.id, &numbers)?
        .into_iter()
        .filter(|row| row.keep_until.is_some())
        .map(|row| (row.version, row))
        .collect();
    let open: Vec<&ModelVersionRow> = deletion
        .rows
        .iter()
        .filter(|row| row.stage() != Stage::Archived || passed.remove(&row.version).is_none())
        .collect();
    if open.is_empty() {
        return Ok(None);
    }
    let is_gated = |target: &Target| policy.policy().gates(target);
    let name = deletion.model.name;
    let aliases = aliases::of_models(db, &[name.to_owned()])?
        .remove(name)
        .unwrap_or_default();
    let numbers: Vec<i32> = open.iter().map(|row| row.version).collect();
    let mut been: HashMap<i32, Vec<Target>> = HashMap::new();
    for place in history::places(db, deletion.model.id, &numbers)? {
        let stage = place.stage.and_then(|stage| Stage::parse(&stage).ok());
        let targets = stage
            .map(Target::Stage)
            .into_iter()
            .chain(place.alias.map(Target::Alias));
        been.entry(place.version).or_default().extend(targets);
    }
    Ok(open.into_iter().find_map(|row| {
        let now = aliases
            .iter()
            .filter(|alias| alias.version() == row.version.to_string())
            .map(|alias| Target::Alias(alias.alias().to_owned()));
        let mut places = been.remove(&row.version).unwrap_or_default();
        places.push(Target::Stage(row.stage()));
        let gated = places.into_iter().chain(now).find(is_gated)?;
        let place = match gated {
            Target::Stage(stage) => stage.as_str().to_owned(),
            Target::Alias(alias) => format!("the alias '{alias}'"),
            Target::Registration => return None,
        };
        Some(GatedVersion {
            version: row.version,
            place,
        })
    }))
}

/// Ends the retention of versions that were deleted in this transaction, once history says so, and
/// takes the guards from their artifacts.
pub fn let_go(db: &mut Db, change: &Change, model: Model, versions: &[i32]) -> Result<()> {
    let ids: Vec<i64> = retained::live(db, model.id, versions)?
        .into_iter()
        .map(|row| row.id)
        .collect();
    retained::release(db, &ids, change.now_ms)?;
    guards::remove_all(db, model.id, versions)
}
