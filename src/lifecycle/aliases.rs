//! Aliases: which version is called what.

use serde_json::json;

use super::change::Change;
use super::gate::{self, Ask, Model};
use super::policy::Target;
use super::{adoption, events};
use crate::audit::{Action, Entry};
use crate::error::Result;
use crate::store::registered_models::{self, aliases};
use crate::store::{Db, model_versions};
use crate::wire::{DeleteRegisteredModelAlias, SetRegisteredModelAlias};

pub fn set(db: &mut Db, change: &Change, request: &SetRegisteredModelAlias) -> Result<()> {
    let (name, alias) = (request.name(), request.alias());
    aliases::check(request)?;
    let version = model_versions::row_locked(db, name, request.version())?.version;
    let id = adoption::identify(db, change, name)?;
    let before = aliases::target(db, name, alias)?;
    let entry = Entry::of_model(Action::AliasSet, name, &id)
        .version(version)
        .alias(alias)
        .before(json!({"version": before.map(|version| version.to_string())}))
        .after(json!({"version": version.to_string()}));
    let ask = Ask {
        version,
        target: (before != Some(version)).then(|| Target::Alias(alias.to_owned())),
        made: None,
        entry,
    };
    let entries = gate::admit(db, change, Model { name, id: &id }, vec![ask])?;
    aliases::set(db, request)?;
    change.write(db, &entries)?;
    events::alias_set(db, request)
}

pub fn delete(db: &mut Db, change: &Change, request: &DeleteRegisteredModelAlias) -> Result<()> {
    let (name, alias) = (request.name(), request.alias());
    aliases::check_deletion(request)?;
    registered_models::lock(db, name)?;
    let id = adoption::identify(db, change, name)?;
    if let Some(version) = aliases::target(db, name, alias)? {
        aliases::delete(db, request)?;
        let entry = Entry::of_model(Action::AliasDeleted, name, &id)
            .version(version)
            .alias(alias)
            .before(json!({"version": version.to_string()}));
        change.write(db, &[entry])?;
    }
    events::alias_deleted(db, request)
}
