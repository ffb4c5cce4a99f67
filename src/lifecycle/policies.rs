//! Puts policies in force and takes them out, and tries them on cases.
//! May use `policy`, `in_force`, `decision`, `retention`, the audit log and the store.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::decision::{Change, Decision, Done};
use super::in_force;
use super::policy::cases::{CaseResult, Cases};
use super::policy::{DocumentError, Policy, find_tie};
use super::retention;
use crate::audit::{Action, Entry};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::governance::policies::{self, NewPolicy};

/// A policy that was put in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AppliedPolicy {
    pub name: String,
    pub hash: String,
    /// The hash of what was in force under this name before, if that was something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
    /// Whether it says something else than before.
    pub changed: bool,
}

/// Puts the policies of a text in force, all or none.
pub fn apply(db: &mut Db, change: &Change, text: &str) -> Decision<Vec<AppliedPolicy>> {
    let new = parse(text)?;
    policies::lock(db)?;
    let mut together: Vec<Policy> = in_force::all(db)?
        .map(|policies| policies.to_vec())
        .unwrap_or_default();
    together.retain(|policy| new.iter().all(|other| other.name() != policy.name()));
    together.extend(new.iter().cloned());
    if let Some(tie) = find_tie(&together) {
        let message = format!("The policy is refused: {tie}");
        return Err(Error::invalid_parameter(message).into());
    }
    let mut applied = Vec::new();
    let mut entries = Vec::new();
    for policy in &new {
        let replaced = policies::put(
            db,
            &NewPolicy {
                name: policy.name(),
                hash: policy.hash(),
                text: policy.text(),
            },
            change.now_ms,
        )?;
        let changed = replaced.as_deref() != Some(policy.hash());
        if changed {
            entries.push(
                Entry::new(Action::PolicyApplied)
                    .before(json!({"name": policy.name(), "hash": replaced}))
                    .after(json!({"name": policy.name(), "hash": policy.hash()})),
            );
        }
        applied.push(AppliedPolicy {
            name: policy.name().to_owned(),
            hash: policy.hash().to_owned(),
            replaced: replaced.filter(|_| changed),
            changed,
        });
    }
    entries.extend(retention::lengthen(db, &together)?);
    change.write(db, &entries)?;
    Ok(Done::new(applied))
}

/// Takes a policy out of force. Its text stays, because history refers to it.
pub fn delete(db: &mut Db, change: &Change, name: &str) -> Decision {
    policies::lock(db)?;
    let hash = policies::delete(db, name)?
        .ok_or_else(|| Error::does_not_exist(format!("There is no policy named '{name}'.")))?;
    let entry = Entry::new(Action::PolicyDeleted).before(json!({"name": name, "hash": hash}));
    change.write(db, &[entry])?;
    Ok(Done::new(()))
}

/// Tries cases on policies that are given, or on those in force. Changes nothing.
pub fn test(db: &mut Db, policies: Option<&str>, cases: &str) -> Result<Vec<CaseResult>> {
    let cases = Cases::parse(cases).map_err(|problem: DocumentError| {
        Error::invalid_parameter(format!("The cases are refused: {problem}"))
    })?;
    let policies = match policies {
        Some(text) => parse(text)?,
        None => in_force::all(db)?
            .map(|policies| policies.to_vec())
            .unwrap_or_default(),
    };
    Ok(cases.run(&policies))
}

fn parse(text: &str) -> Result<Vec<Policy>> {
    Policy::parse_all(text)
        .map_err(|problem| Error::invalid_parameter(format!("The policy is refused: {problem}")))
}
