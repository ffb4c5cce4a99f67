//! Conditions in CEL, and what they may speak of.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cel::Context;
use serde::Serialize;

use crate::lifecycle::policy::comparisons::Infinite;
use crate::lifecycle::policy::document::Rule;
use crate::lifecycle::policy::expression;
use crate::lifecycle::policy::facts::{Facts, Logged, Metrics, Params, Tags, Target, Verdict};
use crate::lifecycle::policy::report::Requirement;

/// The variables of a condition, by the names that `expression::VARIABLES` lists.
#[derive(Serialize)]
pub(super) struct RuleInput<'a> {
    approvals: Vec<ApprovalInput<'a>>,
    evaluations: BTreeMap<&'a str, EvaluationInput<'a>>,
    logged_model: Logged,
    metrics: Metrics,
    model: ModelInput<'a>,
    now_ms: i64,
    params: Params,
    production: Option<i64>,
    run: Logged,
    signature: Option<bool>,
    tags: Tags,
    target: TargetInput<'a>,
    version: VersionInput<'a>,
}

/// What rules are evaluated in: those that may compare infinite numbers, and those that may not. None where there are no
/// such rules.
pub(super) struct Contexts {
    finite: Option<Result<Context<'static, 'static>, String>>,
    all: Option<Result<Context<'static, 'static>, String>>,
}

#[derive(Serialize)]
struct ModelInput<'a> {
    name: &'a str,
    tags: &'a Tags,
}

#[derive(Serialize)]
struct TargetInput<'a> {
    stage: Option<&'static str>,
    alias: Option<&'a str>,
}

#[derive(Serialize)]
struct VersionInput<'a> {
    name: &'a str,
    version: i64,
    source: &'a str,
    run_id: Option<&'a str>,
    model_id: Option<&'a str>,
    digest: Option<&'a str>,
    stage: &'static str,
    aliases: &'a [String],
    tags: &'a Tags,
    authors: &'a [String],
    creation_time_ms: i64,
    age_days: f64,
    status: &'a str,
    description: &'a str,
}

#[derive(Serialize)]
struct EvaluationInput<'a> {
    passed: bool,
    metrics: &'a Metrics,
    report_uri: Option<&'a str>,
    evaluator: Option<&'a str>,
    time_ms: i64,
    age_days: f64,
}

#[derive(Serialize)]
struct ApprovalInput<'a> {
    by: &'a str,
    comment: Option<&'a str>,
    time_ms: i64,
    age_days: f64,
}

impl<'a> RuleInput<'a> {
    pub(super) fn new(target: &'a Target, facts: &'a Facts) -> Self {
        let version = &facts.version;
        let run = facts.lineage.run.clone().unwrap_or_default();
        let logged_model = facts.lineage.logged_model.clone().unwrap_or_default();
        let mut tags = merged(&run.tags, &logged_model.tags);
        tags.extend(version.tags.clone());
        Self {
            approvals: approvals(facts),
            evaluations: evaluations(facts),
            metrics: merged(&run.metrics, &logged_model.metrics),
            model: ModelInput {
                name: &facts.model.name,
                tags: &facts.model.tags,
            },
            now_ms: facts.now_ms,
            params: merged(&run.params, &logged_model.params),
            production: facts.production.map(integer),
            run,
            signature: facts.lineage.has_signature,
            tags,
            target: match target {
                Target::Registration => TargetInput {
                    stage: None,
                    alias: None,
                },
                Target::Stage(stage) => TargetInput {
                    stage: Some(stage.as_str()),
                    alias: None,
                },
                Target::Alias(alias) => TargetInput {
                    stage: None,
                    alias: Some(alias),
                },
            },
            version: VersionInput {
                name: &facts.model.name,
                version: integer(version.version),
                source: &version.source,
                run_id: version.run_id.as_deref(),
                model_id: version.model_id.as_deref(),
                digest: version.digest.as_deref(),
                stage: version.current_stage.as_str(),
                aliases: &version.aliases,
                tags: &version.tags,
                authors: &version.authors,
                creation_time_ms: version.creation_time_ms,
                age_days: days(facts.now_ms, version.creation_time_ms),
                status: &version.status,
                description: version.description.as_deref().unwrap_or_default(),
            },
            logged_model,
        }
    }

