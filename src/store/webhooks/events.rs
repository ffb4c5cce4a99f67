//! The events that webhooks can be notified of.

use crate::error::{Error, Result};
use crate::wire::{WebhookAction, WebhookEntity, WebhookEvent};

/// A kind of event: an action on an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    entity: WebhookEntity,
    action: WebhookAction,
}

impl Event {
    /// For those that exist; what a client asks for goes through [`Event::from_message`].
    pub const fn new(entity: WebhookEntity, action: WebhookAction) -> Self {
        Self { entity, action }
    }

    /// Reads the event that a client names. Fails if there is no such event.
    pub fn from_message(message: &WebhookEvent) -> Result<Self> {
        let event = Self::new(message.entity(), message.action());
        let possible = actions(event.entity);
        if possible.is_empty() {
            return Err(Error::invalid_parameter(format!(
                "'{}' is not a valid WebhookEntity",
                event.entity()
            )));
        }
        if !possible.contains(&event.action) {
            let mut names: Vec<String> = possible
                .iter()
                .map(|action| format!("'{}'", name(action.as_str_name())))
                .collect();
            names.sort();
            return Err(Error::invalid_parameter(format!(
                "Invalid action '{}' for entity '{}'. Valid actions are: [{}]",
                event.action(),
                event.entity(),
                names.join(", ")
            )));
        }
        Ok(event)
    }

    /// Returns entity and action.
    pub fn kind(self) -> (WebhookEntity, WebhookAction) {
        (self.entity, self.action)
    }

    /// Returns the entity as the database stores it.
    pub fn entity(self) -> String {
        name(self.entity.as_str_name())
    }

    /// Returns the action as the database stores it.
    pub fn action(self) -> String {
        name(self.action.as_str_name())
    }
}

/// Returns the message for a stored event, or `None` for an event that this version does not know.
pub fn message(entity: &str, action: &str) -> Option<WebhookEvent> {
    Some(WebhookEvent {
        entity: Some(WebhookEntity::from_str_name(&entity.to_uppercase())?.into()),
        action: Some(WebhookAction::from_str_name(&action.to_uppercase())?.into()),
    })
}

fn actions(entity: WebhookEntity) -> &'static [WebhookAction] {
    use WebhookEntity as Entity;
    match entity {
        Entity::EntityUnspecified => &[],
        Entity::RegisteredModel | Entity::ModelVersion | Entity::Prompt | Entity::PromptVersion => {
            &[WebhookAction::Created]
        }
        Entity::ModelVersionTag | Entity::PromptTag | Entity::PromptVersionTag => {
            &[WebhookAction::Set, WebhookAction::Deleted]
        }
        Entity::ModelVersionAlias | Entity::PromptAlias => {
            &[WebhookAction::Created, WebhookAction::Deleted]
        }
        Entity::BudgetPolicy => &[WebhookAction::Exceeded],
    }
}

fn name(upper: &str) -> String {
    upper.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(entity: WebhookEntity, action: WebhookAction) -> Result<Event> {
        Event::from_message(&WebhookEvent {
            entity: Some(entity.into()),
            action: Some(action.into()),
        })
    }

    #[test]
    fn not_every_action_happens_to_everything() {
        let event_of = event(WebhookEntity::PromptTag, WebhookAction::Set).unwrap();
        assert_eq!(
            (event_of.entity(), event_of.action()),
            ("prompt_tag".to_owned(), "set".to_owned())
        );
        assert_eq!(
            event(WebhookEntity::PromptTag, WebhookAction::Created)
                .unwrap_err()
                .message,
            "Invalid action 'created' for entity 'prompt_tag'. Valid actions are: ['deleted', 'set']"
        );
        assert!(event(WebhookEntity::EntityUnspecified, WebhookAction::Created).is_err());
        assert!(Event::from_message(&WebhookEvent::default()).is_err());
    }
}
