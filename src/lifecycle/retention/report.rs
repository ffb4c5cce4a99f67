//! Reports what is kept, why and until when, and what may be deleted.

use serde::Serialize;
use utoipa::ToSchema;

use super::deletion::why_kept;
use super::holds::Hold;
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::holds::{self, HoldRow};
use crate::store::governance::retained::{self, RetainedRow};
use crate::store::paged::{PageRequest, Paged};

/// A version that is kept, by a retention or by legal holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeptVersion {
    pub model: String,
    pub version: String,
    /// When it was archived, in milliseconds since 1970; null where only legal holds keep it.
    pub archived_at_ms: Option<i64>,
    /// Until when its retention keeps it, in milliseconds since 1970.
    pub keep_until_ms: Option<i64>,
    /// The legal holds that are in force.
    pub holds: Vec<Hold>,
    /// Whether nothing keeps it any more.
    pub may_go: bool,
    /// What keeps it, in a sentence.
    pub why: String,
    pub run_id: Option<String>,
    pub logged_model_id: Option<String>,
    /// The experiments of its run and its logged model.
    pub experiment_ids: Vec<String>,
    /// The address of its artifacts, where the server can reach them.
    pub artifacts: Option<String>,
}

/// Returns a page of the versions that are kept at a moment, of one model or of all.
pub fn page(
    db: &mut Db,
    model: Option<&str>,
    now_ms: i64,
    request: PageRequest,
) -> Result<Paged<KeptVersion>> {
    let rows = retained::page(db, model, request.after, request.rows())?;
    let rows = Paged::of(rows, request, |row| row.id);
    let ids: Vec<i64> = rows.items.iter().map(|row| row.id).collect();
    let mut holds = holds::in_force(db, &ids)?;
    Ok(rows.map(|row| {
        let holds = holds.remove(&row.id).unwrap_or_default();
        kept_version(row, &holds, now_ms)
    }))
}

fn kept_version(row: RetainedRow, holds: &[HoldRow], now_ms: i64) -> KeptVersion {
    let is_kept = row.keep_until.is_some_and(|until| until > now_ms);
    let mut experiments: Vec<i32> = [row.run_experiment_id, row.model_experiment_id]
        .into_iter()
        .flatten()
        .collect();
    experiments.dedup();
    KeptVersion {
        version: row.version.to_string(),
        archived_at_ms: row.archived_at,
        keep_until_ms: row.keep_until,
        holds: holds.iter().map(Hold::from).collect(),
        may_go: !is_kept && holds.is_empty(),
        why: why_kept(&row, holds, now_ms),
        experiment_ids: experiments.iter().map(i32::to_string).collect(),
        model: row.name,
        run_id: row.run_id,
        logged_model_id: row.logged_model_id,
        artifacts: row.address,
    }
}
