//! Evidence that comes by flowkeep's own API, and how evidence is read back.

use serde::Serialize;
use serde_json::{Value, json};

use super::change::Change;
use super::claims::{self, About, Now};
use super::content;
use super::policy::claims::Claim;
use super::{adoption, seals, version_tags};
use crate::audit;
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::governance::{evidence, identity};
use crate::store::model_versions;

pub fn record(
    db: &mut Db,
    change: &Change,
    name: &str,
    version: &str,
    claim: Claim,
) -> Result<i64> {
    if let Claim::Evaluation(evaluation) = &claim
        && evaluation.kind.trim().is_empty()
    {
        return Err(Error::invalid_parameter(
            "An evaluation names its kind, such as \"kind\": \"responsible_ai\".",
        ));
    }
    if let Claim::Approval(approval) = &claim
        && approval.stage.is_some()
        && approval.alias.is_some()
    {
        return Err(Error::invalid_parameter(
            "An approval is for a stage or an alias, not for both.",
        ));
    }
    let row = model_versions::row_locked(db, name, version)?;
    let id = adoption::identify(db, change, name)?;
    let tags = version_tags::of_version(db, name, row.version)?;
    let about = About {
        name,
        model_id: &id,
        row: &row,
        tags: &tags,
    };
    let (evidence, entry) = claims::record(db, change, &about, claim)?;
    change.write(db, &[entry])?;
    Ok(evidence)
}

#[derive(Debug, Default, Serialize)]
pub struct Page {
    pub evidence: Vec<Value>,
    #[serde(skip)]
    pub next: Option<i64>,
}

/// What was recorded about a version, oldest first, and what of it does not count.
pub fn page(db: &mut Db, name: &str, version: &str, after: i64, limit: i64) -> Result<Page> {
    let version = model_versions::find(db, name, version)?;
    let Some(model_id) = identity::find(db, name)? else {
        return Ok(Page::default());
    };
    let tags = version_tags::of_version(db, name, version.version)?;
    let row = std::slice::from_ref(&version);
    let seal = seals::of_versions(db, Some(&model_id), row)?.remove(&version.version);
    let digest = match seal {
        Some(seal) if seal.is_sealed() => seal.digest,
        _ => content::recorded_digest(db, &version.clone().location().unwrap_or_default())?,
    };
    let now = Now {
        row: &version,
        tags: &tags,
        digest: digest.as_deref(),
    };
    let mut rows = evidence::page(db, &model_id, version.version, after, limit + 1)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = (rows.len() > limit).then(|| {
        rows.truncate(limit);
        rows.last().map_or(after, |row| row.id)
    });
    let evidence = rows
        .into_iter()
        .map(|row| {
            let reason = claims::why_not(&row, &now);
            let body: Value = serde_json::from_str(&row.body).unwrap_or_default();
            let mut described = json!({
                "id": row.id,
                "kind": row.kind,
                "recorded_at_ms": row.recorded_at,
                "actor": audit::described(&row.actor, row.claimed.as_deref()),
                "body": body,
                "source": row.source,
                "content_digest": row.content_digest,
                "counts": reason.is_none(),
            });
            if let Some(reason) = reason {
                described["reason"] = reason.into();
            }
            described
        })
        .collect();
    Ok(Page { evidence, next })
}
