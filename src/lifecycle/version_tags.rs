//! Tags of versions. Some of them are evidence.

use serde_json::json;

use super::change::Change;
use super::claims::{self, About};
use super::gate::{self, Model};
use super::policy::Tags;
use super::{adoption, events};
use crate::audit::{Action, Decision, Entry, Outcome};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::model_versions::{self, tags};
use crate::wire::{DeleteModelVersionTag, SetModelVersionTag};

pub fn set(db: &mut Db, change: &Change, request: &SetModelVersionTag) -> Result<()> {
    let (name, key) = (request.name(), request.key());
    tags::check(request)?;
    let row = model_versions::row_locked(db, name, request.version())?;
    let id = adoption::identify(db, change, name)?;
    let before = tags::value(db, (name, row.version), key)?;
    let entry = Entry::of_model(Action::VersionTagSet, name, &id)
        .version(row.version)
        .before(json!({"key": key, "value": before}))
        .after(json!({"key": key, "value": request.value()}));
    let mut entries = Vec::new();
    if let Some(claim) = claims::of_tag(key, request.value())? {
        let tags = of_version(db, name, row.version)?;
        let about = About {
            name,
            model_id: &id,
            row: &row,
            tags: &tags,
        };
        entries.push(entry);
        entries.push(claims::record(db, change, &about, claim)?.1);
    } else {
        let model = Model { name, id: &id };
        let edit = |tags: &mut Tags| {
            tags.insert(key.to_owned(), request.value().to_owned());
        };
        entries.push(gate::keep(db, change, model, row, edit, entry)?);
    }
    tags::set(db, request)?;
    change.write(db, &entries)?;
    events::version_tag_set(db, request)
}

pub fn delete(db: &mut Db, change: &Change, request: &DeleteModelVersionTag) -> Result<()> {
    let (name, key) = (request.name(), request.key());
    tags::check_deletion(request)?;
    let row = model_versions::row_locked(db, name, request.version())?;
    let id = adoption::identify(db, change, name)?;
    if let Some(before) = tags::value(db, (name, row.version), key)? {
        let entry = Entry::of_model(Action::VersionTagDeleted, name, &id)
            .version(row.version)
            .before(json!({"key": key, "value": before}));
        if claims::is_reserved(key) {
            return Err(refuse_to_delete(change, key, entry));
        }
        let model = Model { name, id: &id };
        let edit = |tags: &mut Tags| {
            tags.remove(key);
        };
        let entry = gate::keep(db, change, model, row, edit, entry)?;
        tags::delete(db, request)?;
        change.write(db, &[entry])?;
    }
    events::version_tag_deleted(db, request)
}

fn refuse_to_delete(change: &Change, key: &str, entry: Entry) -> Error {
    let message = format!(
        "The tag '{key}' is evidence, which cannot be taken back. Set it anew: the newer evidence counts then, \
         and both stay in the history."
    );
    let report = json!({
        "allowed": false,
        "requirements": [{"id": "evidence", "met": false, "explanation": message}],
    });
    let decision = Decision {
        policy: None,
        outcome: Outcome::Refused,
        report: report.to_string(),
    };
    change.refuse(entry.decision(Some(decision)), message)
}

pub fn of_version(db: &mut Db, name: &str, version: i32) -> Result<Tags> {
    let key = (name.to_owned(), version);
    let tags = tags::of_versions(db, std::slice::from_ref(&key))?.remove(&key);
    Ok(tags
        .unwrap_or_default()
        .into_iter()
        .map(|tag| (tag.key().to_owned(), tag.value().to_owned()))
        .collect())
}
