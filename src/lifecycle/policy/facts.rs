//! What a decision is made from: all that is known of a version when something is to happen to it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::statistics::Measurement;
use crate::store::model_versions::Stage;

/// Tags by their keys.
pub type Tags = BTreeMap<String, String>;
/// Params by their keys.
pub type Params = BTreeMap<String, String>;
/// Metrics by their keys.
pub type Metrics = BTreeMap<String, f64>;

/// Where a version is to go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Registration,
    Stage(Stage),
    Alias(String),
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registration => formatter.write_str("registration"),
            Self::Stage(stage) => write!(formatter, "stage {}", stage.as_str()),
            Self::Alias(alias) => write!(formatter, "alias '{alias}'"),
        }
    }
}

/// All that a policy may ask of a version.
#[derive(Clone, Debug)]
pub struct Facts {
    pub now_ms: i64,
    pub model: ModelFacts,
    pub version: VersionFacts,
    pub lineage: Lineage,
    pub evaluations: Vec<Evaluation>,
    pub ab_tests: Vec<AbTest>,
    pub approvals: Vec<Approval>,
    /// The version of the model that is in Production now.
    pub production: Option<u64>,
    /// The other active versions of the model, where this one would be one more: it is being made, or
    /// it is archived. None where nobody counts, or where it is counted already.
    pub others: Option<Vec<ActiveVersion>>,
}

/// A version that is not archived.
#[derive(Clone, Debug)]
pub struct ActiveVersion {
    pub version: u64,
    pub stage: Stage,
    pub aliases: Vec<String>,
    /// Whether the gate of the archive is closed to it.
    pub stays: bool,
}

/// A registered model as policies know it.
#[derive(Clone, Debug, Default)]
pub struct ModelFacts {
    pub name: String,
    pub tags: Tags,
}

/// A version as policies know it.
#[derive(Clone, Debug)]
pub struct VersionFacts {
    /// The number that it has or, at registration, that it is to have.
    pub version: u64,
    pub source: String,
    pub run_id: Option<String>,
    pub model_id: Option<String>,
    /// The digest of its content, where the server knows it.
    pub digest: Option<String>,
    /// Why the server could not read its content, if it tried.
    pub unread: Option<String>,
    pub current_stage: Stage,
    pub aliases: Vec<String>,
    pub tags: Tags,
    /// Whoever made it: who registered it, who ran its run. They do not approve it.
    pub authors: Vec<String>,
    pub creation_time_ms: i64,
    pub status: String,
    pub description: Option<String>,
}

impl VersionFacts {
    /// Whether evidence speaks of the bytes that the version has. Where their digest was known when
    /// the evidence was given, it must be the same now.
    pub fn has(&self, binding: &Binding) -> bool {
        let same_digest = |digest: &String| self.digest.as_ref() == Some(digest);
        binding.source == self.source && binding.digest.as_ref().is_none_or(same_digest)
    }
}

/// What a version came from. What is asked of a version is looked for on the version, then on its
/// logged model, then on its run.
#[derive(Clone, Debug, Default)]
pub struct Lineage {
    pub logged_model: Option<Logged>,
    pub run: Option<Logged>,
    /// Whether its MLmodel file has a signature. None: the file could not be read.
    pub has_signature: Option<bool>,
    pub feature_spec: FeatureSpecFacts,
}

/// What is known of the feature retrieval spec of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FeatureSpecFacts {
    /// The artifacts could not be read.
    #[default]
    Unknown,
    Absent,
    Found {
        path: String,
        /// What is wrong with it, in sentences: none, if it can be relied upon.
        problems: Vec<String>,
    },
}

/// What was logged to a run or to a logged model, each metric with its latest value.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Logged {
    pub params: Params,
    pub metrics: Metrics,
    pub tags: Tags,
}

/// The bytes that evidence speaks of. It counts for no others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    pub source: String,
    pub digest: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EvaluationVerdict)]
pub enum Verdict {
    Passed,
    Failed,
}

/// An evaluation that counts for the version, if its bytes are the same.
#[derive(Clone, Debug)]
pub struct Evaluation {
    pub id: i64,
    pub kind: String,
    pub verdict: Verdict,
    pub metrics: Metrics,
    pub report_uri: Option<String>,
    pub evaluator: Option<String>,
    pub time_ms: i64,
    pub binding: Binding,
}

/// An A/B test that counts for the version, if its bytes are the same.
#[derive(Clone, Debug)]
pub struct AbTest {
    pub id: i64,
    /// What was measured on both arms.
    pub metric: String,
    /// The version that the candidate was measured against; None is something outside the registry.
    pub baseline_version: Option<u64>,
    pub baseline: Measurement,
    pub candidate: Measurement,
    pub report_uri: Option<String>,
    pub evaluator: Option<String>,
    pub time_ms: i64,
    pub binding: Binding,
}

/// An approval that counts for the version, if its bytes are the same.
#[derive(Clone, Debug)]
pub struct Approval {
    pub id: i64,
    pub by: String,
    pub time_ms: i64,
    pub comment: Option<String>,
    /// What was approved. None: whatever needs an approval.
    pub target: Option<Target>,
    pub binding: Binding,
}
