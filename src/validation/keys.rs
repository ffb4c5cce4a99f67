//! Keys and values of metrics, params and tags.

use std::borrow::Cow;

use super::long_values::{Limited, cut_to_fit};
use super::trace_archival;
use crate::error::{Error, Result};
use crate::wire::names::{check_key, check_length};
use crate::wire::{Metric, Param, RunTag, python};

/// The longest key of a metric, a param or a tag.
const LONGEST_KEY: usize = 250;

const LONGEST_PARAM_VALUE: usize = 6_000;
/// The longest value of a tag of a run, as the server cuts it and as PostgreSQL has room for it.
pub const LONGEST_TAG_VALUE: usize = 8_000;
const LONGEST_EXPERIMENT_TAG_VALUE: usize = 20_000;

/// Checks the key and the time of a point. `path` says where the point stands in its request; it is empty if the point
/// is the request.
pub(super) fn metric(metric: &Metric, path: &str) -> Result<()> {
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

/// Checks that a metric names its data set by both name and digest, or by neither.
pub(super) fn dataset_of_metric(name: &str, digest: &str) -> Result<()> {
    if name.is_empty() != digest.is_empty() {
        return Err(Error::invalid_parameter(
            "Both dataset_name and dataset_digest must be provided if one is provided",
        ));
    }
    Ok(())
}

/// Checks a param and cuts a value that is too long if `truncate` says so. `path` is as in [`metric`].
pub(super) fn param(param: &mut Param, path: &str, truncate: bool) -> Result<()> {
    check_key(param.key(), &join(path, "key"))?;
    check_length("Param key", param.key(), LONGEST_KEY)?;
    let limited = Limited {
        name: "Param value",
        entity: "param",
        key: param.key(),
        value: param.value(),
        limit: LONGEST_PARAM_VALUE,
    };
    if let Some(cut) = cut_to_fit(&limited, truncate)? {
        param.value = Some(cut);
    }
    Ok(())
}

/// Checks a tag of a run and cuts a value that is too long if `truncate` says so. `path` is as in [`metric`].
pub(super) fn run_tag(tag: &mut RunTag, path: &str, truncate: bool) -> Result<()> {
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
    if let Some(cut) = cut_to_fit(&limited, truncate)? {
        tag.value = Some(cut);
    }
    Ok(())
}

/// Checks a tag of an experiment, including the tags that say how long traces are kept.
pub(super) fn experiment_tag(key: &str, value: &str) -> Result<()> {
    check_key(key, "key")?;
    check_length("key", key, LONGEST_KEY)?;
    check_length("value", value, LONGEST_EXPERIMENT_TAG_VALUE)?;
    trace_archival::experiment_tag(key, value)
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
        let mut cut = long.clone();
        param(&mut cut, "", true).unwrap();
        assert_eq!(cut.value().chars().count(), LONGEST_PARAM_VALUE);
        let mut refused = long;
        insta::assert_snapshot!(
            param(&mut refused, "", false).unwrap_err().message,
            @"'Param value' exceeds the maximum length of 6000 characters"
        );
    }
}
