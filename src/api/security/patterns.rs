//! Names with wildcards, in the syntax of Python's `fnmatch`.

use std::fmt::Write;

use regex::Regex;

/// A name, or a pattern for names.
pub enum Pattern {
    Exact(String),
    Wildcards(Regex),
}

impl Pattern {
    /// Reads a pattern. A text without a star is a plain name, because `[::1]` is an address.
    pub fn new(text: &str) -> Self {
        if !text.contains('*') {
            return Self::Exact(text.to_owned());
        }
        match Regex::new(&translate(text)) {
            Ok(regex) => Self::Wildcards(regex),
            Err(_) => Self::Exact(text.to_owned()),
        }
    }

    /// Returns whether a text is the name, or matches the pattern.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Wildcards(regex) => regex.is_match(text),
        }
    }
}

fn translate(pattern: &str) -> String {
    let mut regex = String::from(r"(?s)\A");
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => match read_set(rest) {
                Some((set, after)) => {
                    regex.push_str(&set);
                    rest = after;
                }
                None => regex.push_str(r"\["),
            },
            letter => write!(regex, "{}", regex::escape(letter.encode_utf8(&mut [0; 4])))
                .unwrap_or_default(),
        }
    }
    regex.push_str(r"\z");
    regex
}

/// `[abc]`, `[a-c]` or `[!abc]`, whose first letter may be a bracket.
fn read_set(text: &str) -> Option<(String, &str)> {
    let (negated, members) = match text.strip_prefix('!') {
        Some(members) => ("^", members),
        None => ("", text),
    };
    let first = members.chars().next()?.len_utf8();
    let end = first + members[first..].find(']')?;
    let escaped: String = members[..end]
        .chars()
        .map(|letter| match letter {
            '-' => "-".to_owned(),
            letter => regex::escape(letter.encode_utf8(&mut [0; 4])),
        })
        .collect();
    Some((format!("[{negated}{escaped}]"), &members[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_letters() {
        assert!(Pattern::new("*[a-c]").matches("xb"));
        assert!(!Pattern::new("*[!a-c]").matches("xb"));
        assert!(Pattern::new("*[]]").matches("x]"));
        assert!(Pattern::new("*[").matches("x["));
    }
}
