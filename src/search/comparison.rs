//! Checks that a comparator fits its field, and builds the test of a condition.

use super::python::set;
use super::subject::Subject;
use super::tree::{Entity, Field, Match, Number, Relation, Test};
use crate::wire::python::{float, int, repr};

/// The right side of a comparison, as read from the text.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<String>),
    None,
}

const NUMERIC: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];
const STRING: [&str; 6] = ["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"];
const NULLABLE: [&str; 6] = ["=", "!=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL"];
const MATCH: [&str; 4] = ["=", "!=", "LIKE", "ILIKE"];

/// Builds the test of a condition. Fails with MLflow's message if the comparator does not fit the
/// field.
pub fn test(subject: Subject, field: &Field, written: &str, value: Value) -> Result<Test, String> {
    // Only the search for experiments treats keywords as case-sensitive.
    let comparator = match (subject, &value) {
        (Subject::Experiments, _) => written.to_owned(),
        _ => written.to_uppercase(),
    };
    let comparator = comparator.as_str();
    match subject {
        Subject::Experiments => check_for_experiments(field, comparator, &value)?,
        Subject::RegisteredModels | Subject::ModelVersions => {
            check_for_registry(subject, field, comparator)?;
        }
        Subject::Runs | Subject::LoggedModels => check_for_runs(subject, field, comparator)?,
    }
    let value = whole_version(subject, field, value)?;
    combine(comparator, value).ok_or_else(|| {
        format!(
            "Invalid value for comparator '{comparator}' and {}",
            field.key
        )
    })
}

/// Checks a comparator in a search for runs or logged models.
fn check_for_runs(subject: Subject, field: &Field, comparator: &str) -> Result<(), String> {
    // MLflow's messages differ in the set that they list and in whether they close its quote.
    let (valid, named, close): (&[&str], &[&str], &str) = match field.entity {
        Entity::Attribute if subject.is_numeric(field) => (&NUMERIC, &STRING, ""),
        Entity::Attribute => (&STRING, &STRING, "'"),
        Entity::Metric => (&NUMERIC, &NUMERIC, ""),
        Entity::Param => (&NULLABLE, &NULLABLE, "'"),
        Entity::Tag => (&NULLABLE, &NULLABLE, ""),
        Entity::Dataset => (&STRING, &STRING, ""),
    };
    if valid.contains(&comparator) {
        return Ok(());
    }
    Err(format!(
        "Invalid comparator '{comparator}' not one of '{}{close}",
        set(named)
    ))
}

/// Checks a comparator, and the value of an ID or a number, in a search for experiments.
fn check_for_experiments(field: &Field, comparator: &str, value: &Value) -> Result<(), String> {
    match (field.entity, field.key.as_str()) {
        (Entity::Attribute, "experiment_id") => {
            if !["=", "!=", "IN", "NOT IN"].contains(&comparator) {
                return Err(format!(
                    "Invalid comparator for experiment_id: {comparator}"
                ));
            }
            let ids = match value {
                Value::Text(id) => std::slice::from_ref(id),
                Value::List(ids) => ids.as_slice(),
                _ => &[],
            };
            for id in ids {
                experiment_id(id)?;
            }
        }
        (Entity::Attribute, key) if Subject::Experiments.is_numeric(field) => {
            check_for_runs(Subject::Experiments, field, comparator)?;
            if let Value::Float(number) = value {
                return Err(format!(
                    "Invalid value for numeric attribute '{key}': '{}'",
                    float(*number)
                ));
            }
        }
        (Entity::Attribute, _) => check_for_runs(Subject::Experiments, field, comparator)?,
        _ => {
            if !NULLABLE.contains(&comparator) {
                return Err(format!("Invalid comparator for tag: {comparator}"));
            }
        }
    }
    Ok(())
}

/// Parses an experiment ID, which comes as text. Fails with MLflow's message if it is not an
/// integer.
pub fn experiment_id(text: &str) -> Result<i64, String> {
    int(text).ok_or_else(|| {
        format!("Invalid experiment ID '{text}'. Experiment ID must be a valid integer.")
    })
}

/// Checks a comparator in a search for registered models or model versions.
fn check_for_registry(subject: Subject, field: &Field, comparator: &str) -> Result<(), String> {
    let (valid, what): (&[&str], String) = match field.entity {
        Entity::Attribute if subject.is_numeric(field) => {
            (&NUMERIC, format!("attribute {}", field.key))
        }
        Entity::Attribute => (&STRING, "attribute".to_owned()),
        _ => (&MATCH, "tag".to_owned()),
    };
    if valid.contains(&comparator) {
        return Ok(());
    }
    Err(format!("Invalid comparator for {what}: {comparator}"))
}

/// Converts a model version that is given as text to an integer. Fails if it is not an integer.
fn whole_version(subject: Subject, field: &Field, value: Value) -> Result<Value, String> {
    if subject != Subject::ModelVersions || !subject.is_numeric(field) {
        return Ok(value);
    }
    let written = match &value {
        Value::Float(number) => float(*number),
        Value::Text(text) => match int(text) {
            Some(integer) => return Ok(Value::Integer(integer)),
            None => repr(text),
        },
        _ => return Ok(value),
    };
    Err(format!(
        "Invalid value for numeric attribute '{}': {written}",
        field.key
    ))
}

/// Combines a comparator and a value into a test. Returns `None` if they do not fit together.
fn combine(comparator: &str, value: Value) -> Option<Test> {
    match value {
        Value::Integer(integer) => Relation::from_symbol(comparator)
            .map(|relation| Test::Number(relation, Number::Integer(integer))),
        Value::Float(float) => Relation::from_symbol(comparator)
            .map(|relation| Test::Number(relation, Number::Float(float))),
        Value::Text(text) => {
            Match::from_word(comparator).map(|matching| Test::Text(matching, text))
        }
        Value::List(values) => match comparator {
            "IN" => Some(Test::OneOf {
                values,
                negated: false,
            }),
            "NOT IN" => Some(Test::OneOf {
                values,
                negated: true,
            }),
            _ => None,
        },
        Value::None => match comparator {
            "IS NULL" => Some(Test::Null { negated: false }),
            "IS NOT NULL" => Some(Test::Null { negated: true }),
            _ => None,
        },
    }
}
