//! A policy as it is written: the keys of the YAML document and their types. What is written here
//! about a key is what an editor shows for it.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use utoipa::ToSchema;

use super::expression::Expression;
use super::glob::Glob;
use super::items::items;
use super::requirements::{EvaluationOrKind, MetricOrKey, TextOrKey};
pub use super::requirements::{EvaluationRequirement, MetricRequirement, TextRequirement};
use super::values::{Confidence, Lift, Period, PolicyName};
use crate::store::model_versions::Stage;

/// What must be true before a version of a model may be registered, enter a stage or get an alias.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "LifecyclePolicy")]
pub struct Document {
    pub api_version: ApiVersion,
    pub kind: Kind,
    pub metadata: Metadata,
    pub spec: Spec,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    #[serde(rename = "flowkeep/v1")]
    V1,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    LifecyclePolicy,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The policy's name: applying another document of this name replaces it.
    pub name: PolicyName,
    /// What it is for, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which models it is for. Left out: all of them.
    #[serde(default)]
    pub models: Models,
    /// Whether what does not meet it is refused (enforce), or done and noted (warn).
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What every version must have from the beginning, and keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<Registration>,
    /// What a version needs to enter a stage. A stage that is not named is open.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stages: BTreeMap<Stage, Gate>,
    /// What a version needs to get an alias. '*' stands for the aliases that are not named.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub aliases: BTreeMap<String, AliasGate>,
    /// How many versions may be in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<Versions>,
    /// How long versions are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
}

impl Spec {
    /// What the policy says of an alias: by its name, or under `*`.
    pub fn alias_gate(&self, alias: &str) -> Option<&AliasGate> {
        self.aliases.get(alias).or_else(|| self.aliases.get("*"))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Models {
    /// Patterns for the model's name: '*' stands for any characters, '?' for one.
    #[serde(default = "every_name")]
    #[schemars(with = "Vec<Glob>", length(min = 1))]
    pub names: Spanned<Vec<Glob>>,
    /// Tags that the model must have, each with a pattern for its value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Glob>,
}

fn every_name() -> Spanned<Vec<Glob>> {
    unplaced(vec![Glob::new("*")])
}

fn unplaced<T>(value: T) -> Spanned<T> {
    Spanned {
        value,
        referenced: serde_saphyr::Location::UNKNOWN,
        defined: serde_saphyr::Location::UNKNOWN,
    }
}

impl Default for Models {
    fn default() -> Self {
        Self {
            names: every_name(),
            tags: BTreeMap::new(),
        }
    }
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// What does not meet the policy is refused.
    #[default]
    Enforce,
    /// What does not meet the policy is done, and the report is kept in the history.
    Warn,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    #[serde(default)]
    pub require: Traits,
    /// Conditions in CEL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

/// What a version has from its making.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Traits {
    /// Tags, on the version, its logged model or its run.
    #[serde(
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<TextOrKey>")]
    pub tags: Vec<TextRequirement>,
    /// Parameters, on the logged model or the run.
    #[serde(
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<TextOrKey>")]
    pub params: Vec<TextRequirement>,
    /// Metrics, on the logged model or the run.
    #[serde(
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<MetricOrKey>")]
    pub metrics: Vec<MetricRequirement>,
    /// Whether the model must say what it takes and gives: a signature in its MLmodel file.
    #[serde(default, skip_serializing_if = "is_false")]
    pub signature: bool,
    /// Whether the model must come with a feature retrieval spec.
    #[serde(default, skip_serializing_if = "is_false")]
    pub feature_spec: bool,
}

/// What a version needs to pass.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The stages that a version may come from. Left out: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Vec<Stage>>,
    #[serde(default)]
    pub require: Evidence,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Approvals>,
    /// Conditions in CEL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

/// What a version needs to get an alias: the same as for a stage, or requirements of its own.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AliasGate {
    /// The stage whose requirements hold for the alias too. A version in that stage may have the alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Stage>")]
    pub same_as: Option<Spanned<Stage>>,
    /// The stages that a version may be in. Left out: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Vec<Stage>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require: Option<Evidence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Approvals>,
    /// Conditions in CEL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

/// What must be there, and what must have been shown.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Tags, on the version, its logged model or its run.
    #[serde(
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<TextOrKey>")]
    pub tags: Vec<TextRequirement>,
    /// Parameters, on the logged model or the run.
    #[serde(
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<TextOrKey>")]
    pub params: Vec<TextRequirement>,
    /// Metrics, on the logged model or the run.
    #[serde(
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<MetricOrKey>")]
    pub metrics: Vec<MetricRequirement>,
    /// Whether the model must say what it takes and gives: a signature in its MLmodel file.
    #[serde(default, skip_serializing_if = "is_false")]
    pub signature: bool,
    /// Whether the model must come with a feature retrieval spec.
    #[serde(default, skip_serializing_if = "is_false")]
    pub feature_spec: bool,
    /// Whether the server must know the digest of the version's content.
    #[serde(default, skip_serializing_if = "is_false")]
    pub sealed_source: bool,
    /// Evaluations that must have passed.
    #[serde(
        default,
        deserialize_with = "items",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<EvaluationOrKind>")]
    pub evaluations: Vec<EvaluationRequirement>,
    /// The A/B test that the version must have won against the version in Production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ab_test: Option<AbTestRequirement>,
}

/// The A/B test that a version must have won. The server computes the verdict from the figures of both arms.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AbTestRequirement {
    /// What was measured on both arms.
    pub metric: String,
    /// Whether more of it is better, or less.
    #[serde(default)]
    pub better: Better,
    /// How sure the difference must be. 0.95 means: a difference of this size comes about by chance
    /// at most once in 20 times.
    #[serde(default = "usual_confidence")]
    pub confidence: Confidence,
    /// The least number of samples in each arm.
    #[serde(default = "usual_samples")]
    pub minimum_samples: NonZeroU32,
    /// By how much the candidate must be better, as a part of the baseline: 0.02 is 2 percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_lift: Option<Lift>,
    /// How old the test may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Period>,
    /// What holds while no version is in Production.
    #[serde(default)]
    pub first_promotion: FirstPromotion,
}

fn usual_confidence() -> Confidence {
    Confidence::USUAL
}

fn usual_samples() -> NonZeroU32 {
    NonZeroU32::new(100).unwrap_or(NonZeroU32::MIN)
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    #[default]
    Higher,
    Lower,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstPromotion {
    /// A test is needed all the same, against a baseline of the user's choice.
    #[default]
    NeedsTest,
    /// No test is needed.
    NeedsNoTest,
}

/// How many people must have approved.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approvals {
    /// How many different people.
    pub count: NonZeroU32,
    /// Whether the version's author does not count.
    #[serde(default = "yes")]
    pub not_author: bool,
    /// Whose approval counts, as patterns for user names. Left out: anybody's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Glob>,
    /// How old an approval may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Period>,
}

/// A condition in CEL, the Common Expression Language.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What reports call it. Left out: its number, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What must be true, over version, model, run, `logged_model`, tags, params, metrics, evaluations,
    /// approvals, signature, production, target and `now_ms`.
    pub expression: Expression,
    /// What to say where it is not.
    pub message: String,
    /// Whether infinite numbers may be compared. Left out: a rule that compares one is not met.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_infinite: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// How many versions may be active.
    pub max_active: NonZeroU32,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// How long a version is kept from its archiving on.
    pub archived: Period,
}

fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_false(value: &bool) -> bool {
    !value
}
