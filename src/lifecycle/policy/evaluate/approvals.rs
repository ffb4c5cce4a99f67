//! How many people must have approved.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::evaluation::Evaluation;
use crate::lifecycle::policy::claims::APPROVAL_TAG;
use crate::lifecycle::policy::document::Approvals;
use crate::lifecycle::policy::facts::{Approval, Target};
use crate::lifecycle::policy::glob::Glob;
use crate::lifecycle::policy::report::Requirement;
use crate::store::model_versions::Stage;

const ID: &str = "approvals";

impl Evaluation<'_> {
    /// `stage` is the stage whose gate it is: an alias with the gate of a stage takes approvals of that
    /// stage too.
    pub(super) fn approvals(&mut self, wanted: &Approvals, stage: Option<Stage>) {
        let mut counted: BTreeMap<&str, i64> = BTreeMap::new();
        let mut passed_over: BTreeMap<&str, &'static str> = BTreeMap::new();
        for approval in &self.facts.approvals {
            let by = approval.by.as_str();
            match self.passed_over(wanted, approval, stage) {
                None => {
                    counted.insert(by, approval.id);
                }
                Some(reason) => {
                    passed_over.insert(by, reason);
                }
            }
        }
        passed_over.retain(|by, _| !counted.contains_key(by));

        let needed = wanted.count.get() as usize;
        let mut explanation = format!("{} of {needed} approvals", counted.len());
        if !counted.is_empty() {
            let names: Vec<&str> = counted.keys().copied().collect();
            let _ = write!(explanation, " ({})", names.join(", "));
        }
        let evidence = counted.values().copied();
        if counted.len() >= needed {
            let requirement = Requirement::met(ID, explanation + ".").evidence(evidence);
            self.add(requirement);
            return;
        }
        for (by, reason) in passed_over {
            let _ = write!(explanation, "; that of {by} does not count: {reason}");
        }
        let requirement = Requirement::unmet(ID, explanation + ".")
            .remedy(self.approval_remedy(wanted, needed - counted.len()))
            .evidence(evidence);
        self.add(requirement);
    }

    /// Why an approval does not count.
    fn passed_over(
        &self,
        wanted: &Approvals,
        approval: &Approval,
        stage: Option<Stage>,
    ) -> Option<&'static str> {
        let is_for_this = approval.target.as_ref().is_none_or(|target| {
            target == self.target || stage.is_some_and(|stage| *target == Target::Stage(stage))
        });
        let is_too_old = wanted
            .max_age
            .is_some_and(|age| age.after(approval.time_ms) < self.facts.now_ms);
        if !self.is_bound(&approval.binding) {
            Some("the version has other content now")
        } else if !is_for_this {
            Some("it is for something else")
        } else if is_too_old {
            Some("it is too old")
        } else if wanted.not_author && self.facts.version.authors.contains(&approval.by) {
            Some("the author's own")
        } else if !wanted.from.is_empty()
            && !wanted.from.iter().any(|name| name.matches(&approval.by))
        {
            Some("not one of those who may approve")
        } else {
            None
        }
    }

    fn approval_remedy(&self, wanted: &Approvals, missing: usize) -> String {
        let who = match (wanted.from.as_slice(), wanted.not_author) {
            ([], true) => " who did not make the version".to_owned(),
            ([], false) => String::new(),
            (names, _) => {
                let names: Vec<&str> = names.iter().map(Glob::as_str).collect();
                format!(" of {}", names.join(", "))
            }
        };
        let people = if missing == 1 {
            "one more person".to_owned()
        } else {
            format!("{missing} more people")
        };
        let target = match self.target {
            Target::Stage(stage) => format!(", \"stage\": \"{}\"", stage.as_str()),
            Target::Alias(alias) => format!(", \"alias\": \"{alias}\""),
            Target::Registration => String::new(),
        };
        format!(
            "Ask {people}{who} to set the version tag '{APPROVAL_TAG}' to \
             {{\"by\": \"…\", \"comment\": \"…\"{target}}}."
        )
    }
}
