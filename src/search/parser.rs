//! Parses filters into [`Filter`] trees, with MLflow's error messages.

use std::ops::Range;

use super::clauses::{Clause, ClauseKind, Comparator, Comparison, StatementError, read};
use super::comparison::{Value, test};
use super::error::SearchError;
use super::keyword_comparisons::join_keyword_comparisons;
use super::lexer::TokenKind;
use super::list::{self, ListError};
use super::logged_models;
use super::python::{list, set};
use super::subject::{Subject, trim_quotes};
use super::tree::{Condition, Entity, Field, Filter};
use crate::wire::python::repr;

/// The maximum number of conditions. Databases limit the depth of an expression.
const MAX_CONDITIONS: usize = 500;

/// Parses a filter. An empty text is a filter that matches everything.
///
/// Fails with MLflow's message and the span of the first error.
pub fn parse_filter(text: &str, subject: Subject) -> Result<Filter, SearchError> {
    if text.is_empty() {
        return Ok(Filter::default());
    }
    if let Some(position) = text.find('\0') {
        return Err(SearchError::new(
            position..position + 1,
            format!("Invalid filter {}. It contains a NUL.", repr(text)),
        ));
    }
    let filter = if subject == Subject::LoggedModels {
        logged_models::parse_filter(text)?
    } else {
        parse_conjunction(text, subject)?
    };
    if filter.conditions.len() > MAX_CONDITIONS {
        return Err(statement_error(text, StatementError::TooLong));
    }
    Ok(filter)
}

fn parse_conjunction(text: &str, subject: Subject) -> Result<Filter, SearchError> {
    let clauses = read(text).map_err(|reason| statement_error(text, reason))?;
    let clauses = join_keyword_comparisons(text, clauses);
    let parser = Parser { text, subject };
    parser.refuse_other_clauses(&clauses)?;
    // MLflow checks all fields and values before any comparator, so their errors are reported
    // first.
    let mut parts = Vec::with_capacity(clauses.len());
    for clause in &clauses {
        if let ClauseKind::Comparison(comparison) = &clause.kind {
            parts.push(parser.parts(comparison, clause.span.clone())?);
        }
    }
    let conditions = parts
        .into_iter()
        .map(|parts| {
            let field = subject.canonical(parts.field);
            test(subject, &field, parts.comparator, parts.value)
                .map(|tested| Condition {
                    field,
                    test: tested,
                })
                .map_err(|message| SearchError::new(parts.span, message))
        })
        .collect::<Result<_, SearchError>>()?;
    Ok(Filter { conditions })
}

/// Returns the error for a text that is not a single statement.
fn statement_error(text: &str, reason: StatementError) -> SearchError {
    match reason {
        StatementError::Empty => SearchError::new(
            0..text.len(),
            format!("Invalid filter '{text}'. Could not be parsed."),
        ),
        StatementError::Several { second } => SearchError::new(
            second..text.len(),
            format!(
                "Search filter contained multiple expression {}. Provide AND-ed expression list.",
                repr(text)
            ),
        ),
        StatementError::TooLong => {
            SearchError::new(0..text.len(), format!("Error on parsing filter '{text}'"))
        }
    }
}

/// The resolved parts of a comparison, whose comparator is not checked yet.
struct ComparisonParts<'a> {
    field: Field,
    comparator: &'a str,
    value: Value,
    /// The byte range of the comparison in the text.
    span: Range<usize>,
}

/// Parses the clauses of one filter.
struct Parser<'a> {
    text: &'a str,
    subject: Subject,
}

impl<'a> Parser<'a> {
    /// Fails if a clause is neither a comparison nor AND.
    fn refuse_other_clauses(&self, clauses: &[Clause]) -> Result<(), SearchError> {
        let others: Vec<&Clause> = clauses
            .iter()
            .filter(|clause| {
                !matches!(clause.kind, ClauseKind::Comparison(_)) && !self.is_and(clause)
            })
            .collect();
        let (Some(first), Some(last)) = (others.first(), others.last()) else {
            return Ok(());
        };
        let quote = if self.subject == Subject::Runs {
            "'"
        } else {
            ""
        };
        let names: Vec<String> = others
            .iter()
            .map(|clause| format!("{quote}{}{quote}", self.text_of(clause)))
            .collect();
        Err(SearchError::new(
            first.span.start..last.span.end,
            format!("Invalid clause(s) in filter string: {}", names.join(", ")),
        ))
    }

    fn is_and(&self, clause: &Clause) -> bool {
        clause.is(TokenKind::Keyword) && self.text_of(clause).eq_ignore_ascii_case("AND")
    }

