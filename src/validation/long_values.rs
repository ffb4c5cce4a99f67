//! Values that are longer than their column. MLflow cuts them. JSON would not be JSON any more, and a client that reads
//! its own tag back, adds to it and writes it again could never do so again: it is refused instead.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::error::{Error, Result};
use crate::wire::names::check_length;
use crate::wire::python::quote_constants;

/// A value with a limit, which is counted in characters.
pub(super) struct Limited<'n, 'v> {
    /// What MLflow's refusal calls it.
    pub name: &'n str,
    /// `tag` or `param`.
    pub entity: &'n str,
    pub key: &'n str,
    pub value: &'v str,
    pub limit: usize,
}

/// The value as it is stored: cut where the server is set up to do so and it is plain text.
pub(super) fn fitted<'v>(limited: &Limited<'_, 'v>, truncate: bool) -> Result<Cow<'v, str>> {
    let Limited {
        name,
        entity,
        key,
        value,
        limit,
    } = *limited;
    if !truncate || !is_longer(value, limit) {
        check_length(name, value, limit)?;
        return Ok(Cow::Borrowed(value));
    }
    if is_json(value) {
        return Err(json_too_long(entity, key, value, limit));
    }
    Ok(value.chars().take(limit).collect())
}

/// What is told of JSON that does not fit.
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
        fitted(&limited, truncate).map(Cow::into_owned)
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
