//! The one way into the archive, for a version that its user sends there, that another one replaces, or that
//! gives way to the limit of a policy.

use super::super::decision::Change;
use super::super::in_force::GovernedModel;
use super::super::retention;
use crate::error::Result;
use crate::store::Db;
use crate::store::model_versions::{self, Stage};

/// Archives versions that were let through and are not archived yet. Their retention begins.
pub fn archive(
    db: &mut Db,
    change: &Change,
    governed: GovernedModel,
    versions: &[i32],
) -> Result<()> {
    let name = governed.model.name;
    model_versions::put_in_stage(db, name, versions, Stage::Archived, change.now_ms)?;
    retention::begin(db, change, governed, versions)
}
