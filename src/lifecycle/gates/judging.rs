//! Evaluates a policy for one version and one target.

use std::fmt::Write;

use serde_json::Value;

use super::super::decision::{NotDone, Refusal};
use super::super::evidence::SetAside;
use super::super::facts::GatheredVersion;
use super::super::in_force::ApplicablePolicy;
use super::super::policy::{Policy, Report, Tags, Target, evaluate};
use super::super::seals;
use super::gate_report::{GateReport, GovernedVersion};
use crate::audit::{Entry, EntryOutcome, PolicyDecision, PolicyRef};
use crate::error::Result;
use crate::store::model_versions::Stage;
use crate::validation::prompts;

/// The report of a policy about one version and one target, and the evidence that did not count.
pub struct Verdict {
    pub report: Report,
    pub set_aside: Vec<SetAside>,
}

impl Verdict {
    /// Returns the report in the form in which the history stores it.
    pub fn json(&self) -> Value {
        serde_json::to_value(GateReport::from(self)).unwrap_or_default()
    }

    /// Returns the message for the user: the report, evidence that does not count, and a pointer to the documentation.
    pub fn message(&self) -> String {
        format!("{}\n{}", self.details(), self.report.read_more())
    }

    /// Returns the same without the pointer to the documentation.
    pub fn details(&self) -> String {
        let mut message = self.report.details();
        for evidence in &self.set_aside {
            let SetAside { id, kind, reason } = evidence;
            // Writing to a String cannot fail.
            let _ = write!(
                message,
                "\nEvidence {id} ({kind}) does not count: {reason}."
            );
        }
        message
    }

    /// Returns the versions that are archived to make room.
    pub fn archives(&self) -> impl Iterator<Item = i32> {
        let requirements = self.report.requirements.iter();
        requirements
            .flat_map(|requirement| &requirement.archives)
            .filter_map(|version| i32::try_from(*version).ok())
    }

    /// Returns the outcome of the change.
    pub fn outcome(&self) -> EntryOutcome {
        if self.report.allowed() {
            EntryOutcome::Done
        } else if self.report.is_refusal() {
            EntryOutcome::Refused
        } else {
            EntryOutcome::Warned
        }
    }

    /// Returns the entry of a change that may be made, with the report in it; a warning is added to
    /// `warnings`. Fails with the refusal of a change that may not be made.
    pub fn settle(&self, entry: Entry, warnings: &mut Vec<String>) -> Result<Entry, NotDone> {
        let outcome = self.outcome();
        let entry = entry.decision(Some(PolicyDecision {
            policy: Some(PolicyRef {
                name: self.report.policy.clone(),
                hash: self.report.policy_hash.clone(),
            }),
            outcome,
            report: self.json().to_string(),
        }));
        match outcome {
            EntryOutcome::Refused => return Err(Refusal::reported(entry, self.message())),
            EntryOutcome::Warned => warnings.push(self.message()),
            EntryOutcome::Done => {}
        }
        Ok(entry)
    }
}

impl From<&Verdict> for GateReport {
    fn from(verdict: &Verdict) -> Self {
        let report = verdict.report.clone();
        Self {
            allowed: report.allowed(),
            subject: GovernedVersion {
                policy: Some(report.policy),
                policy_hash: Some(report.policy_hash),
                enforcement: Some(report.enforcement),
                model: Some(report.model),
                version: Some(report.version),
            },
            target: Some(report.target),
            requirements: report.requirements,
            set_aside: verdict.set_aside.clone(),
        }
    }
}

/// Evaluates a policy for one version and one target.
pub fn judge(policy: &ApplicablePolicy, version: &GatheredVersion, target: &Target) -> Verdict {
    let mut report = evaluate(policy.policy(), target, &version.facts);
    if seals_at(policy.policy(), target) {
        report
            .requirements
            .extend(seals::requirement(&version.content));
    }
    if is_prompt(version) {
        report.requirements.clear();
    }
    Verdict {
        report,
        set_aside: version.set_aside.clone(),
    }
}

/// Returns whether a version is sealed when it reaches the target, and compared with its seal.
pub fn seals_at(policy: &Policy, target: &Target) -> bool {
    *target != Target::Registration && policy.gates(target)
}

/// Returns whether a version is a version of a prompt. Policies do not apply to prompts, which have no files; a version
/// with files is never treated as a prompt.
pub fn is_prompt(version: &GatheredVersion) -> bool {
    let facts = &version.facts;
    let are_of_prompt = |tags: &Tags| {
        prompts::are_of_prompt(
            tags.iter()
                .map(|(key, value)| (key.as_str(), value.as_str())),
        )
    };
    are_of_prompt(&facts.model.tags)
        && are_of_prompt(&facts.version.tags)
        && prompts::is_prompt_source(&facts.version.source)
}

/// Returns whether a version counts towards the limit of a policy.
pub fn is_active(version: &GatheredVersion) -> bool {
    version.facts.version.current_stage != Stage::Archived && !is_prompt(version)
}

/// Returns the current stage and aliases of a version as targets. The version must continue to meet their requirements.
pub fn places(version: &GatheredVersion) -> Vec<Target> {
    let version = &version.facts.version;
    let stage =
        (version.current_stage != Stage::None).then_some(Target::Stage(version.current_stage));
    [Target::Registration]
        .into_iter()
        .chain(stage)
        .chain(version.aliases.iter().cloned().map(Target::Alias))
        .collect()
}
