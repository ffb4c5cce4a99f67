//! Seals beside what their versions consist of now.

use std::collections::HashMap;

use super::super::files::Content;
use crate::artifacts::{Differences, Manifest};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::governance::seals::{self, SealRow, VersionKey};
use crate::store::model_versions::ModelVersionRow;

/// What was fixed of a version, and how it differs from that now.
#[derive(Clone)]
pub struct Seal {
    pub row: SealRow,
    /// Empty if nothing differs, or if the content was not read.
    pub differences: Vec<String>,
}

/// A version with what is known of its bytes.
#[derive(Clone)]
pub struct VersionContent {
    pub version: i32,
    pub created_at: Option<i64>,
    /// Where its artifacts are.
    pub location: String,
    /// What it consists of, if that was asked for and was read.
    pub content: Option<Content>,
    pub seal: Option<Seal>,
}

/// Looks up the seals of versions of a model, by number. A model without an id has none.
pub fn of_versions(
    db: &mut Db,
    model_id: Option<&str>,
    rows: &[ModelVersionRow],
) -> Result<HashMap<i32, SealRow>> {
    let Some(model_id) = model_id else {
        return Ok(HashMap::new());
    };
    let versions: Vec<VersionKey> = rows
        .iter()
        .map(|row| VersionKey {
            version: row.version,
            created_at: row.creation_time,
        })
        .collect();
    seals::of_versions(db, model_id, &versions)
}

/// Compares a seal with what its version consists of, if that was read.
pub fn compare(
    db: &mut Db,
    row: SealRow,
    location: &str,
    content: Option<&Content>,
) -> Result<Seal> {
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

/// Reads what was sealed, file by file.
pub fn manifest(db: &mut Db, row: &SealRow) -> Result<Manifest> {
    let text = seals::manifest(db, row.id)?.unwrap_or_default();
    serde_json::from_str(&text)
        .map_err(|error| Error::internal(format!("A seal in the database cannot be read: {error}")))
}
