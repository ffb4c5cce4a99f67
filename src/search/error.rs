//! The error of a filter or an `order_by` clause that cannot be parsed.

use std::fmt;
use std::ops::Range;

use crate::error::Error;

/// An error in a filter or an `order_by` clause: MLflow's message, and the position in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchError {
    /// MLflow's message.
    pub message: String,
    /// The byte range in the text.
    pub span: Range<usize>,
}

impl SearchError {
    /// Creates an error for a byte range of the text.
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            span,
        }
    }
}

impl fmt::Display for SearchError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for SearchError {}

impl From<SearchError> for Error {
    fn from(error: SearchError) -> Self {
        Self::invalid_parameter(error.message)
    }
}
