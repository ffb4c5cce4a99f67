//! Seals: what a version consists of is fixed when it first passes a gate. From then on its artifacts
//! may not change, and each later gate compares them with the seal.

use std::collections::HashMap;
use std::fmt::Write;

use chrono::DateTime;
use serde_json::json;

use super::change::Change;
use super::content::Content;
use super::facts::Dossier;
use super::gate::Model;
use super::policy::Requirement;
use crate::artifacts::{Differences, Manifest, Snapshot};
use crate::audit::{Action, Entry};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::governance::guards::{self, Guard, Kind};
use crate::store::governance::seals::{self, NewRow, Row, SEALED, UNSEALED};
use crate::store::model_versions;

/// As many files as a refusal names.
const MOST_NAMED: usize = 10;

/// What was fixed of a version, and how it differs from that now.
#[derive(Clone)]
pub struct Seal {
    pub row: Row,
    /// Empty where nothing does, or where nobody has looked.
    pub differences: Vec<String>,
}

/// The seals of versions of a model, by number.
pub fn of_versions(
    db: &mut Db,
    model_id: Option<&str>,
    rows: &[model_versions::Row],
) -> Result<HashMap<i32, Row>> {
    let Some(model_id) = model_id else {
        return Ok(HashMap::new());
    };
    let versions: Vec<_> = rows
        .iter()
        .map(|row| (row.version, row.creation_time))
        .collect();
    seals::of_versions(db, model_id, &versions)
}

/// Compares a seal with what its version consists of, where somebody has looked.
pub fn compare(db: &mut Db, row: Row, location: &str, content: Option<&Content>) -> Result<Seal> {
    let mut differences = Vec::new();
    if row.is_sealed() {
        if row.location != location {
            differences.push(format!(
                "its artifacts were at {}, and are said to be at {location}",
                row.location
            ));
        }
        match content {
            Some(Content::Known(now)) if row.digest.as_deref() != Some(&now.digest) => {
                let sealed = manifest(db, &row)?;
                differences.extend(Differences::between(&sealed, &now.manifest).phrases());
            }
            Some(Content::Unknown(reason)) => {
                differences.push(format!("its artifacts cannot be read now: {reason}"));
            }
            _ => {}
        }
    }
    Ok(Seal { row, differences })
}

pub fn manifest(db: &mut Db, row: &Row) -> Result<Manifest> {
    let text = seals::manifest(db, row.id)?.unwrap_or_default();
    serde_json::from_str(&text)
        .map_err(|error| Error::internal(format!("A seal in the database cannot be read: {error}")))
}

/// What a gate says of a version that was sealed before. Nothing where it was not, or where nobody has
/// looked at its content.
pub fn requirement(dossier: &Dossier) -> Option<Requirement> {
    let Seal { row, differences } = dossier.seal.as_ref().filter(|seal| seal.row.is_sealed())?;
    dossier.content.as_ref()?;
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

/// A version that is let through a gate, and the gate's policy.
pub struct Passing<'a> {
    pub model: Model<'a>,
    pub dossier: &'a Dossier,
    /// Under a policy that only warns, the content is fixed and may be changed all the same.
    pub is_enforced: bool,
}

/// Fixes what a version consists of, and closes its artifacts. Returns what history is to say of it.
pub fn take(db: &mut Db, change: &Change, passing: &Passing) -> Result<Option<Entry>> {
    let Passing { model, dossier, .. } = passing;
    let before = dossier.seal.as_ref();
    if let Some(seal) = before.filter(|seal| seal.row.is_sealed()) {
        if let Some(address) = &seal.row.address {
            guard(db, passing, address)?;
        }
        return Ok(None);
    }
    let (snapshot, reason) = match &dossier.content {
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
        &NewRow {
            model_id: model.id,
            version: dossier.number,
            version_created_at: dossier.created_at,
            state: if snapshot.is_some() { SEALED } else { UNSEALED },
            reason,
            location: &dossier.location,
            address: snapshot.map(|snapshot| snapshot.address.as_str()),
            digest: snapshot.map(|snapshot| snapshot.digest.as_str()),
            manifest: manifest.as_deref(),
            sealed_at: change.now_ms,
        },
    )?;
    let entry = |action| Entry::of_model(action, model.name, model.id).version(dossier.number);
    let Some(snapshot) = snapshot else {
        let after = json!({"reason": reason, "location": dossier.location});
        return Ok(Some(entry(Action::VersionUnsealed).after(after)));
    };
    guard(db, passing, &snapshot.address)?;
    Ok(Some(
        entry(Action::VersionSealed).after(described(snapshot)),
    ))
}

fn described(snapshot: &Snapshot) -> serde_json::Value {
    json!({
        "digest": snapshot.digest,
        "files": snapshot.manifest.entries.len(),
        "bytes": snapshot.manifest.bytes(),
        "address": snapshot.address,
    })
}

fn guard(db: &mut Db, passing: &Passing, address: &str) -> Result<()> {
    if !passing.is_enforced {
        return Ok(());
    }
    guards::set(
        db,
        Guard {
            address,
            model_id: passing.model.id,
            version: passing.dossier.number,
            kind: Kind::Seal,
        },
    )
}
