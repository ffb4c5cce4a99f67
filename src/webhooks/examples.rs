//! The example messages that the test of a webhook sends.

use serde_json::{Value, json};

use crate::store::webhooks::events::Event;
use crate::wire::{WebhookAction as Action, WebhookEntity as Entity};

/// Returns the example data of an event.
pub fn example(event: Event) -> Value {
    let tags = json!({"example_key": "example_value"});
    match event.kind() {
        (Entity::EntityUnspecified, _) => Value::Null,
        (Entity::RegisteredModel, _) => json!({
            "name": "example_model", "tags": tags, "description": "An example registered model",
        }),
        (Entity::ModelVersion, _) => json!({
            "name": "example_model", "version": "1", "source": "models:/123", "run_id": "abcd1234abcd5678",
            "tags": tags, "description": "An example model version",
        }),
        (Entity::Prompt, _) => json!({
            "name": "example_prompt", "tags": tags, "description": "An example prompt",
        }),
        (Entity::PromptVersion, _) => json!({
            "name": "example_prompt", "version": "1", "template": "Hello {{name}}!", "tags": tags,
            "description": "An example prompt version",
        }),
        (Entity::ModelVersionTag, action) => tag("example_model", true, action),
        (Entity::PromptVersionTag, action) => tag("example_prompt", true, action),
        (Entity::PromptTag, action) => tag("example_prompt", false, action),
        (Entity::ModelVersionAlias, action) => alias("example_model", action),
        (Entity::PromptAlias, action) => alias("example_prompt", action),
        (Entity::BudgetPolicy, _) => json!({
            "budget_policy_id": "bp-abc123", "budget_unit": "USD", "budget_amount": 100.0,
            "current_spend": 105.50, "duration_unit": "MONTHS", "duration_value": 1,
            "target_scope": "ENDPOINT", "workspace": "default", "target_value": "ep-abc123",
            "window_start": 1_704_067_200_000_i64,
        }),
    }
}

fn tag(name: &str, of_version: bool, action: Action) -> Value {
    let mut example = json!({"name": name});
    if of_version {
        example["version"] = json!("1");
    }
    example["key"] = json!("example_key");
    if action == Action::Set {
        example["value"] = json!("example_value");
    }
    example
}

fn alias(name: &str, action: Action) -> Value {
    let mut example = json!({"name": name, "alias": "example_alias"});
    if action == Action::Created {
        example["version"] = json!("1");
    }
    example
}
