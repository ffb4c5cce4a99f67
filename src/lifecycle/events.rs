//! What webhooks are told of a change. Each message goes into the outbox with the change itself.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::error::Result;
use crate::store::Db;
use crate::store::registered_models::{self, IS_PROMPT_TAG};
use crate::store::webhooks::events::Event;
use crate::store::webhooks::outbox;
use crate::wire::{
    CreateModelVersion, CreateRegisteredModel, DeleteModelVersionTag, DeleteRegisteredModelAlias,
    DeleteRegisteredModelTag, SetModelVersionTag, SetRegisteredModelAlias, SetRegisteredModelTag,
    WebhookAction as Action, WebhookEntity as Entity,
};

const PROMPT_TYPE_TAG: &str = "_mlflow_prompt_type";
const PROMPT_TEXT_TAG: &str = "mlflow.prompt.text";

/// Of what kind a change is for a model, and for a prompt. There are changes of prompts for which
/// models have no event.
struct Kinds {
    model: Option<Entity>,
    prompt: Entity,
    action: Action,
}

pub fn model_created(db: &mut Db, request: &CreateRegisteredModel) -> Result<()> {
    let is_prompt = registered_models::is_prompt(&request.tags);
    let entity = if is_prompt {
        Entity::Prompt
    } else {
        Entity::RegisteredModel
    };
    tell(db, Event::new(entity, Action::Created), || {
        let tags = request.tags.iter().map(|tag| (tag.key(), tag.value()));
        json!({
            "name": request.name(),
            "tags": tags_of(tags, if is_prompt { &[IS_PROMPT_TAG, PROMPT_TYPE_TAG] } else { &[] }),
            "description": request.description(),
        })
    })
}

/// `source` and `run_id` are those that the request came to.
pub fn version_created(
    db: &mut Db,
    request: &CreateModelVersion,
    version: &str,
    is_prompt: bool,
    (source, run_id): (&str, Option<&str>),
) -> Result<()> {
    let tags = || request.tags.iter().map(|tag| (tag.key(), tag.value()));
    let description = Some(request.description()).filter(|description| !description.is_empty());
    if is_prompt {
        return tell(
            db,
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

pub fn model_tag_set(db: &mut Db, request: &SetRegisteredModelTag) -> Result<()> {
    let kinds = Kinds {
        model: None,
        prompt: Entity::PromptTag,
        action: Action::Set,
    };
    tell_by_kind(
        db,
        request.name(),
        &kinds,
        || json!({"name": request.name(), "key": request.key(), "value": request.value()}),
    )
}

pub fn model_tag_deleted(db: &mut Db, request: &DeleteRegisteredModelTag) -> Result<()> {
    let kinds = Kinds {
        model: None,
        prompt: Entity::PromptTag,
        action: Action::Deleted,
    };
    tell_by_kind(
        db,
        request.name(),
        &kinds,
        || json!({"name": request.name(), "key": request.key()}),
    )
}

pub fn version_tag_set(db: &mut Db, request: &SetModelVersionTag) -> Result<()> {
    let kinds = Kinds {
        model: Some(Entity::ModelVersionTag),
        prompt: Entity::PromptVersionTag,
        action: Action::Set,
    };
    tell_by_kind(db, request.name(), &kinds, || {
        json!({
            "name": request.name(),
            "version": request.version(),
            "key": request.key(),
            "value": request.value(),
        })
    })
}

pub fn version_tag_deleted(db: &mut Db, request: &DeleteModelVersionTag) -> Result<()> {
    let kinds = Kinds {
        model: Some(Entity::ModelVersionTag),
        prompt: Entity::PromptVersionTag,
        action: Action::Deleted,
    };
    tell_by_kind(
        db,
        request.name(),
        &kinds,
        || json!({"name": request.name(), "version": request.version(), "key": request.key()}),
    )
}

pub fn alias_set(db: &mut Db, request: &SetRegisteredModelAlias) -> Result<()> {
    let kinds = Kinds {
        model: Some(Entity::ModelVersionAlias),
        prompt: Entity::PromptAlias,
        action: Action::Created,
    };
    tell_by_kind(
        db,
        request.name(),
        &kinds,
        || json!({"name": request.name(), "alias": request.alias(), "version": request.version()}),
    )
}

pub fn alias_deleted(db: &mut Db, request: &DeleteRegisteredModelAlias) -> Result<()> {
    let kinds = Kinds {
        model: Some(Entity::ModelVersionAlias),
        prompt: Entity::PromptAlias,
        action: Action::Deleted,
    };
    tell_by_kind(
        db,
        request.name(),
        &kinds,
        || json!({"name": request.name(), "alias": request.alias()}),
    )
}

fn tell_by_kind(
    db: &mut Db,
    name: &str,
    kinds: &Kinds,
    data: impl FnOnce() -> Value,
) -> Result<()> {
    let entity = if registered_models::tags::make_a_prompt(db, name)? {
        Some(kinds.prompt)
    } else {
        kinds.model
    };
    match entity {
        Some(entity) => tell(db, Event::new(entity, kinds.action), data),
        None => Ok(()),
    }
}

/// Mostly nobody listens: then it takes one look, and the message is not made.
fn tell(db: &mut Db, event: Event, data: impl FnOnce() -> Value) -> Result<()> {
    let listeners = outbox::listeners(db, event)?;
    if listeners.is_empty() {
        return Ok(());
    }
    outbox::add(db, event, &listeners, data())
}

fn tags_of<'a>(
    tags: impl Iterator<Item = (&'a str, &'a str)>,
    hidden: &[&str],
) -> HashMap<&'a str, &'a str> {
    tags.filter(|(key, _)| !hidden.contains(key)).collect()
}
