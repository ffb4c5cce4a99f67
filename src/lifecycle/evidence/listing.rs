//! Reads evidence back, a page at a time.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::files::recorded_digest;
use super::super::seals;
use super::CurrentVersion;
use crate::audit::RecordedActor;
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::{evidence, identity};
use crate::store::model_versions::{self, tags};
use crate::store::paged::{PageRequest, Paged};

/// A piece of evidence about a version, as it was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RecordedEvidence {
    pub id: i64,
    /// `evaluation:` with its kind, `ab_test` or `approval`.
    pub kind: String,
    /// When it was recorded, in milliseconds since 1970.
    pub recorded_at_ms: i64,
    pub actor: RecordedActor,
    /// What was given.
    pub body: Value,
    /// Where the artifacts of the version were when it was recorded.
    pub source: Option<String>,
    /// The digest of the version's content at that time, where the server knew it.
    pub content_digest: Option<String>,
    /// Whether gates count it now.
    pub counts: bool,
    /// Why gates do not count it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Returns a page of what was recorded about a version, oldest first. It is empty for a version that
/// history does not know, and an error for one that is not there.
pub fn page(
    db: &mut Db,
    name: &str,
    version: &str,
    request: PageRequest,
) -> Result<Paged<RecordedEvidence>> {
    let version = model_versions::find(db, name, version)?;
    let Some(model_id) = identity::find(db, name)? else {
        return Ok(Paged::default());
    };
    let tags = tags::of_version(db, name, version.version)?;
    let row = std::slice::from_ref(&version);
    let seal = seals::of_versions(db, Some(&model_id), row)?.remove(&version.version);
    let digest = match seal {
        Some(seal) if seal.is_sealed() => seal.digest,
        _ => recorded_digest(db, version.location().unwrap_or_default())?,
    };
    let current = CurrentVersion {
        row: &version,
        tags: &tags,
        digest: digest.as_deref(),
    };
    let rows = evidence::page(
        db,
        &model_id,
        version.version,
        request.after,
        request.rows(),
    )?;
    Ok(Paged::of(rows, request, |row| row.id).map(|row| {
        let reason = current.why_not(&row);
        RecordedEvidence {
            id: row.id,
            recorded_at_ms: row.recorded_at,
            actor: RecordedActor::new(&row.actor, row.claimed.as_deref()),
            body: serde_json::from_str(&row.body).unwrap_or_default(),
            kind: row.kind,
            source: row.source,
            content_digest: row.content_digest,
            counts: reason.is_none(),
            reason: reason.map(str::to_owned),
        }
    }))
}
