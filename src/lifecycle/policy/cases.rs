//! Tests of policies: given a version and its evidence, a case says whether the policy lets it through
//! or which requirements it does not meet. They need no server.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::claims::Baseline;
use super::facts::{
    AbTest, ActiveVersion, Approval, Binding, Evaluation, Facts, FeatureSpecFacts, Lineage, Logged,
    Metrics, ModelFacts, Params, Tags, Target, Verdict, VersionFacts,
};
use super::statistics::Measurement;
use super::values::Period;
use super::{DocumentError, Policy, Report, evaluate, read, select};
use crate::lifecycle::feature_spec;
use crate::store::model_versions::Stage;

/// The moment at which all cases take place: ages count back from it. No case can then pass on one
/// day and fail on another.
const NOW_MS: i64 = 1_767_225_600_000;

const SOURCE: &str = "mlflow-artifacts:/1/models/m-0/artifacts";

/// Cases that policies are tried on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    cases: Vec<Case>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    model: ModelCase,
    #[serde(default)]
    version: VersionCase,
    #[serde(default)]
    run: Option<LoggedCase>,
    #[serde(default)]
    logged_model: Option<LoggedCase>,
    #[serde(default)]
    signature: Option<bool>,
    #[serde(default)]
    feature_spec: Option<bool>,
    #[serde(default)]
    evaluations: Vec<EvaluationCase>,
    #[serde(default)]
    ab_tests: Vec<AbTestCase>,
    #[serde(default)]
    approvals: Vec<ApprovalCase>,
    /// The version in Production.
    #[serde(default)]
    production: Option<u64>,
    /// The other versions that are not archived.
    #[serde(default)]
    active: Vec<ActiveCase>,
    to: Target,
    expect: Expectation,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelCase {
    name: String,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct VersionCase {
    version: u64,
    stage: Stage,
    aliases: Vec<String>,
    tags: Tags,
    source: String,
    digest: Option<String>,
    author: Option<String>,
    age: Option<Period>,
    description: Option<String>,
}

impl Default for VersionCase {
    fn default() -> Self {
        Self {
            version: 1,
            stage: Stage::None,
            aliases: Vec::new(),
            tags: Tags::new(),
            source: SOURCE.to_owned(),
            digest: None,
            author: None,
            age: None,
            description: None,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LoggedCase {
    params: Params,
    metrics: Metrics,
    tags: Tags,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvaluationCase {
    kind: String,
    verdict: Verdict,
    #[serde(default)]
    metrics: Metrics,
    #[serde(default)]
    report_uri: Option<String>,
    #[serde(default)]
    evaluator: Option<String>,
    #[serde(default)]
    age: Option<Period>,
    /// The source and digest that it was given for. Left out: those of the version.
    #[serde(default)]
    of: Option<Binding>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AbTestCase {
    metric: String,
    baseline: Baseline,
    candidate: Measurement,
    #[serde(default)]
    age: Option<Period>,
    #[serde(default)]
    of: Option<Binding>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovalCase {
    by: String,
    #[serde(default)]
    comment: Option<String>,
    /// What was approved. Left out: whatever needs an approval.
    #[serde(default)]
    to: Option<Target>,
    #[serde(default)]
    age: Option<Period>,
    #[serde(default)]
    of: Option<Binding>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActiveCase {
    version: u64,
    #[serde(default = "no_stage")]
    stage: Stage,
    #[serde(default)]
    aliases: Vec<String>,
}

fn no_stage() -> Stage {
    Stage::None
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expectation {
    Allow,
    /// Exactly these requirements are not met.
    Refuse(BTreeSet<String>),
}

/// How a case went.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseResult {
    pub name: String,
    pub passed: bool,
    /// The policy that the model falls under, if any.
    pub policy: Option<String>,
    /// The requirements that were to be unmet.
    pub expected: BTreeSet<String>,
    /// Those that are.
    pub found: BTreeSet<String>,
    pub report: Option<Report>,
}

impl Cases {
    /// Reads cases from YAML.
    pub fn parse(yaml: &str) -> Result<Self, DocumentError> {
        read(yaml)
    }

    /// Tries each case on the policy that its model falls under. Where there is none, all is allowed.
    pub fn run(&self, policies: &[Policy]) -> Vec<CaseResult> {
        self.cases.iter().map(|case| case.run(policies)).collect()
    }
}

impl Case {
    fn run(&self, policies: &[Policy]) -> CaseResult {
        let facts = self.facts();
        let policy = select(policies, &facts.model);
        let report = policy.map(|policy| evaluate(policy, &self.to, &facts));
        let found: BTreeSet<String> = report
            .iter()
            .flat_map(Report::unmet)
            .map(|requirement| requirement.id.clone())
            .collect();
        let expected = match &self.expect {
            Expectation::Allow => BTreeSet::new(),
            Expectation::Refuse(ids) => ids.clone(),
        };
        CaseResult {
            name: self.name.clone(),
            passed: found == expected,
            policy: policy.map(|policy| policy.name().to_owned()),
            expected,
            found,
            report,
        }
    }

    fn facts(&self) -> Facts {
        let version = &self.version;
        let binding = Binding {
            source: version.source.clone(),
            digest: version.digest.clone(),
        };
        let bound = |of: &Option<Binding>| of.clone().unwrap_or_else(|| binding.clone());
        let evaluations = (1..).zip(&self.evaluations);
        let ab_tests = (101..).zip(&self.ab_tests);
        let approvals = (201..).zip(&self.approvals);
        Facts {
            now_ms: NOW_MS,
            model: ModelFacts {
                name: self.model.name.clone(),
                tags: self.model.tags.clone(),
            },
            version: VersionFacts {
                version: version.version,
                source: version.source.clone(),
                run_id: self.run.as_ref().map(|_| "r-0".to_owned()),
                model_id: self.logged_model.as_ref().map(|_| "m-0".to_owned()),
                digest: version.digest.clone(),
                unread: None,
                current_stage: version.stage,
                aliases: version.aliases.clone(),
                tags: version.tags.clone(),
                authors: version.author.iter().cloned().collect(),
                creation_time_ms: ago(version.age),
                status: "READY".to_owned(),
                description: version.description.clone(),
            },
            lineage: Lineage {
                logged_model: self.logged_model.as_ref().map(LoggedCase::logged),
                run: self.run.as_ref().map(LoggedCase::logged),
                has_signature: self.signature,
                feature_spec: match self.feature_spec {
                    Some(true) => FeatureSpecFacts::Found {
                        path: feature_spec::FILE.to_owned(),
                        problems: Vec::new(),
                    },
                    Some(false) => FeatureSpecFacts::Absent,
                    None => FeatureSpecFacts::Unknown,
                },
            },
            evaluations: evaluations
                .map(|(id, evaluation)| Evaluation {
                    id,
                    kind: evaluation.kind.clone(),
                    verdict: evaluation.verdict,
                    metrics: evaluation.metrics.clone(),
                    report_uri: evaluation.report_uri.clone(),
                    evaluator: evaluation.evaluator.clone(),
                    time_ms: ago(evaluation.age),
                    binding: bound(&evaluation.of),
                })
                .collect(),
            ab_tests: ab_tests
                .map(|(id, test)| AbTest {
                    id,
                    metric: test.metric.clone(),
                    baseline_version: test.baseline.version,
                    baseline: test.baseline.measured,
                    candidate: test.candidate,
                    report_uri: None,
                    evaluator: None,
                    time_ms: ago(test.age),
                    binding: bound(&test.of),
                })
                .collect(),
            approvals: approvals
                .map(|(id, approval)| Approval {
                    id,
                    by: approval.by.clone(),
                    time_ms: ago(approval.age),
                    comment: approval.comment.clone(),
                    target: approval.to.clone(),
                    binding: bound(&approval.of),
                })
                .collect(),
            production: self.production,
            others: self.is_one_more().then(|| self.others()),
        }
    }

    /// Whether it would make one more active version of this one.
    fn is_one_more(&self) -> bool {
        self.to == Target::Registration || self.version.stage == Stage::Archived
    }

    fn others(&self) -> Vec<ActiveVersion> {
        let others = self.active.iter();
        others
            .filter(|other| other.version != self.version.version)
            .map(|other| ActiveVersion {
                version: other.version,
                stage: other.stage,
                aliases: other.aliases.clone(),
                stays: false,
            })
            .collect()
    }
}

impl LoggedCase {
    fn logged(&self) -> Logged {
        Logged {
            params: self.params.clone(),
            metrics: self.metrics.clone(),
            tags: self.tags.clone(),
        }
    }
}

fn ago(age: Option<Period>) -> i64 {
    age.map_or(NOW_MS, |age| age.before(NOW_MS))
}
