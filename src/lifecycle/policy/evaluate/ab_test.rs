//! The A/B test that a version must have won against the version in Production.

use super::evaluation::{Evaluation, date};
use crate::lifecycle::policy::claims::AB_TEST_TAG;
use crate::lifecycle::policy::document::{AbTestRequirement, FirstPromotion};
use crate::lifecycle::policy::facts::AbTest;
use crate::lifecycle::policy::report::Requirement;
use crate::lifecycle::policy::statistics::{Comparison, Conditions, Test, judge, rounded};
use crate::lifecycle::policy::values::Lift;

const ID: &str = "ab_test";

impl Evaluation<'_> {
    pub(super) fn ab_test(&mut self, wanted: &AbTestRequirement) {
        let requirement = self.ab_test_requirement(wanted);
        self.add(requirement);
    }

    fn ab_test_requirement(&self, wanted: &AbTestRequirement) -> Requirement {
        let production = self.facts.production;
        if production == Some(self.facts.version.version) {
            return Requirement::unmet(
                ID,
                "the version is itself in Production, so that there is nothing to test it against.",
            )
            .remedy("Move it to another stage first.");
        }
        if production.is_none() && wanted.first_promotion == FirstPromotion::NeedsNoTest {
            return Requirement::met(
                ID,
                "no version is in Production yet, and the first needs no A/B test.",
            );
        }
        let remedy = self.ab_test_remedy(wanted);
        let of_metric = || {
            let tests = self.facts.ab_tests.iter();
            tests.filter(|test| test.metric == wanted.metric)
        };
        let newest = of_metric()
            .filter(|test| self.is_bound(&test.binding))
            .max_by_key(|test| test.id);
        let Some(newest) = newest else {
            let explanation = match of_metric().map(|test| test.id).max() {
                Some(number) => {
                    format!("A/B test {number} is of other content than the version has now.")
                }
                None => {
                    format!(
                        "no A/B test of '{}' is recorded for the version.",
                        wanted.metric
                    )
                }
            };
            return Requirement::unmet(ID, explanation).remedy(remedy);
        };
        let name = format!("A/B test {} of {}", newest.id, date(newest.time_ms));
        let requirement = match self.unfit(wanted, newest) {
            Some(reason) => Requirement::unmet(ID, format!("{name} {reason}.")).remedy(remedy),
            None => verdict(&name, wanted, newest),
        };
        requirement.evidence([newest.id])
    }

    /// Why a test cannot be used, whatever it measured.
    fn unfit(&self, wanted: &AbTestRequirement, test: &AbTest) -> Option<String> {
        let own = self.facts.version.version;
        let against = test.baseline_version.map_or_else(
            || "something outside the registry".to_owned(),
            |version| format!("version {version}"),
        );
        match self.facts.production {
            Some(production) if test.baseline_version != Some(production) => {
                return Some(format!(
                    "was made against {against}, and version {production} is in Production now"
                ));
            }
            None if test.baseline_version == Some(own) => {
                return Some("was made against the version itself".to_owned());
            }
            _ => {}
        }
        let age = wanted.max_age?;
        (age.after(test.time_ms) < self.facts.now_ms).then(|| format!("is older than {age}"))
    }

    fn ab_test_remedy(&self, wanted: &AbTestRequirement) -> String {
        let baseline = self
            .facts
            .production
            .map_or_else(String::new, |version| format!("\"version\": {version}, "));
        format!(
            "Measure at least {} samples in each arm and set the version tag '{AB_TEST_TAG}' to \
             {{\"metric\": \"{}\", \"baseline\": {{{baseline}\"samples\": …, \"successes\": …}}, \
             \"candidate\": {{\"samples\": …, \"successes\": …}}}}, or with \"mean\" and \"variance\" \
             in place of \"successes\".",
            wanted.minimum_samples, wanted.metric
        )
    }
}

fn verdict(name: &str, wanted: &AbTestRequirement, test: &AbTest) -> Requirement {
    let conditions = Conditions {
        confidence: wanted.confidence.get(),
        minimum_samples: wanted.minimum_samples.get().into(),
        minimum_lift: wanted.minimum_lift.map(Lift::get),
        better: wanted.better,
    };
    let outcome = judge(&test.baseline, &test.candidate, &conditions);
    let figures = outcome.comparison.as_ref().map(figures).unwrap_or_default();
    let requirement = if outcome.won {
        Requirement::met(ID, format!("{name} is won{figures}."))
    } else {
        let reasons = outcome.shortfalls.join("; ");
        Requirement::unmet(ID, format!("{name} is not won: {reasons}{figures}."))
            .remedy("Only a new test that is won helps.")
    };
    requirement.outcome(outcome)
}

fn figures(comparison: &Comparison) -> String {
    let test = match comparison.test {
        Test::TwoProportionZ => "two-proportion z-test",
        Test::WelchT => "Welch's t-test",
    };
    let lift = comparison.lift.map_or_else(String::new, |lift| {
        format!(", lift {} %", rounded(100.0 * lift))
    });
    format!(
        " ({} against {}{lift}, p = {} by {test})",
        rounded(comparison.candidate),
        rounded(comparison.baseline),
        rounded(comparison.p_value)
    )
}
