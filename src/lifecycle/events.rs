//! Tells webhooks of changes. Each message goes into the outbox in the transaction of the change.
//! May use `decision` and the store.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::decision::Change;
use crate::error::Result;
use crate::store::Db;
use crate::store::registered_models;
use crate::store::webhooks::events::Event;
use crate::store::webhooks::outbox;
use crate::validation::prompts::{IS_PROMPT_TAG, are_of_prompt};
use crate::wire::{
    CreateModelVersion, CreateRegisteredModel, DeleteModelVersionTag, DeleteRegisteredModelAlias,
    DeleteRegisteredModelTag, SetModelVersionTag, SetRegisteredModelAlias, SetRegisteredModelTag,
    WebhookAction as Action, WebhookEntity as Entity,
};

const PROMPT_TYPE_TAG: &str = "_mlflow_prompt_type";
const PROMPT_TEXT_TAG: &str = "mlflow.prompt.text";

/// The event of a change, for a model and for a prompt. Some changes are an event for prompts alone.
struct EventKinds {
    model: Option<Entity>,
    prompt: Entity,
    action: Action,
}

/// Tells of a model or a prompt that was created.
pub fn model_created(db: &mut Db, change: &Change, request: &CreateRegisteredModel) -> Result<()> {
    let is_prompt = are_of_prompt(request.tags.iter().map(|tag| (tag.key(), tag.value())));
    let entity = if is_prompt {
        Entity::Prompt
    } else {
        Entity::RegisteredModel
    };
    tell(db, change, Event::new(entity, Action::Created), || {
        let tags = request.tags.iter().map(|tag| (tag.key(), tag.value()));
        json!({
            "name": request.name(),
            "tags": tags_of(tags, if is_prompt { &[IS_PROMPT_TAG, PROMPT_TYPE_TAG] } else { &[] }),
            "description": request.description(),
        })
    })
}

/// A version that was created.
pub struct CreatedVersion<'a> {
    pub request: &'a CreateModelVersion,
    pub version: &'a str,
    pub is_prompt: bool,
    /// The source that the request came to.
    pub source: &'a str,
    /// The run that the request named.
    pub run_id: Option<&'a str>,
}

/// Tells of a version that was created.
pub fn version_created(db: &mut Db, change: &Change, created: &CreatedVersion) -> Result<()> {
    let CreatedVersion {
        request,
        version,
        is_prompt,
        source,
        run_id,
    } = *created;
    let tags = || request.tags.iter().map(|tag| (tag.key(), tag.value()));
    let description = Some(request.description()).filter(|description| !description.is_empty());
    if is_prompt {
        return tell(
            db,
            change,
            Event::new(Entity::PromptVersion, Action::Created),
            || {
                let text = tags().rfind(|(key, _)| *key == PROMPT_TEXT_TAG);
                json!({
                    "name": request.name(),
                    "version": version,
                    "template": text.map(|(_, text)| text),
                    "tags": tags_of(tags(), &[IS_PROMPT_TAG, PROMPT_TYPE_TAG, PROMPT_TEXT_TAG]),
                    "description": description,
                })
            },
        );
    }
    tell(
        db,
        change,
        Event::new(Entity::ModelVersion, Action::Created),
        || {
            json!({
                "name": request.name(),
                "version": version,
                "source": source,
                "run_id": run_id.filter(|id| !id.is_empty()),
                "tags": tags_of(tags(), &[]),
                "description": description,
            })
        },
    )
}

/// Tells of a tag of a prompt that was set. There is no such event for models.
pub fn model_tag_set(db: &mut Db, change: &Change, request: &SetRegisteredModelTag) -> Result<()> {
    let kinds = EventKinds {
        model: None,
        prompt: Entity::PromptTag,
        action: Action::Set,
    };
    tell_by_kind(
        db,
        change,
        request.name(),
        &kinds,
        || json!({"name": request.name(), "key": request.key(), "value": request.value()}),
    )
}

/// Tells of a tag of a prompt that was deleted. There is no such event for models.
pub fn model_tag_deleted(
    db: &mut Db,
    change: &Change,
    request: &DeleteRegisteredModelTag,
) -> Result<()> {
    let kinds = EventKinds {
        model: None,
        prompt: Entity::PromptTag,
        action: Action::Deleted,
    };
    tell_by_kind(
        db,
        change,
        request.name(),
        &kinds,
        || json!({"name": request.name(), "key": request.key()}),
    )
}

/// Tells of a tag of a version that was set.
pub fn version_tag_set(db: &mut Db, change: &Change, request: &SetModelVersionTag) -> Result<()> {
    let kinds = EventKinds {
        model: Some(Entity::ModelVersionTag),
        prompt: Entity::PromptVersionTag,
        action: Action::Set,
    };
    tell_by_kind(db, change, request.name(), &kinds, || {
        json!({
            "name": request.name(),
            "version": request.version(),
            "key": request.key(),
            "value": request.value(),
        })
    })
}

/// Tells of a tag of a version that was deleted.
pub fn version_tag_deleted(
    db: &mut Db,
    change: &Change,
    request: &DeleteModelVersionTag,
) -> Result<()> {
    let kinds = EventKinds {
        model: Some(Entity::ModelVersionTag),
        prompt: Entity::PromptVersionTag,
        action: Action::Deleted,
    };
    tell_by_kind(
        db,
        change,
        request.name(),
        &kinds,
        || json!({"name": request.name(), "version": request.version(), "key": request.key()}),
    )
}

/// Tells of an alias that was set.
pub fn alias_set(db: &mut Db, change: &Change, request: &SetRegisteredModelAlias) -> Result<()> {
    let kinds = EventKinds {
        model: Some(Entity::ModelVersionAlias),
        prompt: Entity::PromptAlias,
        action: Action::Created,
    };
    tell_by_kind(
        db,
        change,
        request.name(),
        &kinds,
        || json!({"name": request.name(), "alias": request.alias(), "version": request.version()}),
    )
}

/// Tells of an alias that was deleted.
pub fn alias_deleted(
    db: &mut Db,
    change: &Change,
    request: &DeleteRegisteredModelAlias,
) -> Result<()> {
    let kinds = EventKinds {
        model: Some(Entity::ModelVersionAlias),
        prompt: Entity::PromptAlias,
        action: Action::Deleted,
    };
    tell_by_kind(
        db,
        change,
        request.name(),
        &kinds,
        || json!({"name": request.name(), "alias": request.alias()}),
    )
}

fn tell_by_kind(
    db: &mut Db,
    change: &Change,
    name: &str,
    kinds: &EventKinds,
    data: impl FnOnce() -> Value,
) -> Result<()> {
    let entity = if registered_models::tags::are_of_prompt(db, name)? {
        Some(kinds.prompt)
    } else {
        kinds.model
    };
    match entity {
        Some(entity) => tell(db, change, Event::new(entity, kinds.action), data),
        None => Ok(()),
    }
}

/// Adds a message for each listener. Without listeners it takes one look, and the message is not made.
fn tell(db: &mut Db, change: &Change, event: Event, data: impl FnOnce() -> Value) -> Result<()> {
    let listeners = outbox::listeners(db, event)?;
    if listeners.is_empty() {
        return Ok(());
    }
    outbox::add(db, event, &listeners, data(), change.now_ms)
}

fn tags_of<'a>(
    tags: impl Iterator<Item = (&'a str, &'a str)>,
    hidden: &[&str],
) -> HashMap<&'a str, &'a str> {
    tags.filter(|(key, _)| !hidden.contains(key)).collect()
}
