//! Reads a request from a body or a query string.

use serde_json::{Map, Value};

use super::request::Request;
use super::{python, validation};
use crate::error::{Error, Result};

/// Reads a request from a JSON body. Fails with MLflow's message if the body does not fit the
/// request.
pub fn from_body<R: Request>(body: &[u8]) -> Result<R> {
    match serde_json::from_slice::<R>(body) {
        Ok(request) if !request.may_be_incomplete() => Ok(request),
        _ => from_members(&members_of(body)?),
    }
}

/// Reads a request from the query string of a GET request. Unknown parameters are ignored.
pub fn from_query<R: Request>(query: &str) -> Result<R> {
    let mut members = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let Some(field) = R::FIELDS.iter().find(|field| field.name == name) else {
            continue;
        };
        if field.repeated {
            let list = members
                .entry(field.name)
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(Value::from(value));
            }
        } else if !members.contains_key(field.name) {
            let value = if field.boolean {
                Value::from(boolean(&value)?)
            } else {
                Value::from(value)
            };
            members.insert(field.name.to_owned(), value);
        }
    }
    from_members(&members)
}

/// Reads a boolean of a query string. Fails if it is neither `true` nor `false`.
fn boolean(text: &str) -> Result<bool> {
    if text.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(Error::invalid_parameter(format!(
            "Invalid boolean value: {text}, must be 'true' or 'false'."
        )))
    }
}

/// Reads a request from the members of a JSON object.
pub fn from_members<R: Request>(members: &Map<String, Value>) -> Result<R> {
    validation::refuse_conflicting_names(R::FIELDS, members)?;
    if let Ok(request) = R::deserialize(members) {
        validation::check(R::FIELDS, members, validation::Types::Fit)?;
        return Ok(request);
    }
    validation::check(R::FIELDS, members, validation::Types::DoNotFit)?;
    Err(validation::type_mismatch::<R>(members))
}

/// Returns the members of a JSON body.
///
/// A body that is not JSON counts as empty. A body that is a JSON string contains JSON, as old
/// clients send it.
fn members_of(body: &[u8]) -> Result<Map<String, Value>> {
    let mut value = serde_json::from_slice(body)
        .or_else(|_| serde_json::from_slice(&python::quote_constants(body)))
        .unwrap_or(Value::Null);
    if let Value::String(text) = &value {
        value = serde_json::from_str(text).unwrap_or(Value::Null);
    }
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(members) => Ok(members),
        _ => Err(Error::invalid_parameter(
            "The body of the request must be a JSON object.",
        )),
    }
}
