//! What may happen to a registered model.

use serde_json::{Value, json};

use super::change::Change;
use super::gate::Model;
use super::reach::{Reach, Way};
use super::retention::{self, Ending};
use super::{adoption, events};
use crate::audit::{Action, Entry};
use crate::error::Result;
use crate::store::governance::identity;
use crate::store::governance::retained::Part;
use crate::store::{Db, model_versions, registered_models};
use crate::wire::{
    CreateRegisteredModel, DeleteRegisteredModel, DeleteRegisteredModelTag, RegisteredModel,
    RenameRegisteredModel, SetRegisteredModelTag, UpdateRegisteredModel,
};

pub fn create(
    db: &mut Db,
    change: &Change,
    request: &CreateRegisteredModel,
) -> Result<RegisteredModel> {
    let model = registered_models::create(db, request)?;
    let (id, _) = identity::of(db, request.name())?;
    let tags: serde_json::Map<String, Value> = request
        .tags
        .iter()
        .map(|tag| (tag.key().to_owned(), tag.value().into()))
        .collect();
    let entry = Entry::of_model(Action::ModelCreated, request.name(), &id)
        .after(json!({"description": request.description(), "tags": tags}));
    change.write(db, &[entry])?;
    events::model_created(db, request)?;
    Ok(model)
}

pub fn update(
    db: &mut Db,
    change: &Change,
    request: &UpdateRegisteredModel,
) -> Result<RegisteredModel> {
    let name = request.name();
    registered_models::lock(db, name)?;
    let id = adoption::identify(db, change, name)?;
    let before = registered_models::description(db, name)?;
    let model = registered_models::update(db, request)?;
    let entry = Entry::of_model(Action::ModelUpdated, name, &id)
        .before(json!({"description": before}))
        .after(json!({"description": request.description()}));
    change.write(db, &[entry])?;
    Ok(model)
}

pub fn rename(
    db: &mut Db,
    change: &Change,
    request: &RenameRegisteredModel,
) -> Result<RegisteredModel> {
    let (name, new_name) = (request.name(), request.new_name());
    model_versions::names::check_new_model(new_name)?;
    registered_models::lock(db, name)?;
    let id = adoption::identify(db, change, name)?;
    let reach = Reach::before(db, name)?;
    let renamed = registered_models::rename(db, name, new_name)?;
    identity::rename(db, name, new_name)?;
    let entry = Entry::of_model(Action::ModelRenamed, new_name, &id)
        .before(json!({"name": name}))
        .after(json!({"name": new_name}));
    let model = Model {
        name: new_name,
        id: &id,
    };
    let entry = reach.changed(db, change, model, Way::Name, entry)?;
    change.write(db, &[entry])?;
    Ok(renamed)
}

pub fn delete(db: &mut Db, change: &Change, request: &DeleteRegisteredModel) -> Result<()> {
    let name = request.name();
    registered_models::lock(db, name)?;
    let id = adoption::identify(db, change, name)?;
    let entry = Entry::of_model(Action::ModelDeleted, name, &id);
    let rows = model_versions::all(db, name)?;
    let model = Model { name, id: &id };
    let ending = Ending {
        model,
        part: Part::Model(name),
        rows: &rows,
        entry: &entry,
    };
    retention::admit(db, change, &ending)?;
    registered_models::delete(db, name)?;
    identity::forget(db, name)?;
    change.write(db, &[entry])?;
    let versions: Vec<i32> = rows.iter().map(|row| row.version).collect();
    retention::let_go(db, change, model, &versions)
}

pub fn set_tag(db: &mut Db, change: &Change, request: &SetRegisteredModelTag) -> Result<()> {
    let (name, key) = (request.name(), request.key());
    registered_models::tags::check(request)?;
    registered_models::lock(db, name)?;
    let id = adoption::identify(db, change, name)?;
    let before = registered_models::tags::value(db, name, key)?;
    let reach = Reach::before(db, name)?;
    registered_models::tags::set(db, request)?;
    let entry = Entry::of_model(Action::ModelTagSet, name, &id)
        .before(json!({"key": key, "value": before}))
        .after(json!({"key": key, "value": request.value()}));
    let entry = reach.changed(db, change, Model { name, id: &id }, Way::Tags, entry)?;
    change.write(db, &[entry])?;
    events::model_tag_set(db, request)
}

pub fn delete_tag(db: &mut Db, change: &Change, request: &DeleteRegisteredModelTag) -> Result<()> {
    let (name, key) = (request.name(), request.key());
    registered_models::tags::check_deletion(request)?;
    registered_models::lock(db, name)?;
    let id = adoption::identify(db, change, name)?;
    if let Some(before) = registered_models::tags::value(db, name, key)? {
        let reach = Reach::before(db, name)?;
        registered_models::tags::delete(db, request)?;
        let entry = Entry::of_model(Action::ModelTagDeleted, name, &id)
            .before(json!({"key": key, "value": before}));
        let entry = reach.changed(db, change, Model { name, id: &id }, Way::Tags, entry)?;
        change.write(db, &[entry])?;
    }
    events::model_tag_deleted(db, request)
}
