//! The one way into the archive, whoever sends a version there: its user, a version that takes its
//! place, or the limit of a policy.

use super::change::Change;
use super::gate::Model;
use super::retention;
use crate::error::Result;
use crate::store::Db;
use crate::store::model_versions::{self, Stage};

/// Archives versions that were let through and are not archived yet. Their retention begins.
pub fn archive(db: &mut Db, change: &Change, model: Model, versions: &[i32]) -> Result<()> {
    model_versions::put_in_stage(db, model.name, versions, (Stage::Archived, change.now_ms))?;
    retention::begin(db, change, model, versions)
}
