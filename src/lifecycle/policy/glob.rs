//! Patterns for names: `*` stands for any characters, `?` for one.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A pattern in which `*` stands for any characters and `?` for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Glob {
    text: String,
    letters: Vec<char>,
}

impl Glob {
    /// A pattern as it is written.
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            letters: text.chars().collect(),
        }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern stands for the whole of a name.
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        // ends[n] says whether the pattern so far can stand for the first n letters.
        let mut ends = vec![false; name.len() + 1];
        ends[0] = true;
        for &letter in &self.letters {
            if letter == '*' {
                if let Some(first) = ends.iter().position(|&end| end) {
                    ends[first..].fill(true);
                }
            } else {
                for n in (1..ends.len()).rev() {
                    ends[n] = ends[n - 1] && (letter == '?' || letter == name[n - 1]);
                }
                ends[0] = false;
            }
        }
        ends[name.len()]
    }

    /// Whether some name matches both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (left, right) = (&self.letters, &other.letters);
        // meet[i][j]: whether some text matches what is left of both patterns from i and from j.
        let mut meet = vec![vec![false; right.len() + 1]; left.len() + 1];
        for i in (0..=left.len()).rev() {
            for j in (0..=right.len()).rev() {
                meet[i][j] = match (left.get(i), right.get(j)) {
                    (None, None) => true,
                    (Some('*'), None) => meet[i + 1][j],
                    (None, Some('*')) => meet[i][j + 1],
                    (None, Some(_)) | (Some(_), None) => false,
                    (Some('*'), Some(_)) | (Some(_), Some('*')) => meet[i + 1][j] || meet[i][j + 1],
                    (Some(a), Some(b)) => (a == b || *a == '?' || *b == '?') && meet[i + 1][j + 1],
                };
            }
        }
        meet[0][0]
    }

    /// Whether the pattern has no wildcard.
    pub fn is_exact(&self) -> bool {
        !self
            .letters
            .iter()
            .any(|letter| matches!(letter, '*' | '?'))
    }

    /// How many letters are not wildcards.
    pub fn literals(&self) -> usize {
        self.letters
            .iter()
            .filter(|letter| !matches!(letter, '*' | '?'))
            .count()
    }
}

impl TryFrom<String> for Glob {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() {
            Err("a pattern must not be empty; '*' matches every name")
        } else if text.len() > 500 {
            Err("a pattern has at most 500 bytes")
        } else {
            Ok(Self::new(&text))
        }
    }
}

impl From<Glob> for String {
    fn from(glob: Glob) -> Self {
        glob.text
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("credit-*", "credit-risk", true),
            ("credit-*", "fraud", false),
            ("*-risk", "credit-risk", true),
            ("c?edit", "credit", true),
            ("c?edit", "cedit", false),
            ("a*b*c", "a--b--c", true),
            ("a*b*c", "a--c--b", false),
            ("credit", "credit-risk", false),
            ("é*", "été", true),
        ] {
            assert_eq!(
                Glob::new(pattern).matches(name),
                expected,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn overlaps() {
        for (left, right, expected) in [
            ("credit-*", "*-scorer", true),
            ("credit-*", "frauds-*", false),
            ("*", "x", true),
            ("a?", "?b", true),
            ("a?", "b?", false),
            ("ab", "abc", false),
        ] {
            assert_eq!(
                Glob::new(left).overlaps(&Glob::new(right)),
                expected,
                "{left} {right}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_both_match_overlaps(left in "[ab*?]{1,6}", right in "[ab*?]{1,6}", name in "[ab]{0,6}") {
            let (left, right) = (Glob::new(&left), Glob::new(&right));
            prop_assert!(!(left.matches(&name) && right.matches(&name)) || left.overlaps(&right));
            prop_assert_eq!(left.overlaps(&right), right.overlaps(&left));
        }
    }
}
