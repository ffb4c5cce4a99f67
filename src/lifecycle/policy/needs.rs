//! The facts that a policy needs to evaluate some targets. Facts that no part of the policy mentions are not
//! gathered.

use super::Policy;
use super::document::{Approvals, Evidence, Gate, Rule, Traits};
use super::facts::Target;

/// The facts that have to be gathered, beside those that are always known: the version's row and tags, and the model's
/// tags.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says of one thing whether it is asked for"
)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs<'a> {
    /// Tags that are looked for on the logged model and the run where the version has none.
    tag_keys: Vec<&'a str>,
    /// The tags of the logged model and the run, whatever the version has.
    inherited_tags: bool,
    pub params: bool,
    pub metrics: bool,
    pub authors: bool,
    /// The ids of the run and the logged model.
    pub origin: bool,
    pub aliases: bool,
    pub digest: bool,
    /// What the files of the model say.
    pub description: bool,
    /// The version in Production, or the last one there.
    pub production: bool,
}

impl<'a> Needs<'a> {
    /// Asks for every fact.
    pub fn everything() -> Self {
        Self {
            tag_keys: Vec::new(),
            inherited_tags: true,
            params: true,
            metrics: true,
            authors: true,
            origin: true,
            aliases: true,
            digest: true,
            description: true,
            production: true,
        }
    }

    /// Whether tags are looked for beyond a version that has these.
    pub fn tags_beyond<'k>(&self, of_version: impl Iterator<Item = &'k str> + Clone) -> bool {
        let is_missing = |key: &&str| !of_version.clone().any(|own| own == *key);
        self.inherited_tags || self.tag_keys.iter().any(is_missing)
    }

    fn traits(&mut self, traits: &'a Traits) {
        let keys = traits.tags.iter().map(|tag| tag.key.as_str());
        self.tag_keys.extend(keys);
        self.params |= !traits.params.is_empty();
        self.metrics |= !traits.metrics.is_empty();
        self.description(traits.signature || traits.feature_spec);
    }

    fn description(&mut self, is_asked: bool) {
        self.description |= is_asked;
        // Where a spec of features is may be said by tags of the run.
        self.inherited_tags |= is_asked;
    }

    fn evidence(&mut self, require: &'a Evidence) {
        let keys = require.tags.iter().map(|tag| tag.key.as_str());
        self.tag_keys.extend(keys);
        self.params |= !require.params.is_empty();
        self.metrics |= !require.metrics.is_empty();
        self.description(require.signature || require.feature_spec);
        let is_bound = !require.evaluations.is_empty() || require.ab_test.is_some();
        self.digest |= require.sealed_source || is_bound;
        self.production |= require.ab_test.is_some();
    }

    fn approvals(&mut self, approvals: &Approvals) {
        self.authors |= approvals.not_author;
        self.digest = true;
    }

    fn rules(&mut self, rules: &[Rule]) {
        let mentioned = rules.iter().flat_map(|rule| rule.expression.mentions());
        for mention in mentioned {
            match mention.as_str() {
                "params" => self.params = true,
                "metrics" => self.metrics = true,
                "tags" => self.inherited_tags = true,
                "run" | "logged_model" => {
                    self.params = true;
                    self.metrics = true;
                    self.inherited_tags = true;
                }
                "production" => self.production = true,
                "signature" => self.description(true),
                "approvals" | "evaluations" | "version.digest" => self.digest = true,
                "version.aliases" => self.aliases = true,
                "version.authors" => self.authors = true,
                "version.run_id" | "version.model_id" => self.origin = true,
                "version" => {
                    self.aliases = true;
                    self.authors = true;
                    self.digest = true;
                    self.origin = true;
                }
                _ => {}
            }
        }
    }

    fn gate(&mut self, gate: &'a Gate) {
        self.evidence(&gate.require);
        if let Some(approvals) = &gate.approvals {
            self.approvals(approvals);
        }
        self.rules(&gate.rules);
    }

    fn registration(&mut self, policy: &'a Policy) {
        if let Some(registration) = &policy.spec().registration {
            self.traits(&registration.require);
            self.rules(&registration.rules);
        }
    }

    fn target(&mut self, policy: &'a Policy, target: &Target) {
        let spec = policy.spec();
        self.registration(policy);
        match target {
            Target::Registration => {}
            Target::Stage(stage) => {
                if let Some(gate) = spec.stages.get(stage) {
                    self.gate(gate);
                }
            }
            Target::Alias(alias) => {
                let Some(gate) = spec.alias_gate(alias) else {
                    return;
                };
                let stage = gate.same_as.as_ref().map(|stage| stage.value);
                if let Some(gate) = stage.and_then(|stage| spec.stages.get(&stage)) {
                    self.gate(gate);
                }
                if let Some(require) = &gate.require {
                    self.evidence(require);
                }
                if let Some(approvals) = &gate.approvals {
                    self.approvals(approvals);
                }
                self.rules(&gate.rules);
            }
        }
    }
}

impl Policy {
    /// What has to be known to evaluate the policy for these targets.
    pub fn needs<'a>(&'a self, targets: impl IntoIterator<Item = &'a Target>) -> Needs<'a> {
        let mut needs = Needs {
            // Those who count versions ask for them.
            aliases: self.spec().versions.is_some(),
            ..Needs::default()
        };
        // A gate that does not exist asks for nothing, and neither does registration in its place.
        for target in targets {
            if self.gates(target) {
                needs.target(self, target);
            }
        }
        needs
    }

    /// Whether anything in the policy asks for what the files of a model say.
    pub fn asks_for_description(&self) -> bool {
        let spec = self.spec();
        let of_gate = |evidence: &Evidence| evidence.signature || evidence.feature_spec;
        spec.registration
            .as_ref()
            .is_some_and(|part| part.require.signature || part.require.feature_spec)
            || spec.stages.values().any(|gate| of_gate(&gate.require))
            || spec
                .aliases
                .values()
                .filter_map(|gate| gate.require.as_ref())
                .any(of_gate)
    }
}
