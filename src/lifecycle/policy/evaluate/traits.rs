//! What a version has from its making: tags, parameters, metrics, signature, feature spec.

use super::evaluation::Evaluation;
use crate::lifecycle::policy::document::{Evidence, MetricRequirement, TextRequirement, Traits};
use crate::lifecycle::policy::facts::{FeatureSpecFacts, Logged, Target};
use crate::lifecycle::policy::glob::Glob;
use crate::lifecycle::policy::report::Requirement;
use crate::lifecycle::policy::statistics::rounded;
use crate::lifecycle::policy::values::{Finite, is_finite};

/// What registration and gates ask for alike.
pub(super) struct TraitList<'a> {
    tags: &'a [TextRequirement],
    params: &'a [TextRequirement],
    metrics: &'a [MetricRequirement],
    signature: bool,
    feature_spec: bool,
    sealed_source: bool,
}

impl<'a> From<&'a Traits> for TraitList<'a> {
    fn from(traits: &'a Traits) -> Self {
        Self {
            tags: &traits.tags,
            params: &traits.params,
            metrics: &traits.metrics,
            signature: traits.signature,
            feature_spec: traits.feature_spec,
            sealed_source: false,
        }
    }
}

impl<'a> From<&'a Evidence> for TraitList<'a> {
    fn from(evidence: &'a Evidence) -> Self {
        Self {
            tags: &evidence.tags,
            params: &evidence.params,
            metrics: &evidence.metrics,
            signature: evidence.signature,
            feature_spec: evidence.feature_spec,
            sealed_source: evidence.sealed_source,
        }
    }
}

impl Evaluation<'_> {
    pub(super) fn traits(&mut self, traits: &TraitList) {
        for tag in traits.tags {
            self.add(self.tag(tag));
        }
        for param in traits.params {
            self.add(self.param(param));
        }
        for metric in traits.metrics {
            self.add(self.metric(metric));
        }
        if traits.signature {
            self.add(self.signature());
        }
        if traits.feature_spec {
            self.add(self.feature_spec());
        }
        if traits.sealed_source {
            self.add(self.sealed_source());
        }
    }

    /// What the version was logged as and by, the nearer first.
    fn origins(&self) -> impl Iterator<Item = (&'static str, &Logged)> {
        let lineage = &self.facts.lineage;
        let model = lineage.logged_model.as_ref();
        let run = lineage.run.as_ref();
        model
            .map(|logged| ("its logged model", logged))
            .into_iter()
            .chain(run.map(|logged| ("its run", logged)))
    }

    fn tag(&self, wanted: &TextRequirement) -> Requirement {
        let key = &wanted.key;
        let own = self.facts.version.tags.get(key);
        let found = own.map(|value| ("the version", value)).or_else(|| {
            self.origins()
                .find_map(|(origin, logged)| Some((origin, logged.tags.get(key)?)))
        });
        let remedy = if *self.target == Target::Registration {
            format!("Register it with tags={{\"{key}\": \"…\"}}, or set the tag on its run first.")
        } else {
            format!("Set the version tag '{key}'.")
        };
        text(&format!("tag:{key}"), "tag", wanted, found, remedy)
    }

    fn param(&self, wanted: &TextRequirement) -> Requirement {
        let key = &wanted.key;
        let found = self
            .origins()
            .find_map(|(origin, logged)| Some((origin, logged.params.get(key)?)));
        let remedy = format!("Log it to the version's run: mlflow.log_param(\"{key}\", …).");
        text(&format!("param:{key}"), "parameter", wanted, found, remedy)
    }

    fn metric(&self, wanted: &MetricRequirement) -> Requirement {
        let key = &wanted.key;
        let id = format!("metric:{key}");
        let found = self
            .origins()
            .find_map(|(origin, logged)| Some((origin, *logged.metrics.get(key)?)));
        let Some((origin, value)) = found else {
            return Requirement::unmet(
                id,
                format!("there is no metric '{key}' on the version's logged model or run."),
            )
            .remedy(format!(
                "Log it to the version's run: mlflow.log_metric(\"{key}\", …)."
            ));
        };
        let what = format!("the metric '{key}' of {origin} is {}", rounded(value));
        match shortfall(wanted, value) {
            None => Requirement::met(id, what + "."),
            Some(reason) => Requirement::unmet(id, format!("{what}, and {reason}.")),
        }
    }

    fn signature(&self) -> Requirement {
        match self.facts.lineage.has_signature {
            Some(true) => Requirement::met("signature", "the model has a signature."),
            Some(false) => Requirement::unmet("signature", "the model has no signature.")
                .remedy("Log it with signature=… or input_example=… and register it anew."),
            None => Requirement::unmet(
                "signature",
                "the server cannot read the model's MLmodel file to look for a signature.",
            )
            .remedy("Log the model to the server's artifact storage and register it from there."),
        }
    }

    fn feature_spec(&self) -> Requirement {
        let id = "feature_spec";
        match &self.facts.lineage.feature_spec {
            FeatureSpecFacts::Found { problems, .. } if problems.is_empty() => {
                Requirement::met(id, "the model has a feature retrieval spec.")
            }
            FeatureSpecFacts::Found { path, problems } => Requirement::unmet(
                id,
                format!(
                    "the feature retrieval spec {path} cannot be relied upon: {}.",
                    problems.join("; ")
                ),
            )
            .remedy("Log the model with a spec that fits it, and register it anew."),
            FeatureSpecFacts::Absent => Requirement::unmet(id, "the model has no feature retrieval spec.").remedy(
                "Log it with a file feature_retrieval_spec.yaml among its artifacts and register it anew.",
            ),
            FeatureSpecFacts::Unknown => Requirement::unmet(
                id,
                "the server cannot read the model's artifacts to look for a feature retrieval spec.",
            )
            .remedy("Log the model to the server's artifact storage and register it from there."),
        }
    }

    fn sealed_source(&self) -> Requirement {
        let id = "sealed_source";
        if self.facts.version.digest.is_some() {
            return Requirement::met(id, "the server knows the digest of the version's content.");
        }
        let explanation = "the server does not know the digest of the version's content";
        let explanation = match &self.facts.version.unread {
            Some(reason) => format!("{explanation}: {reason}"),
            None => format!("{explanation}."),
        };
        Requirement::unmet(id, explanation)
            .remedy("Log the model to the server's artifact storage and register it from there.")
    }
}

