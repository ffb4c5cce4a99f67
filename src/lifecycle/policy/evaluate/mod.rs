//! Evaluates a policy for the facts of a version, requirement by requirement. A new requirement is a file here:
//! a method that adds a [`Requirement`], called where its part of the document is gone through.

mod ab_test;
mod approvals;
mod evaluation;
mod evaluations;
mod rules;
mod traits;
mod version_limit;

use self::evaluation::Evaluation;
use self::rules::RuleInput;
use self::traits::TraitList;
use super::Policy;
use super::document::{AliasGate, Approvals, Evidence, Gate, Rule, Spec};
use super::facts::{Facts, Target};
use super::report::{Report, Requirement};
use crate::store::model_versions::Stage;

/// What of a policy a version meets and what it does not, for one target.
///
/// The gates of active stages and of aliases ask for what registration asks too: what a version had
/// when it was registered may have been taken from it, and some were registered before the policy.
///
/// A stage that a version has already is evaluated as if it were to enter it now, except for where it
/// may come from; a caller that changes nothing need not ask.
pub fn evaluate(policy: &Policy, target: &Target, facts: &Facts) -> Report {
    let spec = policy.spec();
    let mut evaluation = Evaluation::new(target, facts);
    match target {
        Target::Registration => evaluation.registration(spec),
        Target::Stage(stage) => {
            if let Some(gate) = spec.stages.get(stage) {
                evaluation.stage(spec, *stage, gate);
            }
        }
        Target::Alias(alias) => {
            if let Some(gate) = spec.alias_gate(alias) {
                evaluation.alias(spec, gate);
            }
        }
    }
    evaluation.version_limit(policy);
    Report {
        policy: policy.name().to_owned(),
        policy_hash: policy.hash().to_owned(),
        enforcement: policy.enforcement(),
        model: facts.model.name.clone(),
        version: facts.version.version,
        target: target.clone(),
        requirements: evaluation.requirements,
    }
}

/// The parts of a gate that stages and aliases have alike.
struct GateParts<'a> {
    require: Option<&'a Evidence>,
    approvals: Option<&'a Approvals>,
    rules: &'a [Rule],
    /// The stage whose gate it is.
    stage: Option<Stage>,
}

impl Evaluation<'_> {
    fn registration(&mut self, spec: &Spec) {
        if let Some(registration) = &spec.registration {
            self.traits(&TraitList::from(&registration.require));
            self.rules(&registration.rules);
        }
    }

    fn stage(&mut self, spec: &Spec, stage: Stage, gate: &Gate) {
        if stage.is_active() {
            self.registration(spec);
        }
        self.from(gate.from.as_deref(), Some(stage));
        self.parts(&GateParts {
            require: Some(&gate.require),
            approvals: gate.approvals.as_ref(),
            rules: &gate.rules,
            stage: Some(stage),
        });
    }

    fn alias(&mut self, spec: &Spec, gate: &AliasGate) {
        if let Some(stage) = gate.same_as.as_ref().map(|stage| stage.value) {
            if self.facts.version.current_stage == stage {
                let explanation = format!("the version is in {}.", stage.as_str());
                self.add(Requirement::met("same_as", explanation));
            } else if let Some(gate) = spec.stages.get(&stage) {
                self.stage(spec, stage, gate);
            }
            return;
        }
        self.registration(spec);
        self.from(gate.from.as_deref(), None);
        self.parts(&GateParts {
            require: gate.require.as_ref(),
            approvals: gate.approvals.as_ref(),
            rules: &gate.rules,
            stage: None,
        });
    }

    fn parts(&mut self, gate: &GateParts) {
        if let Some(require) = gate.require {
            self.traits(&TraitList::from(require));
            for evaluation in &require.evaluations {
                self.evaluation(evaluation);
            }
            if let Some(ab_test) = &require.ab_test {
                self.ab_test(ab_test);
            }
        }
        if let Some(approvals) = gate.approvals {
            self.approvals(approvals, gate.stage);
        }
        self.rules(gate.rules);
    }

    /// `own` is the stage that is to be entered. To be in it already is no wrong place to come from.
    fn from(&mut self, stages: Option<&[Stage]>, own: Option<Stage>) {
        let Some(stages) = stages else { return };
        let current = self.facts.version.current_stage;
        let explanation = format!("the version is in {}", current.as_str());
        if stages.contains(&current) || own == Some(current) {
            self.add(Requirement::met("from", explanation + "."));
            return;
        }
        let names: Vec<&str> = stages.iter().map(|stage| stage.as_str()).collect();
        let names = names.join(" or ");
        let explanation = format!("{explanation}, and must come from {names}.");
        self.add(
            Requirement::unmet("from", explanation)
                .remedy(format!("Transition it to {names} first.")),
        );
    }

    fn rules(&mut self, rules: &[Rule]) {
        if rules.is_empty() {
            return;
        }
        let input = RuleInput::new(self.target, self.facts);
        let contexts = input.contexts(rules);
        for (number, rule) in (1..).zip(rules) {
            let requirement = rules::requirement(rule, number, &contexts);
            self.add(requirement);
        }
    }
}
