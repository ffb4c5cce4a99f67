//! Reads the parameters of a query string into a struct, and refuses what the struct does not know.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chrono::DateTime;
use serde::de::value::MapDeserializer;
use serde::de::{self, DeserializeOwned, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};

use crate::error::{Error, Result};

/// The parameters of a query string. `T` denies unknown fields; a parameter without a value counts as
/// left out, and of one that is given twice the last value counts.
#[derive(Debug)]
pub struct Parameters<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Parameters<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(http: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(http.query_string()).map(Self))
    }
}

/// The parameters of an endpoint that takes none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T> {
    let given: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let current = RefCell::new(String::new());
    let values = given.into_iter().map(|(name, value)| {
        current.borrow_mut().clone_from(&name);
        (name, Value(value))
    });
    let parsed = T::deserialize(MapDeserializer::new(values));
    parsed.map_err(|problem: ParameterError| problem.of_parameter(&current.borrow()))
}

/// What is wrong with a parameter.
#[derive(Debug)]
enum ParameterError {
    Unknown(&'static [&'static str]),
    Missing(&'static str),
    Empty,
    /// A sentence about the value, without its subject.
    Invalid(String),
}

impl ParameterError {
    fn of_parameter(self, name: &str) -> Error {
        let missing = |name: &str| {
            format!(
                "Missing value for required parameter '{name}'. See the API docs for more information about request parameters."
            )
        };
        Error::invalid_parameter(match self {
            Self::Unknown([]) => {
                format!("There is no parameter '{name}': this endpoint takes no parameters.")
            }
            Self::Unknown(known) => format!(
                "There is no parameter '{name}'. The parameters of this endpoint are {}.",
                known.join(", ")
            ),
            Self::Missing(name) => missing(name),
            Self::Empty => missing(name),
            Self::Invalid(problem) => format!("Parameter '{name}' {problem}"),
        })
    }
}

impl Display for ParameterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:?}")
    }
}

impl std::error::Error for ParameterError {}

impl de::Error for ParameterError {
    fn custom<M: Display>(message: M) -> Self {
        Self::Invalid(message.to_string())
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self::Unknown(known)
    }

    fn missing_field(name: &'static str) -> Self {
        Self::Missing(name)
    }
}

/// The value of one parameter.
struct Value(String);

impl IntoDeserializer<'_, ParameterError> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Value {
    type Error = ParameterError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        if self.0.is_empty() {
            return Err(ParameterError::Empty);
        }
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        if self.0.is_empty() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The number of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct VersionNumber(pub i32);

impl FromStr for VersionNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| *number > 0);
        number
            .map(Self)
            .ok_or_else(|| format!("must be an integer, got '{text}'."))
    }
}

impl TryFrom<String> for VersionNumber {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Display for VersionNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A moment in milliseconds since 1970. It is written like that, or as RFC 3339 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Moment(pub i64);

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Ok(milliseconds) = text.parse() {
            return Ok(Self(milliseconds));
        }
        // In a query string, the plus sign of an offset stands for a space.
        let moment = DateTime::parse_from_rfc3339(&text.replace(' ', "+"));
        match moment {
            Ok(moment) => Ok(Self(moment.timestamp_millis())),
            Err(_) => Err(format!(
                "must be a time, as milliseconds since 1970 or like 2026-01-31T12:00:00Z, got '{text}'."
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        model: Option<String>,
        version: Option<VersionNumber>,
        at: Moment,
    }

    fn refusal<T: DeserializeOwned + std::fmt::Debug>(query: &str) -> String {
        parse::<T>(query).unwrap_err().message.into_owned()
    }

    #[test]
    fn times_are_numbers_or_dates() {
        for query in [
            "at=1700000000000",
            "at=2023-11-14T22:13:20Z",
            "at=2023-11-14T23:13:20+01:00",
            "at=2023-11-14T23:13:20%2B01:00",
        ] {
            let example: Example = parse(query).unwrap();
            assert_eq!(example.at, Moment(1_700_000_000_000), "{query}");
        }
        let refused = refusal::<Example>("at=yesterday");
        assert!(
            refused.starts_with("Parameter 'at' must be a time"),
            "{refused}"
        );
    }

    #[test]
    fn a_parameter_without_a_value_is_left_out() {
        let example: Example = parse("model=&version=&at=1").unwrap();
        let left_out = Example {
            model: None,
            version: None,
            at: Moment(1),
        };
        assert_eq!(example, left_out);
        for query in ["", "at=", "model=m"] {
            let refused = refusal::<Example>(query);
            assert!(
                refused.starts_with("Missing value for required parameter 'at'."),
                "{refused}"
            );
        }
    }

    #[test]
    fn unknown_parameters_and_wrong_values_are_refused_by_name() {
        insta::assert_snapshot!(refusal::<Example>("at=1&modle=m"), @"There is no parameter 'modle'. The parameters of this endpoint are model, version, at.");
        insta::assert_snapshot!(refusal::<Example>("at=1&version=1.5"), @"Parameter 'version' must be an integer, got '1.5'.");
        insta::assert_snapshot!(refusal::<NoParameters>("x="), @"There is no parameter 'x': this endpoint takes no parameters.");
    }
}
