//! Checks the columns of a scoring request.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{ColumnType, FeatureSpec, Input, Inputs};

/// A column of a scoring request. Without a type, only its name is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub column_type: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TypedColumn {
    name: String,
    #[serde(rename = "type")]
    column_type: Option<String>,
}

impl PartialSchema for Column {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(Object::with_type(Type::String))
            .item(TypedColumn::schema())
            .into()
    }
}

impl ToSchema for Column {}

/// Reads `"name"` or `{"name": "name", "type": "double"}`. Serde's own alternative (`untagged`) does not report what is
/// wrong.
impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrMore;

        impl<'de> Visitor<'de> for NameOrMore {
            type Value = Column;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the name of a column, or an object with its name and type")
            }

            fn visit_str<E>(self, name: &str) -> Result<Column, E> {
                Ok(Column {
                    name: name.to_owned(),
                    column_type: None,
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Column, A::Error> {
                let column = TypedColumn::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Column {
                    name: column.name,
                    column_type: column.column_type,
                })
            }
        }

        deserializer.deserialize_any(NameOrMore)
    }
}

/// What is wrong with the columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FeatureCheck)]
pub struct Check {
    pub ok: bool,
    pub missing: Vec<String>,
    pub unexpected: Vec<String>,
    pub mistyped: Vec<Mistyped>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MistypedColumn)]
pub struct Mistyped {
    pub name: String,
    pub expected: String,
    pub given: String,
}

/// Returns the inputs that a model takes: those of its signature, or if they have no names, the features of its spec,
/// whose types are unknown.
struct Wanted<'a> {
    name: &'a str,
    input: Option<&'a Input>,
}

/// Columns must have different names.
pub fn check(spec: &FeatureSpec, inputs: &Inputs, columns: &[Column]) -> Check {
    let wanted: Vec<Wanted<'_>> = match inputs {
        Inputs::Named(inputs) => inputs
            .iter()
            .map(|input| Wanted {
                name: &input.name,
                input: Some(input),
            })
            .collect(),
        Inputs::Absent | Inputs::Unnamed => spec
            .features
            .iter()
            .map(|feature| Wanted {
                name: &feature.name,
                input: None,
            })
            .collect(),
    };
    let given: HashMap<&str, &Column> =
        columns.iter().map(|one| (one.name.as_str(), one)).collect();
    let known: HashSet<&str> = wanted.iter().map(|wanted| wanted.name).collect();
    let missing: Vec<String> = wanted
        .iter()
        .filter(|wanted| wanted.input.is_none_or(|input| input.required))
        .filter(|wanted| !given.contains_key(wanted.name))
        .map(|wanted| wanted.name.to_owned())
        .collect();
    let unexpected: Vec<String> = columns
        .iter()
        .map(|column| column.name.as_str())
        .filter(|name| !known.contains(name))
        .map(str::to_owned)
        .collect();
    let mistyped: Vec<Mistyped> = wanted
        .iter()
        .filter_map(|wanted| mistyped(wanted.input?, given.get(wanted.name)?))
        .collect();
    Check {
        ok: missing.is_empty() && unexpected.is_empty() && mistyped.is_empty(),
        missing,
        unexpected,
        mistyped,
    }
}

fn mistyped(input: &Input, column: &Column) -> Option<Mistyped> {
    let given = column.column_type.as_deref()?;
    let given_type = ColumnType::of_request(given);
    let fits = if input.is_tensor {
        given_type.fits_tensor(&input.column_type)
    } else {
        given_type.fits_column(&input.column_type)
    };
    (!fits).then(|| Mistyped {
        name: input.name.clone(),
        expected: input.column_type.name().to_owned(),
        given: given.to_owned(),
    })
}
