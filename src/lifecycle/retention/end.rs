//! Whether versions, and what they are made of, may go; and that they are gone.

use std::collections::HashMap;
use std::fmt::Write;

use chrono::{DateTime, SecondsFormat};
use serde_json::json;

use super::super::change::Change;
use super::super::facts;
use super::super::gate::Model;
use super::super::in_force::{self, Applying};
use super::super::policy::Target;
use crate::audit::{Decision, Entry, Outcome};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::governance::holds;
use crate::store::governance::retained::{self, Part, Row};
use crate::store::governance::{guards, history};
use crate::store::model_versions::{self, Stage};
use crate::store::registered_models::aliases;

/// Refuses to delete what a kept version needs.
pub fn check(db: &mut Db, part: Part, now_ms: i64) -> Result<()> {
    match why_kept(db, part, now_ms)? {
        Some(message) => Err(Error::permission_denied(message)),
        None => Ok(()),
    }
}

fn why_kept(db: &mut Db, part: Part, now_ms: i64) -> Result<Option<String>> {
    let Some(row) = retained::protecting(db, part, now_ms)? else {
        return Ok(None);
    };
    let holds = holds::in_force(db, &[row.id])?
        .remove(&row.id)
        .unwrap_or_default();
    let what = match part {
        Part::Version(name, version) => format!("Version {version} of model '{name}'"),
        Part::Model(name) => format!("Model '{name}'"),
        Part::Run(id) => format!("Run '{id}'"),
        Part::LoggedModel(id) => format!("Logged model '{id}'"),
        Part::Experiment(id) => format!("Experiment '{id}'"),
    };
    let why = why(&row, &holds, now_ms);
    Ok(Some(format!("{what} cannot be deleted: {why}.")))
}

/// Why a version is kept, and until when.
pub fn why(row: &Row, holds: &[holds::Row], now_ms: i64) -> String {
    let Row { version, name, .. } = row;
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

pub fn moment(time_ms: i64) -> String {
    match DateTime::from_timestamp_millis(time_ms) {
        Some(time) => time.to_rfc3339_opts(SecondsFormat::Secs, true),
        None => "the end of time".to_owned(),
    }
}

/// Versions of a model that a change would delete.
pub struct Ending<'a> {
    pub model: Model<'a>,
    /// The version, or the model with all of them.
    pub part: Part<'a>,
    pub rows: &'a [model_versions::Row],
    /// What history would say of it.
    pub entry: &'a Entry,
}

/// Lets versions be deleted that are not kept. Under a policy with a retention, one that was ever let
/// through a gate has to go through its retention first.
pub fn admit(db: &mut Db, change: &Change, ending: &Ending) -> Result<()> {
    if let Some(message) = why_kept(db, ending.part, change.now_ms)? {
        return Err(refuse(change, ending, None, message));
    }
    let Some(applying) = in_force::of_model(db, ending.model.name)? else {
        return Ok(());
    };
    let Some(period) = super::period(applying.policy()) else {
        return Ok(());
    };
    let Some((version, place)) = not_yet_kept(db, &applying, ending)? else {
        return Ok(());
    };
    let message = format!(
        "Version {version} of model '{}' was let into {place} and cannot be deleted under policy '{}', which keeps \
         archived versions for {period}. Archive it; it may be deleted when that time has passed.",
        ending.model.name,
        applying.policy().name()
    );
    Err(refuse(change, ending, Some(&applying), message))
}

/// A version that was let through a gate and has not been through its retention, with the gate.
fn not_yet_kept(
    db: &mut Db,
    applying: &Applying,
    ending: &Ending,
) -> Result<Option<(i32, String)>> {
    let numbers: Vec<i32> = ending.rows.iter().map(|row| row.version).collect();
    let mut passed: HashMap<i32, Row> = retained::live(db, ending.model.id, &numbers)?
        .into_iter()
        .filter(|row| row.keep_until.is_some())
        .map(|row| (row.version, row))
        .collect();
    let open: Vec<&model_versions::Row> = ending
        .rows
        .iter()
        .filter(|row| {
            facts::stage_of(row) != Stage::Archived || passed.remove(&row.version).is_none()
        })
        .collect();
    if open.is_empty() {
        return Ok(None);
    }
    let is_gated = |target: &Target| applying.policy().gates(target);
    let name = ending.model.name;
    let aliases = aliases::of_models(db, &[name.to_owned()])?
        .remove(name)
        .unwrap_or_default();
    let numbers: Vec<i32> = open.iter().map(|row| row.version).collect();
    let mut been: HashMap<i32, Vec<Target>> = HashMap::new();
    for place in history::places(db, ending.model.id, &numbers)? {
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
        places.push(Target::Stage(facts::stage_of(row)));
        let gated = places.into_iter().chain(now).find(is_gated)?;
        let place = match gated {
            Target::Stage(stage) => stage.as_str().to_owned(),
            Target::Alias(alias) => format!("the alias '{alias}'"),
            Target::Registration => return None,
        };
        Some((row.version, place))
    }))
}

fn refuse(change: &Change, ending: &Ending, applying: Option<&Applying>, message: String) -> Error {
    let policy = applying.map(|applying| {
        let policy = applying.policy();
        (policy.name().to_owned(), policy.hash().to_owned())
    });
    let report = json!({
        "allowed": false,
        "requirements": [{"id": "retention", "met": false, "explanation": message}],
    });
    let decision = Decision {
        policy,
        outcome: Outcome::Refused,
        report: report.to_string(),
    };
    change.refuse(ending.entry.clone().decision(Some(decision)), message)
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
