//! Requirements of tags, parameters, metrics and evaluations, as they are written: an object, or just the key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::glob::Glob;
use super::items::{FromKey, items};
use super::values::{Finite, Period};

/// A tag or parameter that must be there.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextRequirement {
    pub key: String,
    /// The values that it may have, as patterns. Left out: any but the empty one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Glob>,
}

/// A metric that must be there.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricRequirement {
    pub key: String,
    /// The least that it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Finite>,
    /// The most that it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Finite>,
    /// Whether an infinite metric may meet `min`, and one that is minus infinity `max`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_infinite: bool,
}

/// An evaluation that must have passed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRequirement {
    /// Its kind: the tag `flowkeep.evaluation.<kind>` records it.
    pub kind: String,
    /// How old it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Period>,
    /// What it must have measured.
    #[serde(
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<MetricOrKey>")]
    pub metrics: Vec<MetricRequirement>,
}

impl FromKey for TextRequirement {
    fn from_key(key: String) -> Self {
        Self {
            key,
            values: Vec::new(),
        }
    }
}

impl FromKey for MetricRequirement {
    fn from_key(key: String) -> Self {
        Self {
            key,
            min: None,
            max: None,
            allow_infinite: false,
        }
    }
}

impl FromKey for EvaluationRequirement {
    fn from_key(kind: String) -> Self {
        Self {
            kind,
            max_age: None,
            metrics: Vec::new(),
        }
    }
}

/// What the schema says of such items.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub enum TextOrKey {
    Key(String),
    Requirement(TextRequirement),
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub enum MetricOrKey {
    Key(String),
    Requirement(MetricRequirement),
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub enum EvaluationOrKind {
    Kind(String),
    Requirement(EvaluationRequirement),
}
