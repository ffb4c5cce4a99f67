//! Values that are longer than their column. MLflow cuts them. JSON would not be JSON any more, and a client that reads
//! its own tag back, adds to it and writes it again could never do so again: it is refused instead.

use serde::de::IgnoredAny;

use crate::error::{Error, Result};
use crate::wire::names::check_length;
use crate::wire::python::quote_constants;

/// A value with a limit, which is counted in characters.
pub(super) struct Limited<'a> {
    /// What MLflow's refusal calls it.
    pub name: &'a str,
    /// `tag` or `param`.
    pub entity: &'a str,
    pub key: &'a str,
    pub value: &'a str,
    pub limit: usize,
}

/// Returns the part of a value that fits, or `None` if the whole value fits. Fails if the value is too long and must not
/// be cut: because it is JSON, or because `truncate` says that the server does not cut.
pub(super) fn cut_to_fit(limited: &Limited<'_>, truncate: bool) -> Result<Option<String>> {
    let Limited {
        name,
        entity,
        key,
        value,
        limit,
    } = *limited;
    if !is_longer(value, limit) {
        return Ok(None);
    }
    if !truncate {
        check_length(name, value, limit)?;
    }
    if is_json(value) {
        return Err(json_too_long(entity, key, value, limit));
    }
    Ok(Some(value.chars().take(limit).collect()))
}

/// Returns the error for JSON that does not fit.
pub fn json_too_long(entity: &str, key: &str, value: &str, limit: usize) -> Error {
    let size = value.chars().count();
    Error::invalid_parameter(format!(
        "The {entity} '{key}' would have {size} characters, and at most {limit} are stored. Its value is JSON, which \
         would not be readable if it were cut, so it was refused and nothing was changed. Shorten it, for example by \
         shorter names of files or by fewer entries in one run, or log it as an artifact with mlflow.log_dict."
    ))
}

/// Whether a value has more characters than its limit.
pub(super) fn is_longer(value: &str, limit: usize) -> bool {
    // No string has more characters than bytes.
    value.len() > limit && value.chars().count() > limit
}

/// Whether a text is a JSON object or array, as Python writes them too: with NaN and infinities.
fn is_json(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(['{', '['])
        && text.ends_with(['}', ']'])
        && serde_json::from_slice::<IgnoredAny>(&quote_constants(text.as_bytes())).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(value: &str, limit: usize, truncate: bool) -> Result<String> {
        let limited = Limited {
            name: "value",
            entity: "tag",
            key: "t",
            value,
            limit,
        };
        Ok(cut_to_fit(&limited, truncate)?.unwrap_or_else(|| value.to_owned()))
    }

    #[test]
    fn json_is_refused_and_text_is_cut() {
        for json in [
            r#"[{"path": "a.json", "type": "table"}]"#,
            " {\"a\": [1, 2, 3], \"b\": {}}\n",
            r#"{"loss": NaN, "most": -Infinity, "big": 1e999}"#,
            r#"["\ud800", "é"]"#,
            &format!("{}{}", "[".repeat(500), "]".repeat(500)),
        ] {
            let error = fit(json, 10, true).unwrap_err();
            assert!(error.message.contains("JSON"), "{json}: {}", error.message);
            assert_eq!(fit(json, 1_000, true).unwrap(), json);
            assert_eq!(
                fit(json, 10, false).unwrap_err().message,
                "'value' exceeds the maximum length of 10 characters"
            );
        }
        for text in [
            "{'a': 'a dict as Python shows it'}",
            "[1, 2, 3] and more",
            "\"a text in quotes\"",
            "123456789012345",
            "[unclosed, long",
            "{not} json {at} [all]",
            "ééééééééééééééé",
        ] {
            let cut: String = text.chars().take(10).collect();
            assert_eq!(fit(text, 10, true).unwrap(), cut);
        }
    }

    #[test]
    fn a_refusal_tells_limit_and_size_and_what_to_do() {
        insta::assert_snapshot!(fit("[10000000]", 9, true).unwrap_err().message, @"The tag 't' would have 10 characters, and at most 9 are stored. Its value is JSON, which would not be readable if it were cut, so it was refused and nothing was changed. Shorten it, for example by shorter names of files or by fewer entries in one run, or log it as an artifact with mlflow.log_dict.");
    }
}