    fn text_of(&self, clause: &Clause) -> &'a str {
        &self.text[clause.span.clone()]
    }

    /// Resolves the field, the comparator and the value of a comparison.
    fn parts(
        &self,
        comparison: &Comparison,
        span: Range<usize>,
    ) -> Result<ComparisonParts<'a>, SearchError> {
        let left = &comparison.left;
        if !left.is_identifier() {
            return Err(SearchError::new(
                left.span.clone(),
                format!(
                    "Invalid comparison clause. Expected 'Identifier' found '{}'",
                    self.text_of(left)
                ),
            ));
        }
        let comparator = match &comparison.comparator {
            Comparator::Written(span) => &self.text[span.clone()],
            Comparator::NotIn => "NOT IN",
            Comparator::IsNull => "IS NULL",
            Comparator::IsNotNull => "IS NOT NULL",
        };
        let field = self.subject.field(
            self.text_of(left),
            left.span.clone(),
            self.subject.attributes(),
        )?;
        let value = match &comparison.right {
            Some(right) => self
                .value(&field, right)
                .map_err(|message| SearchError::new(right.span.clone(), message))?,
            None => self
                .null(&field)
                .map_err(|message| SearchError::new(left.span.clone(), message))?,
        };
        Ok(ComparisonParts {
            field,
            comparator,
            value,
            span,
        })
    }

    /// Returns the value of IS NULL. Fails for fields that always have a value.
    fn null(&self, field: &Field) -> Result<Value, String> {
        match (self.subject, field.entity) {
            (Subject::Runs, Entity::Tag | Entity::Param) | (Subject::Experiments, Entity::Tag) => {
                Ok(Value::None)
            }
            (Subject::Runs, entity) => Err(format!(
                "IS NULL / IS NOT NULL is only supported for tags and params, not for '{}' '{}'",
                singular(entity),
                field.key
            )),
            (Subject::Experiments, _) => Err(format!(
                "IS NULL / IS NOT NULL is only supported for tags, not for attribute '{}'",
                field.key
            )),
            _ => Err("IS NULL / IS NOT NULL is not supported in this search".to_owned()),
        }
    }

    /// Reads the right side of a comparison with `field`.
    fn value(&self, field: &Field, clause: &Clause) -> Result<Value, String> {
        let text = self.text_of(clause);
        let is_number = clause.is(TokenKind::Integer) || clause.is(TokenKind::Float);
        let is_text = clause.is(TokenKind::Text) || clause.is_identifier();
        let is_list = clause.kind == ClauseKind::Parenthesis;
        match field.entity {
            Entity::Metric if is_number => number(text),
            Entity::Metric => Err(format!(
                "Expected numeric value type for metric. Found {text}"
            )),
            Entity::Param | Entity::Tag | Entity::Dataset if is_text => quoted(text),
            Entity::Param | Entity::Tag => Err(format!(
                "Expected a quoted string value for {} (e.g. 'my-value'). Got value {text}",
                singular(field.entity)
            )),
            Entity::Dataset if is_list => listed(text),
            Entity::Dataset => Err(format!(
                "Expected a quoted string value for dataset attributes. Got value {text}"
            )),
            Entity::Attribute if self.numbers_only(field) => {
                if is_number {
                    number(text)
                } else {
                    Err(format!(
                        "Expected numeric value type for numeric attribute: {}. Found {text}",
                        field.key
                    ))
                }
            }
            Entity::Attribute if is_text => quoted(text),
            Entity::Attribute if is_list => {
                let listable = self.subject.listable_attributes();
                if !listable.contains(&field.key.as_str()) {
                    return Err(format!(
                        "Only {} attributes support comparison with a list of quoted string values.",
                        list(listable)
                    ));
                }
                listed(text)
            }
            Entity::Attribute if is_number && self.subject == Subject::ModelVersions => {
                if !self.subject.is_numeric(field) {
                    return Err(format!(
                        "Only the '{}' attributes support comparison with numeric values.",
                        set(self.subject.numeric_attributes())
                    ));
                }
                number(text)
            }
            Entity::Attribute => {
                let or_list = match self.subject {
                    Subject::RegisteredModels | Subject::ModelVersions => {
                        " or a list of quoted string values"
                    }
                    _ => "",
                };
                Err(format!(
                    "Expected a quoted string value{or_list} for attributes. Got value {text}"
                ))
            }
        }
    }

    /// Returns whether a field only accepts numbers without quotes. The version of a model can be
    /// quoted.
    fn numbers_only(&self, field: &Field) -> bool {
        self.subject != Subject::ModelVersions && self.subject.is_numeric(field)
    }
}

/// Reads a number, as an integer if possible.
fn number(text: &str) -> Result<Value, String> {
    if let Ok(integer) = text.parse() {
        return Ok(Value::Integer(integer));
    }
    text.parse()
        .map(Value::Float)
        .map_err(|_| format!("Invalid number {text}"))
}

/// Reads a quoted string.
fn quoted(text: &str) -> Result<Value, String> {
    trim_quotes(text, &['\'', '"'])
        .map(|text| Value::Text(text.to_owned()))
        .ok_or_else(|| {
            format!(
                "Parameter value is either not quoted or unidentified quote types used for string value {text}. \
                 Use either single or double quotes."
            )
        })
}

/// Reads a list of quoted strings.
fn listed(text: &str) -> Result<Value, String> {
    const WHILE: &str = "While parsing a list in the query, expected";
    list::read(text).map(Value::List).map_err(|reason| match reason {
        ListError::Empty => format!("{WHILE} a non-empty list of string values, but got empty list"),
        ListError::IllFormed => {
            format!("{WHILE} a non-empty list of string values, but got ill-formed list.")
        }
        ListError::OtherElements(tuple) => format!(
            "{WHILE} string value, punctuation, or whitespace, but got different type in list: {tuple}"
        ),
    })
}

/// Returns the singular name of an entity, as messages use it.
pub fn singular(entity: Entity) -> &'static str {
    match entity {
        Entity::Attribute => "attribute",
        Entity::Metric => "metric",
        Entity::Param => "parameter",
        Entity::Tag => "tag",
        Entity::Dataset => "dataset",
    }
}
