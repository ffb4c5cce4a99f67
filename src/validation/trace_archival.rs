//! The two tags of an experiment that say how long its traces are kept.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::long_values::is_longer;
use crate::error::{Error, Result};

const LONGEST_DURATION: usize = 32;

/// Checks a tag of an experiment if it is one of the two.
pub fn experiment_tag(key: &str, value: &str) -> Result<()> {
    match key {
        "mlflow.trace.archivalRetention" => {
            let settings = parse(value)?;
            if settings["type"] != "duration" {
                return Err(Error::invalid_parameter(
                    "Trace archival config must use type 'duration'.",
                ));
            }
            duration(&settings["value"])
        }
        "mlflow.trace.archiveNow" => {
            let settings = parse(value)?;
            match &settings["older_than"] {
                Value::Null => Ok(()),
                age => duration(age),
            }
        }
        _ => Ok(()),
    }
}

fn parse(text: &str) -> Result<Value> {
    serde_json::from_str(text)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| {
            Error::invalid_parameter("Trace archival config must be encoded as a JSON object.")
        })
}

fn duration(value: &Value) -> Result<()> {
    static DURATION: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\A[1-9][0-9]*[mhd]\z").expect("a valid expression"));

    let text = value.as_str().map(str::trim);
    if text.is_some_and(|text| is_longer(text, LONGEST_DURATION)) {
        return Err(Error::invalid_parameter(
            "Trace archival duration must be at most 32 characters.",
        ));
    }
    if text.is_some_and(|text| DURATION.is_match(text)) {
        return Ok(());
    }
    Err(Error::invalid_parameter(
        "Trace archival retention must be in the form `<int><unit>`, where unit is one of 'm', 'h', or 'd'.",
    ))
}
