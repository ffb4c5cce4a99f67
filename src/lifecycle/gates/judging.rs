//! Judges: what a policy says of one version and one place for it.

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

/// What a policy says of one version and one place for it, and the evidence that did not count.
pub struct Verdict {
    pub report: Report,
    pub set_aside: Vec<SetAside>,
}

impl Verdict {
    /// The report as the history keeps it.
    pub fn json(&self) -> Value {
        serde_json::to_value(GateReport::from(self)).unwrap_or_default()
    }

    /// What the user is told: what the policy says, evidence that does not count, and where to read more.
    pub fn message(&self) -> String {
        format!("{}\n{}", self.details(), self.report.read_more())
    }

    /// The same without the end.
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

    /// The versions that are archived to make way.
    pub fn archives(&self) -> impl Iterator<Item = i32> {
        let requirements = self.report.requirements.iter();
        requirements
            .flat_map(|requirement| &requirement.archives)
            .filter_map(|version| i32::try_from(*version).ok())
    }

    /// What becomes of the change.
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

/// Judges one version for one place.
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

/// Whether a version is sealed when it goes there, and compared with its seal.
pub fn seals_at(policy: &Policy, target: &Target) -> bool {
    *target != Target::Registration && policy.gates(target)
}

/// Whether a version is one of a prompt, which no policy is about: prompts have no bytes. A version that has
/// some is never taken for one.
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

/// Whether a version counts where a policy limits how many there may be.
pub fn is_active(version: &GatheredVersion) -> bool {
    version.facts.version.current_stage != Stage::Archived && !is_prompt(version)
}

/// Where a version is, as targets: what it was let into, and must go on meeting.
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
