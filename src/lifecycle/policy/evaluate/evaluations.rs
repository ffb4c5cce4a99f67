//! Evaluations that must have passed.

use super::evaluation::{Evaluation, date};
use crate::lifecycle::policy::claims::EVALUATION_TAG_PREFIX;
use crate::lifecycle::policy::document::EvaluationRequirement;
use crate::lifecycle::policy::evaluate::traits::shortfall;
use crate::lifecycle::policy::facts::{self, Verdict};
use crate::lifecycle::policy::report::Requirement;
use crate::lifecycle::policy::statistics::rounded;

impl Evaluation<'_> {
    /// The newest counts, whatever an older one said.
    pub(super) fn evaluation(&mut self, wanted: &EvaluationRequirement) {
        let kind = &wanted.kind;
        let id = format!("evaluation:{kind}");
        let remedy = format!(
            "When it has passed one, set the version tag '{EVALUATION_TAG_PREFIX}{kind}' to {}.",
            example(wanted)
        );
        let of_kind = || {
            let evaluations = self.facts.evaluations.iter();
            evaluations.filter(|evaluation| evaluation.kind == *kind)
        };
        let newest = of_kind()
            .filter(|evaluation| self.is_bound(&evaluation.binding))
            .max_by_key(|evaluation| evaluation.id);
        let requirement = match newest {
            None => {
                let explanation = match of_kind().map(|evaluation| evaluation.id).max() {
                    Some(number) => {
                        format!("evaluation {number} is of other content than the version has now.")
                    }
                    None => format!("no evaluation of kind '{kind}' is recorded for the version."),
                };
                Requirement::unmet(id, explanation).remedy(remedy)
            }
            Some(newest) => {
                let name = format!("evaluation {} of {}", newest.id, date(newest.time_ms));
                let requirement = match self.evaluation_shortfall(wanted, newest) {
                    None => Requirement::met(id, format!("{name} passed.")),
                    Some(reason) => {
                        Requirement::unmet(id, format!("{name} {reason}.")).remedy(remedy)
                    }
                };
                requirement.evidence([newest.id])
            }
        };
        self.add(requirement);
    }

    fn evaluation_shortfall(
        &self,
        wanted: &EvaluationRequirement,
        found: &facts::Evaluation,
    ) -> Option<String> {
        if found.verdict != Verdict::Passed {
            return Some("failed".to_owned());
        }
        if let Some(age) = wanted.max_age
            && age.after(found.time_ms) < self.facts.now_ms
        {
            return Some(format!("is older than {age}"));
        }
        wanted.metrics.iter().find_map(|metric| {
            let key = &metric.key;
            match found.metrics.get(key) {
                None => Some(format!("does not give the metric '{key}'")),
                Some(&value) => shortfall(metric, value)
                    .map(|reason| format!("measured {key} = {}, which {reason}", rounded(value))),
            }
        })
    }
}

/// JSON that would do, with the metrics that are asked for.
fn example(wanted: &EvaluationRequirement) -> String {
    let metrics: Vec<String> = wanted
        .metrics
        .iter()
        .map(|metric| format!("\"{}\": …", metric.key))
        .collect();
    if metrics.is_empty() {
        r#"{"verdict": "passed", "report_uri": "…"}"#.to_owned()
    } else {
        format!(
            r#"{{"verdict": "passed", "metrics": {{{}}}, "report_uri": "…"}}"#,
            metrics.join(", ")
        )
    }
}
