//! Sets seals, and says what a gate makes of one that was set before.

use std::fmt::Write;

use chrono::DateTime;
use serde_json::json;

use super::super::decision::{Change, Model};
use super::super::files::Content;
use super::super::policy::Requirement;
use super::{Seal, VersionContent};
use crate::artifacts::Snapshot;
use crate::audit::{Action, Entry};
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::guards::{self, Guard, GuardKind};
use crate::store::governance::seals::{self, NewSealRow, SEALED, UNSEALED};

/// The most files that a refusal names.
const MOST_NAMED: usize = 10;

/// Returns what a gate says of a version that was sealed before. `None` if it was not, or if its content
/// was not read.
pub fn requirement(version: &VersionContent) -> Option<Requirement> {
    let Seal { row, differences } = version.seal.as_ref().filter(|seal| seal.row.is_sealed())?;
    version.content.as_ref()?;
    let sealed = DateTime::from_timestamp_millis(row.sealed_at).map_or_else(
        || row.sealed_at.to_string(),
        |time| time.format("%Y-%m-%d %H:%M UTC").to_string(),
    );
    if differences.is_empty() {
        let explanation = format!("the content is what was sealed on {sealed}.");
        return Some(Requirement::met("seal", explanation));
    }
    let more = differences.len().saturating_sub(MOST_NAMED);
    let mut named = differences[..differences.len() - more].join(", ");
    if more > 0 {
        // Writing to a String cannot fail.
        let _ = write!(named, ", and {more} files more differ");
    }
    let explanation = format!("the content is not what was sealed on {sealed}: {named}.");
    Some(
        Requirement::unmet("seal", explanation)
            .remedy("Put back what was sealed, or register what is there now as a new version."),
    )
}

/// A version that is let through a gate.
pub struct Sealing<'a> {
    pub model: Model<'a>,
    pub version: &'a VersionContent,
    /// Whether the policy of the gate is enforced. Under one that only warns, the content is fixed and may
    /// be changed all the same.
    pub is_enforced: bool,
}

/// Fixes what a version consists of, and closes its artifacts. Returns the entry for the history; `None` if
/// the version was sealed before, or if its content was not read.
pub fn seal(db: &mut Db, change: &Change, sealing: &Sealing) -> Result<Option<Entry>> {
    let Sealing { model, version, .. } = sealing;
    let before = version.seal.as_ref();
    if let Some(seal) = before.filter(|seal| seal.row.is_sealed()) {
        if let Some(address) = &seal.row.address {
            guard(db, sealing, address)?;
        }
        return Ok(None);
    }
    let (snapshot, reason) = match &version.content {
        Some(Content::Known(snapshot)) => (Some(snapshot.as_ref()), None),
        Some(Content::Unknown(reason)) => (None, Some(reason.as_str())),
        None => return Ok(None),
    };
    if before.is_some() && before.and_then(|seal| seal.row.reason.as_deref()) == reason {
        return Ok(None);
    }
    let manifest = snapshot.map(|snapshot| json!(snapshot.manifest).to_string());
    seals::insert(
        db,
        &NewSealRow {
            model_id: model.id,
            version: version.version,
            version_created_at: version.created_at,
            state: if snapshot.is_some() { SEALED } else { UNSEALED },
            reason,
            location: &version.location,
            address: snapshot.map(|snapshot| snapshot.address.as_str()),
            digest: snapshot.map(|snapshot| snapshot.digest.as_str()),
            manifest: manifest.as_deref(),
            sealed_at: change.now_ms,
        },
    )?;
    let entry = |action| Entry::of_model(action, model.name, model.id).version(version.version);
    let Some(snapshot) = snapshot else {
        let after = json!({"reason": reason, "location": version.location});
        return Ok(Some(entry(Action::VersionUnsealed).after(after)));
    };
    guard(db, sealing, &snapshot.address)?;
    Ok(Some(entry(Action::VersionSealed).after(describe(snapshot))))
}

fn describe(snapshot: &Snapshot) -> serde_json::Value {
    json!({
        "digest": snapshot.digest,
        "files": snapshot.manifest.entries.len(),
        "bytes": snapshot.manifest.bytes(),
        "address": snapshot.address,
    })
}

fn guard(db: &mut Db, sealing: &Sealing, address: &str) -> Result<()> {
    if !sealing.is_enforced {
        return Ok(());
    }
    guards::set(
        db,
        Guard {
            address,
            model_id: sealing.model.id,
            version: sealing.version.version,
            kind: GuardKind::Seal,
        },
    )
}
