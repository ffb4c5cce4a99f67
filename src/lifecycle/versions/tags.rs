//! Tags of versions. Some of them are evidence.

use serde_json::json;

use super::super::decision::{Change, Decision, Done, Model, Refusal, identify};
use super::super::events;
use super::super::evidence::{self, EvidenceSubject};
use super::super::gates::{self, Admitted, TagEdit};
use super::super::in_force::{self, GovernedModel};
use crate::audit::{Action, Entry};
use crate::store::Db;
use crate::store::model_versions::{self, tags};
use crate::validation::Checked;
use crate::wire::{DeleteModelVersionTag, SetModelVersionTag};

/// Sets a tag. One with a reserved key is recorded as evidence, too.
pub fn set(db: &mut Db, change: &Change, request: &Checked<SetModelVersionTag>) -> Decision {
    let (name, key, value) = (request.name(), request.key(), request.value());
    let row = model_versions::row_locked(db, name, request.version())?;
    let number = row.version;
    let id = identify(db, change, name)?;
    let model = Model { name, id: &id };
    let before = tags::value(db, name, number, key)?;
    let entry = Entry::of_model(Action::VersionTagSet, name, &id)
        .version(number)
        .before(json!({"key": key, "value": before}))
        .after(json!({"key": key, "value": value}));
    let claim = evidence::of_tag(key, value)?;
    let policy = in_force::of_model(db, name)?;
    let Admitted {
        entries, warnings, ..
    } = if let Some(claim) = claim {
        let tags = tags::of_version(db, name, number)?;
        let subject = EvidenceSubject {
            model,
            row: &row,
            tags: &tags,
            is_under_policy: policy.is_some(),
        };
        let recorded = evidence::insert(db, change, &subject, claim)?;
        Admitted {
            entries: vec![entry, recorded.entry],
            ..Admitted::default()
        }
    } else {
        let governed = GovernedModel {
            model,
            policy: policy.as_ref(),
        };
        let edit = TagEdit {
            row,
            key,
            value: Some(value),
            entry,
        };
        gates::admit_tag_edit(db, change, governed, edit)?
    };
    tags::set(db, name, number, key, value)?;
    change.write(db, &entries)?;
    events::version_tag_set(db, change, request)?;
    Ok(Done::with_warnings((), warnings))
}

/// Deletes a tag that is not evidence. Whether there was one makes no difference.
pub fn delete(db: &mut Db, change: &Change, request: &Checked<DeleteModelVersionTag>) -> Decision {
    let (name, key) = (request.name(), request.key());
    let row = model_versions::row_locked(db, name, request.version())?;
    let number = row.version;
    let id = identify(db, change, name)?;
    let mut warnings = Vec::new();
    if let Some(before) = tags::value(db, name, number, key)? {
        let entry = Entry::of_model(Action::VersionTagDeleted, name, &id)
            .version(number)
            .before(json!({"key": key, "value": before}));
        if evidence::is_reserved(key) {
            let message = format!(
                "The tag '{key}' is evidence, which cannot be taken back. Set it anew: the newer evidence counts \
                 then, and both stay in the history."
            );
            return Err(Refusal::by_rule(entry, "evidence", None, message));
        }
        let policy = in_force::of_model(db, name)?;
        let governed = GovernedModel {
            model: Model { name, id: &id },
            policy: policy.as_ref(),
        };
        let edit = TagEdit {
            row,
            key,
            value: None,
            entry,
        };
        let admitted = gates::admit_tag_edit(db, change, governed, edit)?;
        tags::delete(db, name, number, key)?;
        change.write(db, &admitted.entries)?;
        warnings = admitted.warnings;
    }
    events::version_tag_deleted(db, change, request)?;
    Ok(Done::with_warnings((), warnings))
}
