use std::fmt;
use std::ops::Range;

use crate::error::Error;

/// What is wrong with a filter or an order: MLflow's message, and the place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchError {
    pub message: String,
    /// In bytes of the text.
    pub place: Range<usize>,
}

impl SearchError {
    pub fn new(place: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place,
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
