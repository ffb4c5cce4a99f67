//! Archives the versions that give way to a new one, where a policy limits how many may be active.

use serde_json::json;

use super::super::decision::{Change, NotDone};
use super::super::gates;
use super::super::in_force::GovernedModel;
use super::archive::archive;
use super::moves;
use crate::audit::Entry;
use crate::error::Result;
use crate::store::Db;
use crate::store::model_versions::{self, Stage};

/// The most versions that a message names; MLflow's column takes 500 letters.
const MOST_NAMED: usize = 20;

/// Versions that were archived for a new one.
pub struct ClearedRoom {
    /// What history says of it.
    pub entries: Vec<Entry>,
    /// What the new version says about it.
    pub message: String,
    /// What a policy that only warns has against it.
    pub warnings: Vec<String>,
}

/// Archives the versions `leaving` for the version `new`, through the gate of the archive.
pub fn make_room(
    db: &mut Db,
    change: &Change,
    governed: GovernedModel,
    new: i32,
    leaving: &[i32],
) -> Result<ClearedRoom, NotDone> {
    let model = governed.model;
    let most = governed
        .policy
        .and_then(|policy| policy.policy().max_active())
        .unwrap_or_default();
    let reason = format!("version {new} was created, and at most {most} versions may be active");
    let after = json!({"stage": Stage::Archived.as_str(), "reason": reason});
    let moves = model_versions::some(db, model.name, leaving)?
        .into_iter()
        .map(|row| {
            let mut to_archive = moves::to_stage(model, row, Stage::Archived);
            to_archive.entry = to_archive.entry.after(after.clone());
            to_archive
        })
        .collect();
    let admitted = gates::admit(db, change, governed, moves)?;
    archive(db, change, governed, leaving)?;
    let message = message(leaving, most);
    model_versions::set_status_message(db, model.name, new, &message)?;
    Ok(ClearedRoom {
        entries: admitted.entries,
        message,
        warnings: admitted.warnings,
    })
}

fn message(leaving: &[i32], most: u32) -> String {
    let named: Vec<String> = leaving
        .iter()
        .take(MOST_NAMED)
        .map(ToString::to_string)
        .collect();
    let (what, were) = if leaving.len() == 1 {
        ("Version", "was")
    } else {
        ("Versions", "were")
    };
    let more = match leaving.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{what} {}{more} {were} archived, because at most {most} versions may be active.",
        named.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stay_short() {
        assert_eq!(
            message(&[3], 10),
            "Version 3 was archived, because at most 10 versions may be active."
        );
        let many: Vec<i32> = (1..=i32::from(i16::MAX))
            .map(|n| n + 2_000_000_000)
            .collect();
        let message = message(&many, u32::MAX);
        assert!(
            message.contains(" and 32747 more were archived"),
            "{message}"
        );
        assert!(message.len() <= 500);
    }
}
