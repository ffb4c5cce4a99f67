//! Tags of versions.

use serde_json::json;

use super::change::Change;
use super::{adoption, events};
use crate::audit::{self, Action, Entry};
use crate::error::Result;
use crate::store::Db;
use crate::store::model_versions::{self, tags};
use crate::wire::{DeleteModelVersionTag, SetModelVersionTag};

pub fn set(db: &mut Db, change: &Change, request: &SetModelVersionTag) -> Result<()> {
    let (name, key) = (request.name(), request.key());
    tags::check(request)?;
    let version = model_versions::row_locked(db, name, request.version())?.version;
    let id = adoption::identify(db, &change.actor, name)?;
    let before = tags::value(db, (name, version), key)?;
    tags::set(db, request)?;
    let entry = Entry::of_model(Action::VersionTagSet, name, &id)
        .version(version)
        .before(json!({"key": key, "value": before}))
        .after(json!({"key": key, "value": request.value()}));
    audit::write(db, &change.actor, &[entry])?;
    events::version_tag_set(db, request)
}

pub fn delete(db: &mut Db, change: &Change, request: &DeleteModelVersionTag) -> Result<()> {
    let (name, key) = (request.name(), request.key());
    tags::check_deletion(request)?;
    let version = model_versions::row_locked(db, name, request.version())?.version;
    let id = adoption::identify(db, &change.actor, name)?;
    if let Some(before) = tags::value(db, (name, version), key)? {
        tags::delete(db, request)?;
        let entry = Entry::of_model(Action::VersionTagDeleted, name, &id)
            .version(version)
            .before(json!({"key": key, "value": before}));
        audit::write(db, &change.actor, &[entry])?;
    }
    events::version_tag_deleted(db, request)
}
