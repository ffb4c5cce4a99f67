//! What a filter means, for whatever it is asked of.

use std::fmt;

use super::clauses::{ClauseKind, read};
use super::lexer::TokenKind;

/// Conditions that must all hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    pub conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub field: Field,
    pub test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    pub entity: Entity,
    pub key: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entity {
    Attribute,
    Metric,
    Param,
    Tag,
    Dataset,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Number(Relation, Number),
    Text(Match, String),
    OneOf { values: Vec<String>, negated: bool },
    Null { negated: bool },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Integer(i64),
    Float(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    Equal,
    NotEqual,
    Like,
    Ilike,
}

/// One clause of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBy {
    pub field: Field,
    pub ascending: bool,
}

impl Entity {
    /// The name that all searches that know the entity accept.
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
    pub const fn word(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Like => "LIKE",
            Self::Ilike => "ILIKE",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Equal, Self::NotEqual, Self::Like, Self::Ilike]
            .into_iter()
            .find(|matching| matching.word() == word)
    }
}

/// Prints a filter that is read as the same tree.
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
        // All searches know their attributes by the bare name.
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
                    // By number: a tokenizer that sees no backslash before a quote cannot stumble.
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
            // There is no word for it, but a literal beyond all numbers.
            Self::Float(float) if float.is_infinite() => {
                formatter.write_str(if *float > 0.0 { "1e999" } else { "-1e999" })
            }
            Self::Float(float) => write!(formatter, "{float:?}"),
        }
    }
}

fn is_plain(key: &str) -> bool {
    key.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && key
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && is_one(&format!("metrics.{key}"), &ClauseKind::Identifier)
}

/// Whether a text is read as a single clause of a kind.
fn is_one(text: &str, kind: &ClauseKind) -> bool {
    read(text).is_ok_and(|clauses| {
        clauses.len() == 1 && clauses[0].kind == *kind && clauses[0].span == (0..text.len())
    })
}
