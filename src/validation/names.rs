//! Ids and names of experiments and runs.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::wire::names::check_length;
use crate::wire::python;

const LONGEST_EXPERIMENT_NAME: usize = 500;
const LONGEST_RUN_ID: usize = 256;

/// The experiment that is meant where none is named.
const DEFAULT_EXPERIMENT: i32 = 0;

pub fn experiment_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::invalid_parameter("Invalid experiment name: ''"));
    }
    check_length("name", name, LONGEST_EXPERIMENT_NAME)
}

/// Reads the id of an experiment as MLflow does: with spaces around it, a sign, underscores inside.
pub fn experiment_id(text: &str) -> Result<i32> {
    static INTEGER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\A[+-]?[0-9]+(_[0-9]+)*\z").expect("a valid expression"));

    if text.is_empty() {
        return Ok(DEFAULT_EXPERIMENT);
    }
    let trimmed = text.trim();
    if !INTEGER.is_match(trimmed) {
        return Err(Error::invalid_parameter(format!(
            "Invalid experiment ID '{text}'. Experiment ID must be a valid integer."
        )));
    }
    // What is too large for an id is the id of no experiment.
    trimmed
        .replace('_', "")
        .parse()
        .map_err(|_| Error::experiment_not_found(trimmed))
}

pub fn run_id(text: &str) -> Result<()> {
    let is_valid = text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || "_-".contains(letter))
        && text.chars().count() <= LONGEST_RUN_ID;
    if is_valid {
        return Ok(());
    }
    Err(Error::invalid_parameter(format!(
        "Invalid value {} for parameter 'run_id' supplied.",
        python::dumps(&Value::from(text))
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ids_of_experiments() {
        assert_eq!(experiment_id(""), Ok(0));
        assert_eq!(experiment_id(" +1_0 "), Ok(10));
        assert_eq!(experiment_id("-1"), Ok(-1));
        insta::assert_snapshot!(
            experiment_id("1x").unwrap_err(),
            @"Invalid experiment ID '1x'. Experiment ID must be a valid integer."
        );
        insta::assert_snapshot!(
            experiment_id("99999999999999999999").unwrap_err(),
            @"No Experiment with id=99999999999999999999 exists"
        );
    }
}
