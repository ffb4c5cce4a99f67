//! Which policy a model falls under: the most specific of those that match it.

use std::fmt;

use super::Policy;
use super::document::Models;
use super::facts::ModelFacts;
use super::glob::Glob;

/// How closely a policy names what it is for. A name without wildcards comes before all patterns, a
/// longer pattern before a shorter one, and only then do tags count, the more the closer: who may tag
/// a model must not thereby choose its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity {
    exact: bool,
    literals: usize,
    tags: usize,
}

impl Specificity {
    fn of(name: &Glob, models: &Models) -> Self {
        Self {
            exact: name.is_exact(),
            literals: name.literals(),
            tags: models.tags.len(),
        }
    }
}

/// Two policies between which nothing decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    pub policies: [String; 2],
    pub patterns: [String; 2],
}

impl fmt::Display for Tie {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [policy, other] = &self.policies;
        let [pattern, other_pattern] = &self.patterns;
        write!(
            formatter,
            "Policies '{policy}' and '{other}' can match the same model, and neither is the more specific: \
             '{pattern}' and '{other_pattern}'. Make one pattern longer, or tell the models apart by tags."
        )
    }
}

impl std::error::Error for Tie {}

fn specificity(models: &Models, model: &ModelFacts) -> Option<Specificity> {
    let has_tags = models.tags.iter().all(|(key, value)| {
        model
            .tags
            .get(key)
            .is_some_and(|found| value.matches(found))
    });
    if !has_tags {
        return None;
    }
    let names = models.names.value.iter();
    names
        .filter(|name| name.matches(&model.name))
        .map(|name| Specificity::of(name, models))
        .max()
}

impl Policy {
    /// How closely the policy names a model, if it is for it at all.
    pub fn matches(&self, model: &ModelFacts) -> Option<Specificity> {
        specificity(&self.spec().models, model)
    }
}

/// The policy that a model falls under.
pub fn select<'a>(policies: &'a [Policy], model: &ModelFacts) -> Option<&'a Policy> {
    policies
        .iter()
        .filter_map(|policy| Some((policy.matches(model)?, policy)))
        .max_by(|(left, policy), (right, other)| {
            // No tie gets into the database; should there be one, every replica decides alike.
            left.cmp(right)
                .then_with(|| other.name().cmp(policy.name()))
        })
        .map(|(_, policy)| policy)
}

/// Two policies that a model could fall under with equal right, if there are any.
pub fn find_tie(policies: &[Policy]) -> Option<Tie> {
    policies.iter().enumerate().find_map(|(number, policy)| {
        policies[number + 1..]
            .iter()
            .find_map(|other| tie(policy, other))
    })
}

fn tie(policy: &Policy, other: &Policy) -> Option<Tie> {
    let (models, other_models) = (&policy.spec().models, &other.spec().models);
    let tags_differ = models.tags.iter().any(|(key, value)| {
        other_models
            .tags
            .get(key)
            .is_some_and(|other_value| !value.overlaps(other_value))
    });
    if tags_differ {
        return None;
    }
    models.names.value.iter().find_map(|name| {
        let against = other_models.names.value.iter().find(|other_name| {
            Specificity::of(name, models) == Specificity::of(other_name, other_models)
                && name.overlaps(other_name)
        })?;
        Some(Tie {
            policies: [policy.name().to_owned(), other.name().to_owned()],
            patterns: [name.to_string(), against.to_string()],
        })
    })
}
