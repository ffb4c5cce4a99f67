//! The description of a request from the .proto files: its routes, its fields and their checks.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::needs::Need;

/// A message that a route accepts. build.rs implements it for each request of a service.
pub trait Request: Default + DeserializeOwned + Send + 'static {
    /// The message that answers the request.
    type Response: Serialize;
    /// The routes that accept the request.
    const ROUTES: &'static [Route];
    /// The fields, in the order in which they are checked.
    const FIELDS: &'static [Field];
    /// What the sender of the request needs: all of these.
    const NEEDS: &'static [Need];

    /// Returns whether a check on the JSON can fail for this message.
    ///
    /// The message was parsed without error. A complete message needs no second check of its JSON.
    fn may_be_incomplete(&self) -> bool;

    /// Sets the field that a parameter of the path names. Ignores names that the message does not
    /// have.
    fn set_path_parameter(&mut self, name: &str, value: String);

    /// Returns what the request names for the need at this place of [`Request::NEEDS`].
    fn names_for(&self, need: usize) -> Vec<&str>;

    /// Returns the keys and values of the tags in the request.
    fn given_tags(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
}

/// A route of MLflow's REST API.
pub struct Route {
    /// The HTTP method.
    pub method: &'static str,
    /// The path template, with parameters in braces.
    pub path: &'static str,
    /// The major version of the API.
    pub version: i32,
}

impl Route {
    /// Returns the path with the prefix and the version, such as `/api/2.0/mlflow/runs/get`.
    pub fn full_path(&self, prefix: &str) -> String {
        let separator = if self.path.starts_with('/') { "" } else { "/" };
        format!("{prefix}/{}.0{separator}{}", self.version, self.path)
    }
}

/// A field of a request, with its checks.
pub struct Field {
    /// The name in the .proto file.
    pub name: &'static str,
    /// The camelCase name, which is also accepted.
    pub json_name: &'static str,
    /// Whether the field is a list.
    pub repeated: bool,
    /// Whether the field is a boolean.
    pub boolean: bool,
    /// The checks, in the order in which they are made.
    pub checks: &'static [Check],
    /// The largest number that is allowed.
    pub at_most: Option<i64>,
    /// The parts that each element of the list must have.
    pub required_in_each: &'static [&'static str],
}

/// A check of a field's value.
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
    /// Returns the check for a number of `flowkeep.Check` in proto/flowkeep/options.proto.
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

/// The texts among these that are given; where none is, one that names nothing.
pub fn any_of<'a>(texts: &[&'a str]) -> Vec<&'a str> {
    let given: Vec<&str> = texts
        .iter()
        .copied()
        .filter(|text| !text.is_empty())
        .collect();
    if given.is_empty() { vec![""] } else { given }
}
