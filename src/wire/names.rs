//! Validates keys and names that can become parts of paths, with MLflow's messages.

use serde_json::Value;

use super::python;
use crate::error::{Error, Result};

/// Validates the key of a tag, parameter or metric. Fails if it has a character that MLflow does
/// not allow, or if it is a path to another key.
pub fn check_key(key: &str, parameter: &str) -> Result<()> {
    if !key.chars().all(is_key_letter) {
        return Err(invalid(
            parameter,
            key,
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), \
             spaces ( ), colon(:) and slashes (/).",
        ));
    }
    check_is_plain_path(key, parameter)
}

/// Fails if a name, read as a path, would resolve to another name.
pub fn check_is_plain_path(name: &str, parameter: &str) -> Result<()> {
    let normal = normal_path(name);
    if normal != name || normal == "." || normal.starts_with("..") || normal.starts_with('/') {
        return Err(invalid(
            parameter,
            name,
            &format!(
                "Names may be treated as files in certain cases, and must not resolve to other names when \
                 treated as such. This name would resolve to {}",
                python::repr(&normal)
            ),
        ));
    }
    Ok(())
}

/// Fails if a value has more than `limit` characters.
pub fn check_length(entity: &str, value: &str, limit: usize) -> Result<()> {
    // A text has at most as many characters as bytes, so a short text needs no count.
    if value.len() > limit && value.chars().count() > limit {
        return Err(Error::invalid_parameter(format!(
            "'{entity}' exceeds the maximum length of {limit} characters"
        )));
    }
    Ok(())
}

/// Returns the error for a required parameter that has no value.
pub fn missing(parameter: &str) -> Error {
    Error::invalid_parameter(format!(
        "Missing value for required parameter '{parameter}'."
    ))
}

/// Returns the error for an invalid value of a parameter.
fn invalid(parameter: &str, value: &str, why: &str) -> Error {
    Error::invalid_parameter(format!(
        "Invalid value {} for parameter '{parameter}' supplied: {why}",
        python::dumps(&Value::from(value))
    ))
}

fn is_key_letter(letter: char) -> bool {
    letter.is_alphanumeric() || "_/.- :".contains(letter)
}

/// Normalizes a POSIX path without looking at the file system: removes `.`, `..` and double
/// slashes.
fn normal_path(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    // POSIX keeps exactly two leading slashes, because they have a meaning of their own.
    let root = match path.bytes().take_while(|byte| *byte == b'/').count() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if root.is_empty() && parts.last().is_none_or(|last| *last == "..") => {
                parts.push(part);
            }
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let normal = format!("{root}{}", parts.join("/"));
    if normal.is_empty() {
        ".".to_owned()
    } else {
        normal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizes_paths() {
        for (path, normal) in [
            ("", "."),
            (".", "."),
            ("a/b", "a/b"),
            ("a/./b/", "a/b"),
            ("a//b", "a/b"),
            ("a/../b", "b"),
            ("a/..", "."),
            ("../a", "../a"),
            ("a/../../b", "../b"),
            ("../..", "../.."),
            ("/..", "/"),
            ("/a", "/a"),
            ("//a", "//a"),
            ("///a", "/a"),
        ] {
            assert_eq!(normal_path(path), normal, "{path:?}");
        }
    }

    #[test]
    fn refuses_keys_that_lead_to_other_paths() {
        for key in ["a", "a b", "a/b", "ä.1-_:", "a..b", "..a"] {
            assert_eq!(
                check_key(key, "key").is_ok(),
                !key.starts_with(".."),
                "{key:?}"
            );
        }
        for key in [
            "", ".", "..", "/a", "a/", "a/../b", "./a", "a\n", "a*", "a\"b",
        ] {
            assert!(check_key(key, "key").is_err(), "{key:?}");
        }
    }

    #[test]
    fn lengths_count_characters() {
        assert!(check_length("key", "äöü", 3).is_ok());
        let error = check_length("key", "äöüß", 3).unwrap_err();
        assert_eq!(
            error.message,
            "'key' exceeds the maximum length of 3 characters"
        );
    }

    #[test]
    fn messages_quote_the_name_and_the_path_it_resolves_to() {
        let error = check_key("a/../ä", "key").unwrap_err();
        assert_eq!(
            error.message,
            "Invalid value \"a/../\\u00e4\" for parameter 'key' supplied: Names may be treated as files in \
             certain cases, and must not resolve to other names when treated as such. This name would \
             resolve to 'ä'"
        );
    }
}
