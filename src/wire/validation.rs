//! Validates the JSON of a request, with MLflow's messages.

use serde_json::{Map, Value};

use super::python;
use super::request::{Check, Field, Request};
use crate::error::{Error, Result};

/// States whether the JSON could be parsed into its message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Types {
    Fit,
    DoNotFit,
}

/// Fails if a field is given under both of its names, `snake_case` and `camelCase`.
pub fn refuse_conflicting_names(fields: &[Field], members: &Map<String, Value>) -> Result<()> {
    for Field {
        name, json_name, ..
    } in fields
    {
        if name != json_name && members.contains_key(*name) && members.contains_key(*json_name) {
            return Err(Error::invalid_parameter(format!(
                "Request specifies both '{name}' and '{json_name}'; provide only one of them."
            )));
        }
    }
    Ok(())
}

/// Runs the checks of all fields, in order. With `Types::Fit`, it skips the checks of types.
pub fn check(fields: &[Field], members: &Map<String, Value>, types: Types) -> Result<()> {
    for field in fields {
        let given = members.get(field.name);
        if given.is_none() && !field.checks.contains(&Check::Required) {
            continue;
        }
        let mut value = given.unwrap_or(&Value::Null);
        if field.name == "run_id" && value.is_null() {
            value = members.get("run_uuid").unwrap_or(value);
        }
        for check in field.checks {
            let passes = match check {
                Check::Required => {
                    if is_missing(value) {
                        return Err(missing(field.name));
                    }
                    true
                }
                _ if types == Types::Fit => true,
                Check::String => value.is_string(),
                Check::Integer => is_integer_like(value),
                Check::Number => is_number_like(value),
                Check::Boolean => value.is_boolean(),
                Check::Array => value.is_array(),
                Check::ArrayOfStrings => value
                    .as_array()
                    .is_some_and(|elements| elements.iter().all(Value::is_string)),
            };
            if !passes {
                return Err(invalid(field.name, value));
            }
        }
        if let Some(limit) = field.at_most
            && integer(value).is_some_and(|number| number > limit)
        {
            return Err(invalid(field.name, value));
        }
        check_elements(field, value)?;
    }
    Ok(())
}

/// Fails if an element of a list lacks a required part.
fn check_elements(field: &Field, value: &Value) -> Result<()> {
    if field.required_in_each.is_empty() {
        return Ok(());
    }
    for (index, element) in value.as_array().into_iter().flatten().enumerate() {
        for part in field.required_in_each {
            if is_missing(element.get(part).unwrap_or(&Value::Null)) {
                return Err(missing(&format!("{}[{index}].{part}", field.name)));
            }
        }
    }
    Ok(())
}

/// Returns the error for JSON that does not fit the message although all checks passed.
pub fn type_mismatch<R: Request>(members: &Map<String, Value>) -> Error {
    for (name, value) in members {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        if R::deserialize(&alone).is_err() {
            return invalid(name, value);
        }
    }
    Error::invalid_parameter("The body of the request does not have the expected form.")
}

/// Returns whether a value counts as not given: null or an empty string.
fn is_missing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

fn is_integer_like(value: &Value) -> bool {
    value.is_number() || value.is_boolean() || integer(value).is_some()
}

fn is_number_like(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim().parse::<f64>().is_ok(),
        value => value.is_number() || value.is_boolean(),
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_i64(),
    }
}

fn missing(path: &str) -> Error {
    Error::invalid_parameter(format!(
        "Missing value for required parameter '{path}'.{SEE_DOCS}"
    ))
}

fn invalid(name: &str, value: &Value) -> Error {
    Error::invalid_parameter(format!(
        "Invalid value {} for parameter '{name}' supplied:  Hint: Value was of type '{}'.{SEE_DOCS}",
        python::dumps(value),
        python::type_name(value),
    ))
}

const SEE_DOCS: &str = " See the API docs for more information about request parameters.";
