//! Messages for mistakes in YAML, which begin with their position.

use serde_saphyr::{Error, Location, MessageFormatter, UserMessageFormatter};

/// Puts line and column before a message, if they are known.
pub fn at(place: Location, message: &str) -> String {
    if place == Location::UNKNOWN {
        return message.to_owned();
    }
    format!(
        "line {}, column {}: {message}",
        place.line(),
        place.column()
    )
}

/// Says in a sentence what the reader of YAML found wrong.
pub fn sentence(error: &Error) -> String {
    let place = error.location().unwrap_or(Location::UNKNOWN);
    let message = UserMessageFormatter.format_message(error.without_snippet());
    // The parser mentions its internal events, which authors of YAML do not know.
    let message = match message.as_ref() {
        "expected mapping start" => {
            "there must be a mapping here, with lines of the form 'key: value'"
        }
        "expected sequence start" => "there must be a list here, with lines that begin with '-'",
        "expected string scalar" => "there must be a text here",
        message => message,
    };
    at(place, message)
}
