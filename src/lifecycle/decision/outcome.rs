//! The outcome of a decision: the change is made, is refused, needs files, or has failed.

use std::fmt;

use serde_json::json;

use super::super::files::FilesToRead;
use crate::audit::{Entry, EntryOutcome, PolicyDecision, PolicyRef};
use crate::error::{Error, Result};
use crate::store::{DatabaseError, WorkError};

/// The result of a function that decides a change.
pub type Decision<T = ()> = Result<Done<T>, NotDone>;

/// A change that was made.
#[derive(Debug)]
pub struct Done<T> {
    pub value: T,
    /// The warnings of policies that are not enforced, one message for each.
    pub warnings: Vec<String>,
}

impl<T> Done<T> {
    /// Returns a change without warnings.
    pub fn new(value: T) -> Self {
        Self::with_warnings(value, Vec::new())
    }

    /// Returns a change that policies warn of.
    pub fn with_warnings(value: T, warnings: Vec<String>) -> Self {
        Self { value, warnings }
    }

    /// Returns the same change with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Done<U> {
        Done {
            value: change(self.value),
            warnings: self.warnings,
        }
    }
}

/// The reason why a change was not made. Everything that it wrote is rolled back.
#[derive(Debug)]
pub enum NotDone {
    /// A rule or a policy refuses it. History gets an entry.
    Refused(Box<Refusal>),
    /// It cannot be decided before these files are read, which happens outside of the transaction.
    NeedsFiles(FilesToRead),
    /// The request was wrong, or something broke.
    Failed(Error),
}

impl NotDone {
    /// The error that a client gets.
    pub fn into_error(self) -> Error {
        match self {
            Self::Refused(refusal) => Error::permission_denied(refusal.message),
            Self::NeedsFiles(_) => {
                Error::unavailable("The files of a model change while they are read. Try again.")
            }
            Self::Failed(error) => error,
        }
    }
}

impl From<Error> for NotDone {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<DatabaseError> for NotDone {
    fn from(error: DatabaseError) -> Self {
        Self::Failed(error.into())
    }
}

impl WorkError for NotDone {
    fn is_worth_retrying(&self) -> bool {
        matches!(self, Self::Failed(error) if error.is_worth_retrying())
    }

    fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(error) if error.is_failure())
    }
}

impl fmt::Display for NotDone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => formatter.write_str(&refusal.message),
            Self::NeedsFiles(_) => formatter.write_str("The files of a model were not read."),
            Self::Failed(error) => error.fmt(formatter),
        }
    }
}

/// A change that is refused.
#[derive(Debug)]
pub struct Refusal {
    /// The entry for the history, with the report. It is written after the transaction was rolled back.
    pub entry: Entry,
    /// The message for the client.
    pub message: String,
}

impl Refusal {
    /// Returns a refusal by one rule, which is named in the report. `policy` is the policy that has the rule, or `None` for
    /// a rule of flowkeep itself.
    pub fn by_rule(
        entry: Entry,
        rule: &str,
        policy: Option<PolicyRef>,
        message: String,
    ) -> NotDone {
        let report = json!({
            "allowed": false,
            "requirements": [{"id": rule, "met": false, "explanation": message}],
        });
        let decision = PolicyDecision {
            policy,
            outcome: EntryOutcome::Refused,
            report: report.to_string(),
        };
        Self::reported(entry.decision(Some(decision)), message)
    }

    /// A refusal whose entry has its report already.
    pub fn reported(entry: Entry, message: String) -> NotDone {
        NotDone::Refused(Box::new(Self { entry, message }))
    }
}
