//! Evidence as it is given: the JSON of the reserved tags of a version, which is also the JSON that
//! the API takes. An unknown key or a wrong type is refused, so that evidence is never half understood.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{Metrics, Target, Verdict};
use super::statistics::{Figures, Measurement};
use crate::store::model_versions::Stage;

/// Tags that begin so are evaluations; the rest of the key is their kind.
pub const EVALUATION_TAG_PREFIX: &str = "flowkeep.evaluation.";
/// The tag that is an A/B test.
pub const AB_TEST_TAG: &str = "flowkeep.ab_test";
/// The tag that is an approval.
pub const APPROVAL_TAG: &str = "flowkeep.approval";

const EVALUATION: &str = "evaluation";
const AB_TEST: &str = "ab_test";
const APPROVAL: &str = "approval";

/// A piece of evidence. A new kind of evidence begins here: with a variant of its own, the compiler names
/// the places where it has to be recorded, weighed and judged.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    Evaluation(EvaluationClaim),
    AbTest(AbTestClaim),
    Approval(ApprovalClaim),
}

impl Claim {
    /// What a version tag says, if its key is a reserved one; what is wrong with its value, if it is.
    pub fn from_tag(key: &str, value: &str) -> Option<Result<Self, String>> {
        let claim = if let Some(kind) = key.strip_prefix(EVALUATION_TAG_PREFIX) {
            EvaluationClaim::from_json(kind, value).map(Self::Evaluation)
        } else if key == AB_TEST_TAG {
            AbTestClaim::from_json(value).map(Self::AbTest)
        } else if key == APPROVAL_TAG {
            ApprovalClaim::from_text(value).map(Self::Approval)
        } else {
            return None;
        };
        Some(claim.map_err(|reason| format!("The tag '{key}' is not understood: {reason}")))
    }

    /// The name under which the database keeps evidence of this kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Evaluation(_) => EVALUATION,
            Self::AbTest(_) => AB_TEST,
            Self::Approval(_) => APPROVAL,
        }
    }

    /// What the database keeps of it. Fails for figures that JSON cannot hold.
    pub fn to_body(&self) -> serde_json::Result<serde_json::Value> {
        match self {
            Self::Evaluation(claim) => serde_json::to_value(claim),
            Self::AbTest(claim) => serde_json::to_value(claim),
            Self::Approval(claim) => serde_json::to_value(claim),
        }
    }

    /// Reads what the database keeps, by the name of its kind.
    pub fn from_body(kind: &str, body: &str) -> serde_json::Result<Self> {
        Ok(match kind {
            EVALUATION => Self::Evaluation(serde_json::from_str(body)?),
            AB_TEST => Self::AbTest(serde_json::from_str(body)?),
            _ => Self::Approval(serde_json::from_str(body)?),
        })
    }
}

/// An evaluation: somebody, or some program, looked at the version and passed or failed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationClaim {
    /// Taken from the tag's key, where a tag says it.
    #[serde(default)]
    pub kind: String,
    pub verdict: Verdict,
    #[serde(default, skip_serializing_if = "Metrics::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, f64>)]
    pub metrics: Metrics,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluator: Option<String>,
}

impl EvaluationClaim {
    pub const EXAMPLE: &str = r#"{"verdict": "passed", "metrics": {"bias": 0.01}, "report_uri": "https://…", "evaluator": "…"}"#;

    fn from_json(kind: &str, json: &str) -> Result<Self, String> {
        if kind.is_empty() {
            return Err(
                "it names no kind of evaluation, as flowkeep.evaluation.bias does".to_owned(),
            );
        }
        let claim: Self = read(json, Self::EXAMPLE)?;
        if !claim.kind.is_empty() && claim.kind != kind {
            return Err(format!("its JSON speaks of the kind '{}'", claim.kind));
        }
        Ok(Self {
            kind: kind.to_owned(),
            ..claim
        })
    }
}

/// An A/B test: what was measured with the version, and with the one that it is to replace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AbTestClaim {
    pub metric: String,
    #[schema(value_type = BaselineFigures)]
    pub baseline: Baseline,
    #[schema(value_type = Figures)]
    pub candidate: Measurement,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluator: Option<String>,
}

impl AbTestClaim {
    pub const EXAMPLE: &str = r#"{"metric": "conversion", "baseline": {"version": 3, "samples": 5000, "successes": 410}, "candidate": {"samples": 5000, "successes": 480}}"#;

    fn from_json(json: &str) -> Result<Self, String> {
        read(json, Self::EXAMPLE)
    }
}

/// What a candidate was measured against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BaselineFigures", into = "BaselineFigures")]
pub struct Baseline {
    /// None: something that is not in the registry, such as what was used before the first model.
    pub version: Option<u64>,
    pub measured: Measurement,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BaselineFigures {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    samples: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    successes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mean: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    variance: Option<f64>,
}

impl TryFrom<BaselineFigures> for Baseline {
    type Error = &'static str;

    fn try_from(figures: BaselineFigures) -> Result<Self, Self::Error> {
        let measured = Measurement::try_from(Figures {
            samples: figures.samples,
            successes: figures.successes,
            mean: figures.mean,
            variance: figures.variance,
        })?;
        Ok(Self {
            version: figures.version,
            measured,
        })
    }
}

impl From<Baseline> for BaselineFigures {
    fn from(baseline: Baseline) -> Self {
        let figures = Figures::from(baseline.measured);
        Self {
            version: baseline.version,
            samples: figures.samples,
            successes: figures.successes,
            mean: figures.mean,
            variance: figures.variance,
        }
    }
}

/// An approval, of one stage or alias or of whatever needs one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalClaim {
    /// Who approves. The server's own knowledge of who asks comes first, where it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
}

impl ApprovalClaim {
    pub const EXAMPLE: &str = r#"{"by": "…", "comment": "…", "stage": "Production"}"#;

    /// Reads JSON, or takes the text for the comment.
    fn from_text(text: &str) -> Result<Self, String> {
        if !text.trim_start().starts_with('{') {
            let comment = Some(text.trim().to_owned()).filter(|comment| !comment.is_empty());
            return Ok(Self {
                comment,
                ..Self::default()
            });
        }
        let claim: Self = read(text, Self::EXAMPLE)?;
        if claim.stage.is_some() && claim.alias.is_some() {
            return Err("it approves a stage or an alias, not both".to_owned());
        }
        Ok(claim)
    }

    /// The stage or alias that is approved; `None` for all that need an approval.
    pub fn target(&self) -> Option<Target> {
        let stage = self.stage.map(Target::Stage);
        stage.or_else(|| self.alias.clone().map(Target::Alias))
    }
}

fn read<T: DeserializeOwned>(json: &str, example: &str) -> Result<T, String> {
    serde_json::from_str(json)
        .map_err(|error| format!("{error}. Its value is JSON such as {example}"))
}
