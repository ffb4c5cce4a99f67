//! What models, versions, aliases and tags of the registry may be called.

use crate::error::{Error, Result};
use crate::wire::names::{check_is_plain_path, check_key, check_length, missing};

/// The alias that always means the newest version, and cannot be given to one.
pub const LATEST: &str = "latest";

const LONGEST_ALIAS: usize = 255;
const LONGEST_TAG_KEY: usize = 250;
const LONGEST_TAG_VALUE: usize = 100_000;
const PROMPT_TEXT_TAG: &str = "mlflow.prompt.text";

pub fn check_model(name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(missing("name"));
    }
    if name.contains(['/', ':']) {
        return Err(Error::invalid_parameter(format!(
            "Invalid model name '{name}'. Names cannot contain '/' or ':'."
        )));
    }
    check_is_plain_path(name, "name")
}

pub fn check_new_model(name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(missing("new_name"));
    }
    check_model(name)
}

/// Reads the number of a version, as leniently as Python reads an integer.
pub fn version(text: &str) -> Result<Version> {
    let refused = || {
        Error::invalid_parameter(format!(
            "Parameter 'version' must be an integer, got '{text}'."
        ))
    };
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.strip_prefix(['-', '+']) {
        Some(digits) => (trimmed.starts_with('-'), digits),
        None => (false, trimmed),
    };
    // Digits may be grouped by single underscores.
    if digits
        .split('_')
        .any(|group| group.is_empty() || !group.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err(refused());
    }
    let digits = digits.replace('_', "");
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let sign = if negative && digits != "0" { "-" } else { "" };
    let written = format!("{sign}{digits}");
    Ok(Version {
        number: written.parse().ok(),
        written,
    })
}

/// The number of a version as a request gives it.
pub struct Version {
    /// None where it is too large for any version to have it.
    pub number: Option<i32>,
    pub written: String,
}

pub fn check_alias(alias: &str) -> Result<()> {
    if alias.is_empty() {
        return Err(Error::invalid_parameter(
            "Registered model alias name cannot be empty.",
        ));
    }
    if !alias
        .chars()
        .all(|letter| letter.is_alphanumeric() || "_-".contains(letter))
    {
        return Err(Error::invalid_parameter(format!(
            "Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )));
    }
    check_length("Registered model alias name", alias, LONGEST_ALIAS)
}

/// Some aliases are taken from the start, for a version's number and for the newest version.
pub fn check_alias_is_free(alias: &str) -> Result<()> {
    if alias.to_lowercase() == LATEST {
        return Err(Error::invalid_parameter(
            "'latest' alias name (case insensitive) is reserved.",
        ));
    }
    let number = alias.strip_prefix(['v', 'V']);
    if number.is_some_and(|number| !number.is_empty() && number.chars().all(char::is_numeric)) {
        return Err(Error::invalid_parameter(format!(
            "Version alias name '{alias}' is reserved."
        )));
    }
    Ok(())
}

pub fn check_tag_key(key: &str) -> Result<()> {
    check_key(key, "key")
}

pub fn check_model_tag(key: &str, value: &str) -> Result<()> {
    check_tag_key(key)?;
    check_length("key", key, LONGEST_TAG_KEY)?;
    check_length("value", value, LONGEST_TAG_VALUE)
}

pub fn check_version_tag(key: &str, value: &str) -> Result<()> {
    check_tag_key(key)?;
    check_length("key", key, LONGEST_TAG_KEY)?;
    if key == PROMPT_TEXT_TAG && value.chars().count() > LONGEST_TAG_VALUE {
        return Err(Error::invalid_parameter(format!(
            "Prompt text exceeds max length of {LONGEST_TAG_VALUE} characters."
        )));
    }
    check_length("value", value, LONGEST_TAG_VALUE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_integers() {
        for (text, number) in [
            ("1", Some(1)),
            (" 12 ", Some(12)),
            ("+3", Some(3)),
            ("-3", Some(-3)),
            ("007", Some(7)),
            ("1_000", Some(1000)),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(version(text).unwrap().number, number, "{text:?}");
        }
        for text in ["", " ", "a", "1.0", "1_", "_1", "1__0", "--1", "0x1", "v1"] {
            assert_eq!(
                version(text).err().unwrap().message,
                format!("Parameter 'version' must be an integer, got '{text}'.")
            );
        }
    }

    #[test]
    fn aliases_that_mean_something_already_are_reserved() {
        for alias in ["latest", "LATEST", "v1", "V20"] {
            assert!(check_alias_is_free(alias).is_err(), "{alias}");
        }
        for alias in ["v", "v1a", "champion", "latest1", "1"] {
            assert!(check_alias_is_free(alias).is_ok(), "{alias}");
        }
    }

    #[test]
    fn aliases_have_few_kinds_of_letters() {
        for alias in ["", "a b", "a.b", "a/b", "a:b", &"a".repeat(256)] {
            assert!(check_alias(alias).is_err(), "{alias}");
        }
        assert!(check_alias("Ä_1-b").is_ok());
    }

    #[test]
    fn names_of_models_are_no_paths() {
        for name in ["", "  ", "a/b", "a:b", ".", "..", "..a"] {
            assert!(check_model(name).is_err(), "{name}");
        }
        for name in ["a", "a b", "a\nb", "ä.b", "a..b", "a*"] {
            assert!(check_model(name).is_ok(), "{name}");
        }
    }
}
