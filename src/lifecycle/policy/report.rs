//! What a decision came to, requirement by requirement.

use serde::Serialize;
use utoipa::ToSchema;

use super::document::Enforcement;
use super::facts::Target;
use super::statistics::TestOutcome;

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Requirement {
    /// What it is about, such as `evaluation:responsible_ai`.
    pub id: String,
    pub met: bool,
    /// What was found.
    pub explanation: String,
    /// How to meet it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The evidence that was used, by number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<i64>,
    /// What an A/B test came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<TestOutcome>,
    /// The versions that are archived to meet it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub archives: Vec<u64>,
}

impl Requirement {
    /// A requirement that is met.
    pub fn met(id: impl Into<String>, explanation: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            met: true,
            explanation: explanation.into(),
            remedy: None,
            evidence: Vec::new(),
            outcome: None,
            archives: Vec::new(),
        }
    }

    /// A requirement that is not met.
    pub fn unmet(id: impl Into<String>, explanation: impl Into<String>) -> Self {
        Self {
            met: false,
            ..Self::met(id, explanation)
        }
    }

    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    #[must_use]
    pub fn evidence(mut self, ids: impl IntoIterator<Item = i64>) -> Self {
        self.evidence = ids.into_iter().collect();
        self
    }

    #[must_use]
    pub fn archives(mut self, versions: impl IntoIterator<Item = u64>) -> Self {
        self.archives = versions.into_iter().collect();
        self
    }

    #[must_use]
    pub fn outcome(mut self, outcome: TestOutcome) -> Self {
        self.outcome = Some(outcome);
        self
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = PolicyReport)]
pub struct Report {
    pub policy: String,
    pub policy_hash: String,
    pub enforcement: Enforcement,
    pub model: String,
    pub version: u64,
    pub target: Target,
    /// Empty where the policy asks for nothing.
    pub requirements: Vec<Requirement>,
}

impl Report {
    /// Whether every requirement is met.
    pub fn allowed(&self) -> bool {
        self.requirements.iter().all(|requirement| requirement.met)
    }

    /// Whether the change must not be made: something is not met, and the policy is enforced.
    pub fn is_refusal(&self) -> bool {
        self.enforcement == Enforcement::Enforce && !self.allowed()
    }

    /// The requirements that are not met.
    pub fn unmet(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements
            .iter()
            .filter(|requirement| !requirement.met)
    }
}
