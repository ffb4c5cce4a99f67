//! The verdict of an A/B test, computed from what was measured.
//!
//! The null hypothesis is that the candidate is not better than the baseline; both tests are
//! one-sided. Proportions are compared by a z-test with the pooled rate, means by Welch's t-test,
//! which does not take the variances to be equal.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use thiserror::Error;
use utoipa::ToSchema;

use super::document::Better;
use super::values::is_finite;

/// What was measured on one arm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Figures", into = "Figures")]
pub enum Measurement {
    Proportion {
        samples: u64,
        successes: u64,
    },
    Mean {
        samples: u64,
        mean: f64,
        variance: f64,
    },
}

/// A measurement as it is written in JSON.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArmFigures)]
pub struct Figures {
    pub samples: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variance: Option<f64>,
}

/// More than any test has, and few enough to be exact as a floating-point number.
const MOST_SAMPLES: u64 = 1 << 53;

impl TryFrom<Figures> for Measurement {
    type Error = &'static str;

    fn try_from(figures: Figures) -> Result<Self, Self::Error> {
        let samples = figures.samples;
        if samples > MOST_SAMPLES {
            return Err("there cannot be that many samples");
        }
        match (figures.successes, figures.mean, figures.variance) {
            (Some(successes), None, None) if successes <= samples => {
                Ok(Self::Proportion { samples, successes })
            }
            (Some(_), None, None) => Err("there are more successes than samples"),
            (None, Some(mean), Some(variance))
                if mean.is_finite() && variance.is_finite() && variance >= 0.0 =>
            {
                Ok(Self::Mean {
                    samples,
                    mean,
                    variance,
                })
            }
            (None, Some(_), Some(_)) => {
                Err("mean and variance must be finite, and variance not negative")
            }
            _ => Err("an arm has samples and successes, or samples, mean and variance"),
        }
    }
}

impl From<Measurement> for Figures {
    fn from(measurement: Measurement) -> Self {
        match measurement {
            Measurement::Proportion { samples, successes } => Self {
                samples,
                successes: Some(successes),
                ..Self::default()
            },
            Measurement::Mean {
                samples,
                mean,
                variance,
            } => Self {
                samples,
                mean: Some(mean),
                variance: Some(variance),
                ..Self::default()
            },
        }
    }
}

impl Measurement {
    /// The number of samples.
    pub fn samples(&self) -> u64 {
        match self {
            Self::Proportion { samples, .. } | Self::Mean { samples, .. } => *samples,
        }
    }

    fn is_finite(&self) -> bool {
        match *self {
            Self::Proportion { .. } => true,
            Self::Mean { mean, variance, .. } => is_finite(mean) && is_finite(variance),
        }
    }