    pub(super) fn contexts(&self, rules: &[Rule]) -> Contexts {
        let context = |infinite| {
            let is_used = rules.iter().any(|rule| infinite_of(rule) == infinite);
            is_used.then(|| self.context(infinite))
        };
        Contexts {
            finite: context(Infinite::Refused),
            all: context(Infinite::Allowed),
        }
    }

    fn context(&self, infinite: Infinite) -> Result<Context<'static, 'static>, String> {
        let mut context = expression::context(infinite)?;
        if let Ok(cel::Value::Map(variables)) = cel::to_value(self) {
            for (name, value) in variables.map.iter() {
                context.add_variable_from_value(name.to_string(), value.clone());
            }
        }
        Ok(context)
    }
}

/// The evaluations that count: the newest of each kind, for the bytes that the version has.
fn evaluations(facts: &Facts) -> BTreeMap<&str, EvaluationInput<'_>> {
    let mut found: Vec<_> = facts.evaluations.iter().collect();
    found.retain(|evaluation| facts.version.has(&evaluation.binding));
    found.sort_by_key(|evaluation| evaluation.id);
    let inputs = found.into_iter().map(|evaluation| {
        let input = EvaluationInput {
            passed: evaluation.verdict == Verdict::Passed,
            metrics: &evaluation.metrics,
            report_uri: evaluation.report_uri.as_deref(),
            evaluator: evaluation.evaluator.as_deref(),
            time_ms: evaluation.time_ms,
            age_days: days(facts.now_ms, evaluation.time_ms),
        };
        (evaluation.kind.as_str(), input)
    });
    inputs.collect()
}

fn approvals(facts: &Facts) -> Vec<ApprovalInput<'_>> {
    let approvals = facts.approvals.iter();
    approvals
        .filter(|approval| facts.version.has(&approval.binding))
        .map(|approval| ApprovalInput {
            by: &approval.by,
            comment: approval.comment.as_deref(),
            time_ms: approval.time_ms,
            age_days: days(facts.now_ms, approval.time_ms),
        })
        .collect()
}

fn infinite_of(rule: &Rule) -> Infinite {
    if rule.allow_infinite {
        Infinite::Allowed
    } else {
        Infinite::Refused
    }
}

/// What a rule came to. One that cannot be evaluated is not met.
pub(super) fn requirement(rule: &Rule, number: usize, contexts: &Contexts) -> Requirement {
    let id = match &rule.name {
        Some(name) => format!("rule:{name}"),
        None => format!("rule:{number}"),
    };
    let context = match infinite_of(rule) {
        Infinite::Refused => &contexts.finite,
        Infinite::Allowed => &contexts.all,
    };
    // The evaluator is another's code: should it have a flaw, the answer is no, and the server lives.
    let outcome = catch_unwind(AssertUnwindSafe(|| match context {
        Some(Ok(context)) => rule.expression.holds(context),
        Some(Err(reason)) => Err(reason.clone()),
        None => Err("it has nothing to speak of".to_owned()),
    }));
    match outcome {
        Ok(Ok(true)) => Requirement::met(id, "the rule holds."),
        Ok(Ok(false)) => Requirement::unmet(id, rule.message.clone()),
        Ok(Err(reason)) => {
            let message = format!("{} (The rule cannot be evaluated: {reason}.)", rule.message);
            Requirement::unmet(id, message)
        }
        Err(_) => {
            let message = format!("{} (The rule cannot be evaluated.)", rule.message);
            Requirement::unmet(id, message)
        }
    }
}

fn merged<V: Clone>(base: &BTreeMap<String, V>, over: &BTreeMap<String, V>) -> BTreeMap<String, V> {
    let mut merged = base.clone();
    merged.extend(over.iter().map(|(key, value)| (key.clone(), value.clone())));
    merged
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an age in days need not be exact"
)]
fn days(now_ms: i64, time_ms: i64) -> f64 {
    now_ms.saturating_sub(time_ms) as f64 / 86_400_000.0
}
