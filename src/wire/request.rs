//! What the .proto files say of a request: its routes, its fields and the checks of each.

use serde::Serialize;
use serde::de::DeserializeOwned;

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
