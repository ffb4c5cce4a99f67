//! The result of a gate for a version, as replies and the history show it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::super::evidence::SetAside;
use super::super::policy::{Enforcement, Requirement, Target};
use crate::store::model_versions::Stage;

/// The policy that applies to a version, and the version. Without a policy, all of it is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct GovernedVersion {
    /// The policy that applies.
    pub policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforcement: Option<Enforcement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// The result of a gate for one version and one target. Where no policy applies, everything is allowed, and
/// the report names neither policy nor target.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct GateReport {
    #[serde(flatten)]
    pub subject: GovernedVersion,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// What the policy asks for, each requirement with whether it is met.
    pub requirements: Vec<Requirement>,
    /// Whether every requirement is met.
    pub allowed: bool,
    /// Evidence that does not count, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<SetAside>,
}

impl GateReport {
    /// Returns the report where no policy applies.
    pub fn without_policy() -> Self {
        Self {
            subject: GovernedVersion::default(),
            target: None,
            requirements: Vec::new(),
            allowed: true,
            set_aside: Vec::new(),
        }
    }
}

/// The results of all gates of the policy that applies to a version. Where no policy applies, there are no gates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct GateReports {
    #[serde(flatten)]
    pub subject: GovernedVersion,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_stage: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_aliases: Option<Vec<String>>,
    /// What registration asked for, and whether the version still has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<GateReport>,
    /// By the stage that the version would enter.
    #[schema(value_type = BTreeMap<String, GateReport>)]
    pub stages: BTreeMap<Stage, GateReport>,
    /// By the alias that the version would get, as the policy names it.
    pub aliases: BTreeMap<String, GateReport>,
}
