//! Aliases: which version is called what. May use everything in `lifecycle` but the other operations.

use serde_json::json;

use super::decision::{Change, Decision, Done, identify};
use super::events;
use super::gates::{self, Admitted, Move, MovingVersion};
use super::in_force;
use super::policy::Target;
use crate::audit::{Action, Entry};
use crate::error::Error;
use crate::store::Db;
use crate::store::model_versions::VersionToChange;
use crate::store::registered_models::{self, aliases};
use crate::validation::{Checked, registry_names};
use crate::wire::{DeleteRegisteredModelAlias, SetRegisteredModelAlias};

/// Points an alias to a version, through the gate of the alias.
pub fn set(db: &mut Db, change: &Change, request: &Checked<SetRegisteredModelAlias>) -> Decision {
    let (name, alias) = (request.name(), request.alias());
    let written = registry_names::version(request.version())?.written;
    // Of a model that is not there, MLflow says that the version is not.
    let opened = in_force::open(db, change, name)?
        .ok_or_else(|| Error::model_version_not_found(name, &written))?;
    let governed = opened.governed(name);
    let version = VersionToChange::load(db, name, request.version(), alias)?;
    let number = version.row.version;
    let before = version.alias_target;
    let entry = Entry::of_model(Action::AliasSet, name, &opened.id)
        .version(number)
        .alias(alias)
        .before(json!({"version": before.map(|version| version.to_string())}))
        .after(json!({"version": number.to_string()}));
    let to_alias = Move {
        version: MovingVersion::Existing(version.row),
        target: (before != Some(number)).then(|| Target::Alias(alias.to_owned())),
        entry,
    };
    let Admitted {
        entries, warnings, ..
    } = gates::admit(db, change, governed, vec![to_alias])?;
    aliases::set(db, name, alias, number)?;
    change.write(db, &entries)?;
    if opened.has_webhooks {
        events::alias_set(db, change, request)?;
    }
    Ok(Done::with_warnings((), warnings))
}

/// Takes an alias away. Whether there was one makes no difference.
pub fn delete(
    db: &mut Db,
    change: &Change,
    request: &Checked<DeleteRegisteredModelAlias>,
) -> Decision {
    let (name, alias) = (request.name(), request.alias());
    registered_models::lock(db, name)?;
    let id = identify(db, change, name)?;
    if let Some(version) = aliases::target(db, name, alias)? {
        aliases::delete(db, name, alias)?;
        let entry = Entry::of_model(Action::AliasDeleted, name, &id)
            .version(version)
            .alias(alias)
            .before(json!({"version": version.to_string()}));
        change.write(db, &[entry])?;
    }
    events::alias_deleted(db, change, request)?;
    Ok(Done::new(()))
}
