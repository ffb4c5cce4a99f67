//! What a webhook may be called, and what it can be told of.

use crate::error::{Error, Result};
use crate::store::webhooks::events::Event;
use crate::wire::{WebhookEvent, python};

const LONGEST_NAME: usize = 63;

/// Fails where a webhook cannot have this name.
pub fn check_name(name: &str) -> Result<()> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric();
    let fits = name.len() <= LONGEST_NAME
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

/// A new webhook is told of something.
pub fn check_events(events: &[Event]) -> Result<()> {
    if events.is_empty() {
        return Err(Error::invalid_parameter(
            "Webhook events must be a non-empty list of WebhookEvent objects: [].",
        ));
    }
    Ok(())
}

/// Each event once.
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
    fn names_are_short_and_plain() {
        for name in ["a", "A1", "a.b_c-d", &"a".repeat(63)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "-a", "a-", "a b", "ä", "a\n", &"a".repeat(64)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
