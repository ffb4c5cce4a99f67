//! What may happen to a registered model: it is created, described, renamed, tagged and deleted.
//! May use everything in `lifecycle` but the other operations.

use serde_json::{Value, json};

use super::decision::{Change, Decision, Done, Model, identify};
use super::gates::{ModelEdit, PolicyBefore, SwitchCause};
use super::retention::{self, VersionDeletion};
use super::{events, in_force};
use crate::audit::{Action, Entry};
use crate::store::governance::identity;
use crate::store::governance::retained::Deletable;
use crate::store::{Db, model_versions, registered_models};
use crate::validation::Checked;
use crate::wire::{
    CreateRegisteredModel, DeleteRegisteredModel, DeleteRegisteredModelTag, RegisteredModel,
    RenameRegisteredModel, SetRegisteredModelTag, UpdateRegisteredModel,
};

/// Creates a model. Nothing gates that: versions are what policies are about.
pub fn create(
    db: &mut Db,
    change: &Change,
    request: &Checked<CreateRegisteredModel>,
) -> Decision<RegisteredModel> {
    let model = registered_models::create(db, request, change.now_ms)?;
    let id = identity::ensure(db, request.name())?.id;
    let tags: serde_json::Map<String, Value> = request
        .tags
        .iter()
        .map(|tag| (tag.key().to_owned(), tag.value().into()))
        .collect();
    let entry = Entry::of_model(Action::ModelCreated, request.name(), &id)
        .after(json!({"description": request.description(), "tags": tags}));
    change.write(db, &[entry])?;
    events::model_created(db, change, request)?;
    Ok(Done::new(model))
}

/// Gives a model another description.
pub fn update(
    db: &mut Db,
    change: &Change,
    request: &Checked<UpdateRegisteredModel>,
) -> Decision<RegisteredModel> {
    let name = request.name();
    registered_models::lock(db, name)?;
    let id = identify(db, change, name)?;
    let before = registered_models::description(db, name)?;
    let model = registered_models::update(db, request, change.now_ms)?;
    let entry = Entry::of_model(Action::ModelUpdated, name, &id)
        .before(json!({"description": before}))
        .after(json!({"description": request.description()}));
    change.write(db, &[entry])?;
    Ok(Done::new(model))
}

/// Gives a model another name. Where another policy applies under that, its versions must meet it.
pub fn rename(
    db: &mut Db,
    change: &Change,
    request: &Checked<RenameRegisteredModel>,
) -> Decision<RegisteredModel> {
    let (name, new_name) = (request.name(), request.new_name());
    registered_models::lock(db, name)?;
    let id = identify(db, change, name)?;
    let policy_before = PolicyBefore::look_up(db, name)?;
    let renamed = registered_models::rename(db, name, new_name, change.now_ms)?;
    identity::rename(db, name, new_name)?;
    let entry = Entry::of_model(Action::ModelRenamed, new_name, &id)
        .before(json!({"name": name}))
        .after(json!({"name": new_name}));
    let model = Model {
        name: new_name,
        id: &id,
    };
    let edit = ModelEdit {
        model,
        cause: SwitchCause::Name,
        entry,
    };
    let admitted = policy_before.admit(db, change, edit)?;
    change.write(db, &admitted.entries)?;
    Ok(Done::with_warnings(renamed, admitted.warnings))
}

/// Deletes a model with all its versions, unless one of them is kept.
pub fn delete(db: &mut Db, change: &Change, request: &Checked<DeleteRegisteredModel>) -> Decision {
    let name = request.name();
    registered_models::lock(db, name)?;
    let id = identify(db, change, name)?;
    let entry = Entry::of_model(Action::ModelDeleted, name, &id);
    let rows = model_versions::all(db, name)?;
    let model = Model { name, id: &id };
    let policy = in_force::of_model(db, name)?;
    let deletion = VersionDeletion {
        model,
        policy: policy.as_ref(),
        deletable: Deletable::Model(name),
        rows: &rows,
        entry: &entry,
    };
    retention::admit(db, change, &deletion)?;
    registered_models::delete(db, name)?;
    identity::forget(db, name)?;
    change.write(db, &[entry])?;
    let versions: Vec<i32> = rows.iter().map(|row| row.version).collect();
    retention::let_go(db, change, model, &versions)?;
    Ok(Done::new(()))
}

/// Sets a tag of a model, which must not free its versions from an enforced policy.
pub fn set_tag(db: &mut Db, change: &Change, request: &Checked<SetRegisteredModelTag>) -> Decision {
    let (name, key) = (request.name(), request.key());
    registered_models::lock(db, name)?;
    let id = identify(db, change, name)?;
    let before = registered_models::tags::value(db, name, key)?;
    let policy_before = PolicyBefore::look_up(db, name)?;
    registered_models::tags::set(db, request)?;
    let entry = Entry::of_model(Action::ModelTagSet, name, &id)
        .before(json!({"key": key, "value": before}))
        .after(json!({"key": key, "value": request.value()}));
    let edit = ModelEdit {
        model: Model { name, id: &id },
        cause: SwitchCause::Tags,
        entry,
    };
    let admitted = policy_before.admit(db, change, edit)?;
    change.write(db, &admitted.entries)?;
    events::model_tag_set(db, change, request)?;
    Ok(Done::with_warnings((), admitted.warnings))
}

/// Deletes a tag of a model, which must not free its versions from an enforced policy.
pub fn delete_tag(
    db: &mut Db,
    change: &Change,
    request: &Checked<DeleteRegisteredModelTag>,
) -> Decision {
    let (name, key) = (request.name(), request.key());
    registered_models::lock(db, name)?;
    let id = identify(db, change, name)?;
    let mut warnings = Vec::new();
    if let Some(before) = registered_models::tags::value(db, name, key)? {
        let policy_before = PolicyBefore::look_up(db, name)?;
        registered_models::tags::delete(db, request)?;
        let entry = Entry::of_model(Action::ModelTagDeleted, name, &id)
            .before(json!({"key": key, "value": before}));
        let edit = ModelEdit {
            model: Model { name, id: &id },
            cause: SwitchCause::Tags,
            entry,
        };
        let admitted = policy_before.admit(db, change, edit)?;
        change.write(db, &admitted.entries)?;
        warnings = admitted.warnings;
    }
    events::model_tag_deleted(db, change, request)?;
    Ok(Done::with_warnings((), warnings))
}
