//! What the .proto files say of a request, and how one is read from a body or a query string.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{python, validation};
use crate::error::{Error, Result};

/// Implemented by build.rs for each message that a route takes.
pub trait Request: Default + DeserializeOwned + Send + 'static {
    type Response: Serialize;
    const ROUTES: &'static [Route];
    /// In the order in which their checks are made.
    const FIELDS: &'static [Field];

    /// Whether a check on the JSON might fail for this message, which was read without error. It
    /// spares complete messages a second look at their JSON.
    fn may_be_incomplete(&self) -> bool;

    fn set_path_parameter(&mut self, name: &str, value: String);
}

pub struct Route {
    pub method: &'static str,
    /// Parameters stand in braces.
    pub path: &'static str,
    pub version: i32,
}

impl Route {
    pub fn full_path(&self, prefix: &str) -> String {
        let separator = if self.path.starts_with('/') { "" } else { "/" };
        format!("{prefix}/{}.0{separator}{}", self.version, self.path)
    }
}

pub struct Field {
    pub name: &'static str,
    pub json_name: &'static str,
    pub repeated: bool,
    pub boolean: bool,
    pub checks: &'static [Check],
    pub at_most: Option<i64>,
    pub required_in_each: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Required,
    String,
    Integer,
    Number,
    Boolean,
    Array,
    ArrayOfStrings,
}

impl Check {
    /// The numbers of `flowkeep.Check` in proto/flowkeep/options.proto.
    pub const fn from_number(number: i32) -> Self {
        match number {
            1 => Self::Required,
            2 => Self::String,
            3 => Self::Integer,
            4 => Self::Number,
            5 => Self::Boolean,
            6 => Self::Array,
            7 => Self::ArrayOfStrings,
            _ => panic!("unknown check"),
        }
    }
}

/// Reads a request from a JSON body. What does not fit is refused with MLflow's words.
pub fn from_body<R: Request>(body: &[u8]) -> Result<R> {
    match serde_json::from_slice::<R>(body) {
        Ok(request) if !request.may_be_incomplete() => Ok(request),
        _ => from_members(&members_of(body)?),
    }
}

/// Reads a request from the query of a GET.
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

fn from_members<R: Request>(members: &Map<String, Value>) -> Result<R> {
    validation::refuse_conflicting_names(R::FIELDS, members)?;
    if let Ok(request) = R::deserialize(members) {
        validation::check(R::FIELDS, members, validation::Types::Fit)?;
        return Ok(request);
    }
    validation::check(R::FIELDS, members, validation::Types::DoNotFit)?;
    Err(validation::misfit::<R>(members))
}

/// A body that is not JSON counts as empty; one that is a string holds the JSON of an old client.
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
