//! Validates the name and the events of a webhook.

use crate::error::{Error, Result};
use crate::store::webhooks::events::Event;
use crate::wire::{WebhookEvent, python};

/// The maximum length of a name in bytes.
const MAX_NAME_BYTES: usize = 63;

/// Fails with MLflow's message if a webhook cannot have this name.
pub fn check_name(name: &str) -> Result<()> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric();
    let fits = name.len() <= MAX_NAME_BYTES
        && name.starts_with(is_plain)
        && name.ends_with(is_plain)
        && name
            .chars()
            .all(|letter| is_plain(letter) || "._-".contains(letter));
    if fits {
        return Ok(());
    }
    Err(Error::invalid_parameter(format!(
        "Webhook name {} is invalid. It must start and end with a letter or digit, be less than 63 characters \
         long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).",
        python::repr(name)
    )))
}

/// Fails with MLflow's message if a new webhook has no events.
pub fn check_events(events: &[Event]) -> Result<()> {
    if events.is_empty() {
        return Err(Error::invalid_parameter(
            "Webhook events must be a non-empty list of WebhookEvent objects: [].",
        ));
    }
    Ok(())
}

/// Returns the events of a request without duplicates. Fails if an event does not exist.
pub fn events(messages: &[WebhookEvent]) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for message in messages {
        let event = Event::from_message(message)?;
        if !events.contains(&event) {
            events.push(event);
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_short_plain_names_only() {
        for name in ["a", "A1", "a.b_c-d", &"a".repeat(63)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "-a", "a-", "a b", "ä", "a\n", &"a".repeat(64)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
