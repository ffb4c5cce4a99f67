//! What is wrong with a document, and where.

use serde::Serialize;
use thiserror::Error;

/// Lines and columns count from 1, as editors do.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize)]
#[error("line {line}, column {column}: {message}")]
pub struct Problem {
    pub line: u64,
    pub column: u64,
    pub message: String,
}

impl Problem {
    /// A problem at a place in the document.
    pub fn at(location: serde_saphyr::Location, message: impl Into<String>) -> Self {
        Self {
            line: location.line().max(1),
            column: location.column().max(1),
            message: message.into(),
        }
    }
}

impl From<serde_saphyr::Error> for Problem {
    fn from(error: serde_saphyr::Error) -> Self {
        let location = error.location().unwrap_or(serde_saphyr::Location::UNKNOWN);
        let text = error.without_snippet().to_string();
        // The place is said once, by us.
        let text = text.rfind(" at line ").map_or(&*text, |end| &text[..end]);
        // Nobody who writes a policy can set an option of its reader.
        let text = text
            .split(", set DuplicateKeyPolicy")
            .next()
            .unwrap_or(text);
        Self::at(location, text.trim_end_matches(':'))
    }
}
