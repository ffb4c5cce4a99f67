//! Keys and values of metrics, params and tags.

use std::borrow::Cow;

use super::long_values::{Limited, fitted};
use super::trace_archival;
use crate::error::{Error, Result};
use crate::wire::names::{check_key, check_length};
use crate::wire::{ExperimentTag, Metric, Param, RunTag, python};

/// The longest key of a metric, a param or a tag.
const LONGEST_KEY: usize = 250;

const LONGEST_PARAM_VALUE: usize = 6_000;
/// The longest value of a tag of a run, as the server cuts it and as PostgreSQL has room for it.
pub const LONGEST_TAG_VALUE: usize = 8_000;
const LONGEST_EXPERIMENT_TAG_VALUE: usize = 20_000;

/// `path` is where the metric stands in its request; empty where it is the request.
pub fn metric(metric: &Metric, path: &str) -> Result<()> {
    check_key(metric.key(), &join(path, "name"))?;
    if metric.timestamp() < 0 {
        return Err(Error::invalid_parameter(format!(
            "Invalid value {} for parameter '{}' supplied: metric '{}' (value={}). Timestamp must be a \
             nonnegative long (64-bit integer) ",
            metric.timestamp(),
            join(path, "timestamp"),
            metric.key(),
            python::float(metric.value()),
        )));
    }
    check_length("Metric name", metric.key(), LONGEST_KEY)
}

/// A metric names its data set by name and digest or not at all.
pub fn dataset_of_metric(name: &str, digest: &str) -> Result<()> {
    if name.is_empty() != digest.is_empty() {
        return Err(Error::invalid_parameter(
            "Both dataset_name and dataset_digest must be provided if one is provided",
        ));
    }
    Ok(())
}

/// The value to store for a param.
pub fn param<'a>(param: &'a Param, path: &str, truncate: bool) -> Result<Cow<'a, str>> {
    check_key(param.key(), &join(path, "key"))?;
    check_length("Param key", param.key(), LONGEST_KEY)?;
    let limited = Limited {
        name: "Param value",
        entity: "param",
        key: param.key(),
        value: param.value(),
        limit: LONGEST_PARAM_VALUE,
    };
    fitted(&limited, truncate)
}

/// The value to store for a tag of a run.
pub fn run_tag<'a>(tag: &'a RunTag, path: &str, truncate: bool) -> Result<Cow<'a, str>> {
    let key = join(path, "key");
    check_key(tag.key(), &key)?;
    check_length(&key, tag.key(), LONGEST_KEY)?;
    let limited = Limited {
        name: &join(path, "value"),
        entity: "tag",
        key: tag.key(),
        value: tag.value(),
        limit: LONGEST_TAG_VALUE,
    };
    fitted(&limited, truncate)
}

pub fn experiment_tag(tag: &ExperimentTag) -> Result<()> {
    check_key(tag.key(), "key")?;
    check_length("key", tag.key(), LONGEST_KEY)?;
    check_length("value", tag.value(), LONGEST_EXPERIMENT_TAG_VALUE)?;
    trace_archival::experiment_tag(tag)
}

fn join(path: &str, field: &'static str) -> Cow<'static, str> {
    if path.is_empty() {
        field.into()
    } else {
        format!("{path}.{field}").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_and_cuts_between_them() {
        let long = "é".repeat(LONGEST_PARAM_VALUE + 1);
        let long = Param {
            key: Some("p".to_owned()),
            value: Some(long),
        };
        let cut = param(&long, "", true).unwrap();
        assert_eq!(cut.chars().count(), LONGEST_PARAM_VALUE);
        insta::assert_snapshot!(
            param(&long, "", false).unwrap_err().message,
            @"'Param value' exceeds the maximum length of 6000 characters"
        );
    }
}
