//! The small values of a policy. Each is checked as it is read, so that a wrong one is refused with its line.

use std::fmt;

use chrono::{DateTime, Days, Months};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A length of time: a number and h (hours), d (days), w (weeks) or y (years), as in 30d.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[1-9][0-9]*[hdwy]$"))]
pub struct Period {
    count: u32,
    unit: char,
}

impl Period {
    const MISTAKE: &str = "a length of time is a number and h, d, w or y, such as 30d";

    /// The moment that is this long after another, by the calendar: a year later is the same date.
    pub fn after(self, time_ms: i64) -> i64 {
        let later = DateTime::from_timestamp_millis(time_ms).and_then(|time| match self.unit {
            'h' => time.checked_add_signed(chrono::TimeDelta::hours(self.count.into())),
            'd' => time.checked_add_days(Days::new(self.count.into())),
            'w' => time.checked_add_days(Days::new(7 * u64::from(self.count))),
            _ => time.checked_add_months(Months::new(12 * self.count)),
        });
        later.map_or(i64::MAX, |time| time.timestamp_millis())
    }

    /// The moment that is this long before another.
    pub fn before(self, time_ms: i64) -> i64 {
        let earlier = DateTime::from_timestamp_millis(time_ms).and_then(|time| match self.unit {
            'h' => time.checked_sub_signed(chrono::TimeDelta::hours(self.count.into())),
            'd' => time.checked_sub_days(Days::new(self.count.into())),
            'w' => time.checked_sub_days(Days::new(7 * u64::from(self.count))),
            _ => time.checked_sub_months(Months::new(12 * self.count)),
        });
        earlier.map_or(i64::MIN, |time| time.timestamp_millis())
    }
}

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mistake = || format!("'{text}': {}", Self::MISTAKE);
        let mut letters = text.chars();
        let unit = letters.next_back().ok_or_else(mistake)?;
        let digits = letters.as_str();
        if !"hdwy".contains(unit) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(mistake());
        }
        let count: u32 = digits.parse().map_err(|_| mistake())?;
        if count == 0 || count > 10_000 {
            return Err(format!("'{text}': the number must be between 1 and 10000"));
        }
        Ok(Self { count, unit })
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.count, self.unit)
    }
}

/// Whether a measured value is finite. MLflow stores the largest number there is in place of infinity, and nothing is
/// measured that is as large.
pub fn is_finite(value: f64) -> bool {
    value.abs() < f64::MAX
}

/// A number that is neither infinite nor NaN.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "f64", into = "f64")]
#[schemars(with = "f64")]
pub struct Finite(f64);

impl Finite {
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Finite {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        if value.is_finite() {
            Ok(Self(value))
        } else {
            Err("the number must be finite")
        }
    }
}

impl From<Finite> for f64 {
    fn from(value: Finite) -> Self {
        value.0
    }
}

/// A confidence, between 0.5 and 1: 0.95 means that a result by chance happens once in 20 times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "f64", into = "f64")]
#[schemars(with = "f64", extend("minimum" = 0.5, "exclusiveMaximum" = 1.0))]
pub struct Confidence(f64);

impl Confidence {
    pub const USUAL: Self = Self(0.95);

    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Confidence {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        if (0.5..1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err("a confidence is at least 0.5 and below 1, such as 0.95")
        }
    }
}

impl From<Confidence> for f64 {
    fn from(value: Confidence) -> Self {
        value.0
    }
}

/// A part of the baseline by which a candidate is better: 0.02 is 2 percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "f64", into = "f64")]
#[schemars(with = "f64", extend("minimum" = 0.0))]
pub struct Lift(f64);

impl Lift {
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Lift {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        if value.is_finite() && value >= 0.0 {
            Ok(Self(value))
        } else {
            Err("a lift is a part of the baseline and not negative: 0.02 is 2 percent")
        }
    }
}

impl From<Lift> for f64 {
    fn from(value: Lift) -> Self {
        value.0
    }
}

/// The name of a policy: letters, digits, '-', '_' and '.', at most 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"))]
pub struct PolicyName(String);

impl PolicyName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PolicyName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let begins_well = text.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if begins_well && text.len() <= 100 && text.bytes().all(is_plain) {
            Ok(Self(text))
        } else {
            Err(
                "the name of a policy begins with a letter or digit and has only letters, digits, \
                 '-', '_' and '.', at most 100",
            )
        }
    }
}

impl From<PolicyName> for String {
    fn from(name: PolicyName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Period {
        Period::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn periods_follow_the_calendar() {
        let date = |text: &str| {
            DateTime::parse_from_rfc3339(text)
                .unwrap()
                .timestamp_millis()
        };
        let start = date("2024-02-29T12:00:00Z");
        assert_eq!(period("7y").after(start), date("2031-02-28T12:00:00Z"));
        assert_eq!(period("30d").after(start), date("2024-03-30T12:00:00Z"));
        assert_eq!(period("2w").after(start), date("2024-03-14T12:00:00Z"));
        assert_eq!(period("36h").after(start), date("2024-03-02T00:00:00Z"));
        assert_eq!(period("1d").after(i64::MAX), i64::MAX);
        assert_eq!(period("1y").before(start), date("2023-02-28T12:00:00Z"));
        assert_eq!(period("30d").before(start), date("2024-01-30T12:00:00Z"));
        assert_eq!(period("1d").before(i64::MIN), i64::MIN);
    }

    #[test]
    fn what_is_not_a_period() {
        for text in [
            "", "d", "30", "0d", "-1d", "1.5d", "10001y", "30 d", "30D", "1m", "3é",
        ] {
            assert!(Period::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
