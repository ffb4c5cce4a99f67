//! Parses `order_by` clauses such as `metrics."a b" DESC`.

use super::clauses::{Clause, read};
use super::error::SearchError;
use super::lexer::TokenKind;
use super::python::{list, set};
use super::subject::Subject;
use super::tree::{Entity, Field, OrderBy};

/// Parses the `order_by` clauses of a search. Fails if a clause is invalid or a field occurs twice.
pub fn parse_order_by_list(
    clauses: &[String],
    subject: Subject,
) -> Result<Vec<OrderBy>, SearchError> {
    let mut order: Vec<OrderBy> = Vec::with_capacity(clauses.len());
    for text in clauses {
        let clause = parse_order_by(text, subject)?;
        // Only the search for experiments accepts the same field twice.
        if subject != Subject::Experiments
            && order.iter().any(|earlier| earlier.field == clause.field)
        {
            return Err(SearchError::new(
                0..text.len(),
                format!("`order_by` contains duplicate fields: {}", list(clauses)),
            ));
        }
        order.push(clause);
    }
    Ok(order)
}

/// Parses one `order_by` clause. Fails with MLflow's message if it has no valid field or direction.
pub fn parse_order_by(text: &str, subject: Subject) -> Result<OrderBy, SearchError> {
    let fail = |message: String| Err(SearchError::new(0..text.len(), message));
    let not_parsed = || format!("Invalid order_by clause '{text}'. Could not be parsed.");
    let clauses = read(text).map_err(|_| SearchError::new(0..text.len(), not_parsed()))?;
    let Some(unsplit) = ordered(text, &clauses) else {
        return fail(not_parsed());
    };
    let Some(words) = split(&unsplit.replace('`', "\"")) else {
        return fail(not_parsed());
    };
    let (name, ascending) = match words.as_slice() {
        [name, direction] if direction.eq_ignore_ascii_case("asc") => (name.as_str(), true),
        [name, direction] if direction.eq_ignore_ascii_case("desc") => (name.as_str(), false),
        [_, _] => {
            return fail(format!("Invalid ordering key in order_by clause '{text}'."));
        }
        [_, _, _, ..] => return fail(not_parsed()),
        _ => (unsplit, true),
    };
    if let Some(position) = text.find('\0') {
        return Err(SearchError::new(position..position + 1, not_parsed()));
    }
    let field = field(name.trim(), text, subject)?;
    Ok(OrderBy { field, ascending })
}

/// Returns the field and its direction as text, if the clauses are a single ordering key.
fn ordered<'a>(text: &'a str, clauses: &[Clause]) -> Option<&'a str> {
    let is_timestamp = |clause: &Clause| {
        clause.is(TokenKind::TypeName) && &text[clause.span.clone()] == "timestamp"
    };
    let starts = clauses.first().is_some_and(|first| first.span.start == 0);
    let ends = clauses
        .last()
        .is_some_and(|last| last.span.end == text.len());
    let fits = match clauses {
        [only] => only.is_identifier() || is_timestamp(only),
        [first, direction] => is_timestamp(first) && direction.is(TokenKind::Direction),
        _ => false,
    };
    (starts && ends && fits).then_some(text)
}

/// Resolves the name of a field for ordering. `text` is the whole clause, for the error's span.
fn field(name: &str, text: &str, subject: Subject) -> Result<Field, SearchError> {
    let span = 0..text.len();
    let attributes = subject.order_attributes();
    match subject {
        Subject::RegisteredModels => {
            if !attributes.contains(&name) {
                return Err(SearchError::new(
                    span,
                    format!(
                        "Invalid order by key '{name}' specified. Valid keys are '{}'",
                        set(&["name", "timestamp"])
                    ),
                ));
            }
            // Both names for the time mean the time of the last update.
            let key = if name == "name" {
                "name"
            } else {
                "last_updated_timestamp"
            };
            Ok(Field {
                entity: Entity::Attribute,
                key: key.to_owned(),
            })
        }
        Subject::ModelVersions => {
            let field = Subject::Experiments.field(name, span.clone(), attributes)?;
            if !attributes.contains(&field.key.as_str()) {
                return Err(SearchError::new(
                    span,
                    format!(
                        "Invalid order by key '{}' specified. Valid keys are {}",
                        field.key,
                        set(attributes)
                    ),
                ));
            }
            // MLflow accepts any entity here and orders by the attribute.
            Ok(Field {
                entity: Entity::Attribute,
                ..field
            })
        }
        _ => {
            let field = subject.canonical(subject.field(name, span.clone(), attributes)?);
            match (subject, field.entity) {
                (Subject::Runs, Entity::Dataset) => {
                    Err(SearchError::new(span, "Invalid identifier type 'dataset'"))
                }
                (Subject::Experiments, Entity::Tag) => {
                    Err(SearchError::new(span, "Invalid order_by entity: tag"))
                }
                _ => Ok(field),
            }
        }
    }
}

/// Splits a text into words as a shell does. Returns `None` if a quote is not closed.
fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\\' => word.get_or_insert_default().push(letters.next()?),
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '"' => break,
                        '\\' if letters.next_if(|next| *next == '"').is_some() => word.push('"'),
                        '\\' if letters.next_if(|next| *next == '\\').is_some() => word.push('\\'),
                        inner => word.push(inner),
                    }
                }
            }
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '\'' => break,
                        inner => word.push(inner),
                    }
                }
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}