    /// The rate of successes, or the mean.
    pub fn value(&self) -> f64 {
        match self {
            Self::Proportion { samples, successes } => float(*successes) / float(*samples),
            Self::Mean { mean, .. } => *mean,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Test {
    #[serde(rename = "two-proportion z-test")]
    TwoProportionZ,
    #[serde(rename = "Welch's t-test")]
    WelchT,
}

/// How the candidate compares with the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Comparison {
    pub test: Test,
    /// Positive where the candidate is the better one.
    pub statistic: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degrees_of_freedom: Option<f64>,
    /// How likely a difference at least as much in favour of the candidate is, if it is no better.
    pub p_value: f64,
    pub baseline: f64,
    pub candidate: f64,
    /// By how much the candidate is better, as a part of the baseline. None where the baseline is 0.
    pub lift: Option<f64>,
}

#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Incomparable {
    #[error("one arm has successes and the other has a mean")]
    Kinds,
    #[error("an arm has fewer than 2 samples")]
    TooFew,
    #[error("a mean or variance is infinite")]
    Infinite,
    #[error("the figures do not vary, so no test can tell the arms apart")]
    NoVariation,
}

pub fn compare(
    baseline: &Measurement,
    candidate: &Measurement,
    better: Better,
) -> Result<Comparison, Incomparable> {
    if baseline.samples() < 2 || candidate.samples() < 2 {
        return Err(Incomparable::TooFew);
    }
    if !baseline.is_finite() || !candidate.is_finite() {
        return Err(Incomparable::Infinite);
    }
    let (test, error, degrees_of_freedom) = match (*baseline, *candidate) {
        (
            Measurement::Proportion { samples, successes },
            Measurement::Proportion {
                samples: candidate_samples,
                successes: candidate_successes,
            },
        ) => {
            let pooled =
                float(successes + candidate_successes) / float(samples + candidate_samples);
            let variance =
                pooled * (1.0 - pooled) * (1.0 / float(samples) + 1.0 / float(candidate_samples));
            (Test::TwoProportionZ, variance.sqrt(), None)
        }
        (
            Measurement::Mean {
                samples, variance, ..
            },
            Measurement::Mean {
                samples: candidate_samples,
                variance: candidate_variance,
                ..
            },
        ) => {
            let (samples, candidate_samples) = (float(samples), float(candidate_samples));
            let (part, candidate_part) =
                (variance / samples, candidate_variance / candidate_samples);
            let sum = part + candidate_part;
            // By Welch and Satterthwaite. The parts are taken relative to their sum, which keeps
            // very small and very large variances in range.
            let (share, candidate_share) = (part / sum, candidate_part / sum);
            let degrees = 1.0
                / (share.powi(2) / (samples - 1.0)
                    + candidate_share.powi(2) / (candidate_samples - 1.0));
            (Test::WelchT, sum.sqrt(), Some(degrees))
        }
        _ => return Err(Incomparable::Kinds),
    };
    let gain = match better {
        Better::Higher => candidate.value() - baseline.value(),
        Better::Lower => baseline.value() - candidate.value(),
    };
    let statistic = gain / error;
    let p_value = upper_tail(statistic, degrees_of_freedom).ok_or(Incomparable::NoVariation)?;
    let lift = gain / baseline.value().abs();
    Ok(Comparison {
        test,
        statistic,
        degrees_of_freedom,
        p_value,
        baseline: baseline.value(),
        candidate: candidate.value(),
        lift: lift.is_finite().then_some(lift),
    })
}

/// How likely a value above this one is.
fn upper_tail(statistic: f64, degrees_of_freedom: Option<f64>) -> Option<f64> {
    if !statistic.is_finite() {
        return None;
    }
    Some(match degrees_of_freedom {
        None => Normal::standard().sf(statistic),
        Some(degrees) => StudentsT::new(0.0, 1.0, degrees).ok()?.sf(statistic),
    })
}

/// What a test must show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    pub confidence: f64,
    pub minimum_samples: u64,
    pub minimum_lift: Option<f64>,
    pub better: Better,
}

/// The verdict: how the arms compare, and why the candidate has not won, where it has not.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = AbTestOutcome)]
pub struct TestOutcome {
    /// How the arms compare; left out where they cannot be compared.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub comparison: Option<Comparison>,
    pub won: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shortfalls: Vec<String>,
}

pub fn judge(
    baseline: &Measurement,
    candidate: &Measurement,
    conditions: &Conditions,
) -> TestOutcome {
    let mut shortfalls = Vec::new();
    for (arm, measurement) in [("baseline", baseline), ("candidate", candidate)] {
        let samples = measurement.samples();
        if samples < conditions.minimum_samples {
            let wanted = conditions.minimum_samples;
            shortfalls.push(format!(
                "the {arm} has {samples} samples of at least {wanted}"
            ));
        }
    }
    let comparison = compare(baseline, candidate, conditions.better);
    match &comparison {
        Err(reason) => shortfalls.push(reason.to_string()),
        Ok(comparison) => {
            let allowed = 1.0 - conditions.confidence;
            // Written so that NaN would not pass.
            let is_significant = comparison.p_value <= allowed;
            if !is_significant {
                shortfalls.push(format!(
                    "the difference is not significant: p = {}, and at most {} is allowed",
                    rounded(comparison.p_value),
                    rounded(allowed)
                ));
            }
            if let Some(minimum) = conditions.minimum_lift {
                match comparison.lift {
                    Some(lift) if lift >= minimum => {}
                    Some(lift) => shortfalls.push(format!(
                        "the lift is {} %, and at least {} % is needed",
                        rounded(100.0 * lift),
                        rounded(100.0 * minimum)
                    )),
                    None => shortfalls
                        .push("the baseline is 0, so that there is no relative lift".to_owned()),
                }
            }
        }
    }
    TestOutcome {
        comparison: comparison.ok(),
        won: shortfalls.is_empty(),
        shortfalls,
    }
}

/// A number with four significant digits.
pub(super) fn rounded(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    if rounded.abs() < 1e-4 {
        format!("{rounded:e}")
    } else {
        rounded.to_string()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts are below 2^53, as Measurement checks"
)]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
