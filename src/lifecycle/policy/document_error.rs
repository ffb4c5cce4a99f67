//! The error for a policy or a file of test cases that is invalid.

use serde::Serialize;
use thiserror::Error;

/// The first fault of a document, with its line and its column, which count from 1.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize)]
#[error("line {line}, column {column}: {message}")]
pub struct DocumentError {
    pub line: u64,
    pub column: u64,
    pub message: String,
}

impl DocumentError {
    /// Returns the error for a fault at a place in the document.
    pub fn at(location: serde_saphyr::Location, message: impl Into<String>) -> Self {
        Self {
            line: location.line().max(1),
            column: location.column().max(1),
            message: message.into(),
        }
    }
}

impl From<serde_saphyr::Error> for DocumentError {
    fn from(error: serde_saphyr::Error) -> Self {
        let location = error.location().unwrap_or(serde_saphyr::Location::UNKNOWN);
        let text = error.without_snippet().to_string();
        // The position is in fields of its own.
        let text = text.rfind(" at line ").map_or(&*text, |end| &text[..end]);
        // The reader suggests an option of its own, which the author of a policy cannot set.
        let text = text
            .split(", set DuplicateKeyPolicy")
            .next()
            .unwrap_or(text);
        Self::at(location, text.trim_end_matches(':'))
    }
}
