//! Aliases: which version is called what. May use everything in `lifecycle` but the other operations.

use serde_json::json;

use super::decision::{Change, Decision, Done, Model, identify};
use super::events;
use super::gates::{self, Admitted, Move, MovingVersion};
use super::in_force::{self, GovernedModel};
use super::policy::Target;
use crate::audit::{Action, Entry};
use crate::store::registered_models::{self, aliases};
use crate::store::{Db, model_versions};
use crate::validation::Checked;
use crate::wire::{DeleteRegisteredModelAlias, SetRegisteredModelAlias};

/// Points an alias to a version, through the gate of the alias.
pub fn set(db: &mut Db, change: &Change, request: &Checked<SetRegisteredModelAlias>) -> Decision {
    let (name, alias) = (request.name(), request.alias());
    let row = model_versions::row_locked(db, name, request.version())?;
    let number = row.version;
    let id = identify(db, change, name)?;
    let before = aliases::target(db, name, alias)?;
    let entry = Entry::of_model(Action::AliasSet, name, &id)
        .version(number)
        .alias(alias)
        .before(json!({"version": before.map(|version| version.to_string())}))
        .after(json!({"version": number.to_string()}));
    let to_alias = Move {
        version: MovingVersion::Existing(row),
        target: (before != Some(number)).then(|| Target::Alias(alias.to_owned())),
        entry,
    };
    let policy = in_force::of_model(db, name)?;
    let governed = GovernedModel {
        model: Model { name, id: &id },
        policy: policy.as_ref(),
    };
    let Admitted {
        entries, warnings, ..
    } = gates::admit(db, change, governed, vec![to_alias])?;
    aliases::set(db, name, alias, number)?;
    change.write(db, &entries)?;
    events::alias_set(db, change, request)?;
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