fn text(
    id: &str,
    kind: &str,
    wanted: &TextRequirement,
    found: Option<(&str, &String)>,
    remedy: String,
) -> Requirement {
    let key = &wanted.key;
    let Some((origin, value)) = found.filter(|(_, value)| !value.is_empty()) else {
        let explanation = match found {
            Some((origin, _)) => format!("the {kind} '{key}' of {origin} is empty."),
            None if kind == "tag" => {
                format!("there is no tag '{key}' on the version, its logged model or its run.")
            }
            None => format!("there is no {kind} '{key}' on the version's logged model or run."),
        };
        return Requirement::unmet(id, explanation).remedy(remedy);
    };
    let what = format!("the {kind} '{key}' of {origin} is '{value}'");
    if wanted.values.is_empty() || wanted.values.iter().any(|glob| glob.matches(value)) {
        return Requirement::met(id, what + ".");
    }
    let values: Vec<&str> = wanted.values.iter().map(Glob::as_str).collect();
    Requirement::unmet(id, format!("{what}, and must be {}.", values.join(" or ")))
}

/// Why a value is not good enough.
pub(super) fn shortfall(wanted: &MetricRequirement, value: f64) -> Option<String> {
    let least = wanted.min.map(Finite::get);
    let most = wanted.max.map(Finite::get);
    let is_infinite = !is_finite(value) && !wanted.allow_infinite;
    let finite = || Some("must be finite, as the policy does not say allow_infinite".to_owned());
    match (least, most) {
        _ if value.is_nan() => Some("must be a number".to_owned()),
        (Some(_), _) if is_infinite && value > 0.0 => finite(),
        (_, Some(_)) if is_infinite && value < 0.0 => finite(),
        (Some(least), _) if value < least => Some(format!("must be at least {least}")),
        (_, Some(most)) if value > most => Some(format!("must be at most {most}")),
        _ => None,
    }
}
