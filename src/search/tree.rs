//! The syntax tree of a filter, which is independent of the searched entity type.

use std::fmt;

use super::clauses::{ClauseKind, read};
use super::lexer::TokenKind;

/// A filter: conditions that must all be true.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// The conditions, in the order of the text.
    pub conditions: Vec<Condition>,
}

/// A condition on one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub field: Field,
    /// The test on its value.
    pub test: Test,
}

/// A field: an entity and the key within it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The kind of data.
    pub entity: Entity,
    /// The name of the attribute, or the key of the metric, param or tag.
    pub key: String,
}

/// The kind of data that a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entity {
    Attribute,
    Metric,
    Param,
    Tag,
    Dataset,
}

/// A test on the value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Number(Relation, Number),
    Text(Match, String),
    OneOf { values: Vec<String>, negated: bool },
    Null { negated: bool },
}

/// A number in a filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Integer(i64),
    Float(f64),
}

/// A relation between numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A way to compare text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    Equal,
    NotEqual,
    Like,
    Ilike,
}

/// One ordering key of an `order_by` clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBy {
    pub field: Field,
    /// Whether the smallest value comes first.
    pub ascending: bool,
}

impl Entity {
    /// Returns the name of the entity that all searches accept.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Attribute => "attributes",
            Self::Metric => "metrics",
            Self::Param => "params",
            Self::Tag => "tags",
            Self::Dataset => "datasets",
        }
    }
}

impl Relation {
    /// Returns the comparator in a filter.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Returns the relation of a comparator, or `None` if it is not one for numbers.
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        [
            Self::Equal,
            Self::NotEqual,
            Self::Less,
            Self::LessOrEqual,
            Self::Greater,
            Self::GreaterOrEqual,
        ]
        .into_iter()
        .find(|relation| relation.symbol() == symbol)
    }
}

impl Match {
    /// Returns the comparator in a filter.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Like => "LIKE",
            Self::Ilike => "ILIKE",
        }
    }

    /// Returns the way to compare for a comparator in upper case, or `None` if it is not one for
    /// text.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Equal, Self::NotEqual, Self::Like, Self::Ilike]
            .into_iter()
            .find(|matching| matching.word() == word)
    }
}

/// Prints the filter so that parsing the output gives the same tree.
impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, condition) in self.conditions.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" AND ")?;
            }
            write!(formatter, "{} {}", condition.field, condition.test)?;
        }
        Ok(())
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All searches accept an attribute without a prefix.
        if self.entity == Entity::Attribute {
            return formatter.write_str(&self.key);
        }
        let entity = self.entity.name();
        if is_plain(&self.key) {
            return write!(formatter, "{entity}.{}", self.key);
        }
        let spelling = ['`', '"', '\'']
            .into_iter()
            .map(|quote| format!("{quote}{}{quote}", self.key))
            .find(|key| is_one(&format!("{entity}.{key}"), &ClauseKind::Identifier))
            .unwrap_or_else(|| self.key.clone());
        write!(formatter, "{entity}.{spelling}")
    }
}

impl fmt::Display for Test {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(relation, number) => write!(formatter, "{} {number}", relation.symbol()),
            Self::Text(matching, text) => {
                let single = format!("'{text}'");
                let double = format!("\"{text}\"");
                let spelling = if is_one(&single, &ClauseKind::Token(TokenKind::Text)) {
                    &single
                } else if is_one(&double, &ClauseKind::Identifier) {
                    &double
                } else {
                    text
                };
                write!(formatter, "{} {spelling}", matching.word())
            }
            Self::OneOf { values, negated } => {
                formatter.write_str(if *negated { "NOT IN (" } else { "IN (" })?;
                for (index, value) in values.iter().enumerate() {
                    // Quotes and backslashes are written as codes, so that the tokenizer never meets a
                    // backslash before a quote.
                    let value = value
                        .replace('\\', "\\x5c")
                        .replace('\'', "\\x27")
                        .replace('\n', "\\n");
                    let separator = if index > 0 { ", " } else { "" };
                    write!(formatter, "{separator}'{value}'")?;
                }
                formatter.write_str(")")
            }
            Self::Null { negated: false } => formatter.write_str("IS NULL"),
            Self::Null { negated: true } => formatter.write_str("IS NOT NULL"),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => integer.fmt(formatter),
            // The language has no word for infinity; a literal that is too large is read as
            // infinity.
            Self::Float(float) if float.is_infinite() => {
                formatter.write_str(if *float > 0.0 { "1e999" } else { "-1e999" })
            }
            Self::Float(float) => write!(formatter, "{float:?}"),
        }
    }
}

/// Returns whether a key needs no quotes.
fn is_plain(key: &str) -> bool {
    key.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && key
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && is_one(&format!("metrics.{key}"), &ClauseKind::Identifier)
}

/// Returns whether a text is read as a single clause of a kind.
fn is_one(text: &str, kind: &ClauseKind) -> bool {
    read(text).is_ok_and(|clauses| {
        clauses.len() == 1 && clauses[0].kind == *kind && clauses[0].span == (0..text.len())
    })
}
