//! An evaluation under way: the facts, and the requirements that were found so far.

use chrono::DateTime;

use crate::lifecycle::policy::facts::{Binding, Facts, Target};
use crate::lifecycle::policy::report::Requirement;

/// The evaluation of a policy for one target. Each kind of requirement is a method in a file of its own.
pub(super) struct Evaluation<'a> {
    pub(super) target: &'a Target,
    pub(super) facts: &'a Facts,
    pub(super) requirements: Vec<Requirement>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(target: &'a Target, facts: &'a Facts) -> Self {
        Self {
            target,
            facts,
            requirements: Vec::new(),
        }
    }

    /// A requirement that is asked for twice, by registration and by a gate, is reported once.
    pub(super) fn add(&mut self, requirement: Requirement) {
        if !self.requirements.contains(&requirement) {
            self.requirements.push(requirement);
        }
    }

    /// Whether evidence speaks of the bytes that the version has.
    pub(super) fn is_bound(&self, binding: &Binding) -> bool {
        self.facts.version.has(binding)
    }
}

/// Writes a time for a reader.
pub(super) fn date(time_ms: i64) -> String {
    DateTime::from_timestamp_millis(time_ms).map_or_else(
        || time_ms.to_string(),
        |time| time.format("%Y-%m-%d %H:%M UTC").to_string(),
    )
}
