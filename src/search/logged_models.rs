//! Parses filters and `order_by` clauses for logged models, which have their own rules and
//! messages.

use super::clauses::{Clause, ClauseKind, Comparator, Comparison, StatementError, read};
use super::error::SearchError;
use super::keyword_comparisons::join_keyword_comparisons;
use super::list;
use super::python::set;
use super::subject::Subject;
use super::tree::{Condition, Entity, Field, Filter, Match, Number, OrderBy, Relation, Test};
use crate::wire::python::repr;

const SUBJECT: Subject = Subject::LoggedModels;

/// Parses a filter for logged models. Fails with MLflow's message at the first invalid comparison.
pub fn parse_filter(text: &str) -> Result<Filter, SearchError> {
    let clauses = read(text).map_err(|reason| match reason {
        StatementError::Empty | StatementError::Several { .. } => SearchError::new(
            0..text.len(),
            format!(
                "Invalid filter string: {}. Expected a single SQL expression.",
                repr(text)
            ),
        ),
        StatementError::TooLong => SearchError::new(
            0..text.len(),
            format!("Invalid filter string: {}. It is too long.", repr(text)),
        ),
    })?;
    let mut conditions = Vec::new();
    for clause in join_keyword_comparisons(text, clauses) {
        let written = &text[clause.span.clone()];
        if let ClauseKind::Comparison(comparison) = &clause.kind {
            let condition = condition(text, comparison)
                .map_err(|message| SearchError::new(clause.span.clone(), message))?;
            conditions.push(condition);
        } else if !written.eq_ignore_ascii_case("AND") {
            return Err(SearchError::new(
                clause.span.clone(),
                format!(
                    "Invalid filter string: {}. Expected a list of comparisons separated by 'AND' \
                     (e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').",
                    repr(text)
                ),
            ));
        }
    }
    Ok(Filter { conditions })
}

/// Reads one comparison as a condition.
fn condition(text: &str, comparison: &Comparison) -> Result<Condition, String> {
    let comparator = match &comparison.comparator {
        Comparator::Written(span) => text[span.clone()].to_uppercase(),
        Comparator::NotIn => "NOT IN".to_owned(),
        Comparator::IsNull => "IS NULL".to_owned(),
        Comparator::IsNotNull => "IS NOT NULL".to_owned(),
    };
    let Some(right) = &comparison.right else {
        // MLflow's message has no space between the two.
        return Err(format!(
            "Invalid comparison: {}{comparator}. Expected a comparison with 3 tokens.",
            &text[comparison.left.span.clone()]
        ));
    };
    let field = field(&text[comparison.left.span.clone()])?;
    let value = &text[right.span.clone()];
    let tested = if SUBJECT.is_numeric(&field) {
        number(&field, &comparator, value)?
    } else {
        string(&field, &comparator, value, right)?
    };
    if field.entity == Entity::Attribute && !SUBJECT.attributes().contains(&field.key.as_str()) {
        return Err(format!(
            "Invalid attribute key '{}' specified. Valid keys are '{}'",
            field.key,
            set(SUBJECT.attributes())
        ));
    }
    Ok(Condition {
        field: SUBJECT.canonical(field),
        test: tested,
    })
}

/// Reads a field. The part before the first dot is the entity; a field without a dot is an
/// attribute.
fn field(written: &str) -> Result<Field, String> {
    let parts = written.split_once('.').filter(|(entity, key)| {
        !entity.is_empty()
            && entity.chars().all(|letter| letter.is_ascii_lowercase())
            && !key.is_empty()
            && !key.contains('\n')
    });
    let (entity, key) = match parts {
        None => (Entity::Attribute, written),
        Some(("attributes", key)) => (Entity::Attribute, key),
        Some(("metrics", key)) => (Entity::Metric, key),
        Some(("params", key)) => (Entity::Param, key),
        Some(("tags", key)) => (Entity::Tag, key),
        Some((entity, _)) => {
            return Err(format!(
                "Invalid entity type: {}. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
                repr(entity)
            ));
        }
    };
    let key = key.trim_matches('`').to_owned();
    if key.contains('`') {
        return Err(format!(
            "Invalid key {}: it contains a backtick.",
            repr(&key)
        ));
    }
    let field = Field { entity, key };
    // An attribute without a prefix is named by its column from here on, also in messages.
    Ok(match parts {
        None => SUBJECT.canonical(field),
        Some(_) => field,
    })
}

/// Reads a comparison with a number.
fn number(field: &Field, comparator: &str, value: &str) -> Result<Test, String> {
    let relation = Relation::from_symbol(comparator)
        .ok_or_else(|| wrong_comparator(field, comparator, "('<', '<=', '>', '>=', '=', '!=')"))?;
    let number = value
        .parse()
        .map_err(|_| format!("could not convert string to float: {}", repr(value)))?;
    Ok(Test::Number(relation, Number::Float(number)))
}

/// Reads a comparison with a string or a list of strings.
fn string(field: &Field, comparator: &str, value: &str, right: &Clause) -> Result<Test, String> {
    let negated = match comparator {
        "IN" => false,
        "NOT IN" => true,
        _ => {
            let matching = Match::from_word(comparator).ok_or_else(|| {
                wrong_comparator(
                    field,
                    comparator,
                    "('=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN')",
                )
            })?;
            if right.kind == ClauseKind::Parenthesis {
                return Err(format!(
                    "Invalid comparison: '{comparator}' does not take a list."
                ));
            }
            return Ok(Test::Text(matching, value.trim_matches('\'').to_owned()));
        }
    };
    let values = list::read(value)
        .map_err(|_| format!("Invalid list: {value}. Expected a list of quoted strings."))?;
    Ok(Test::OneOf { values, negated })
}

fn wrong_comparator(field: &Field, comparator: &str, expected: &str) -> String {
    format!(
        "Invalid comparison operator for {}.{}: {}. Expected one of {expected}.",
        field.entity.name(),
        field.key,
        repr(comparator)
    )
}

/// Parses one ordering key: a metric, or an attribute without prefix.
pub fn parse_order_by(field_name: &str, ascending: bool) -> Result<OrderBy, SearchError> {
    let span = 0..field_name.len();
    let field = match field_name.split_once('.') {
        Some(("metrics", key)) => Field {
            entity: Entity::Metric,
            key: key.to_owned(),
        },
        Some(_) => {
            return Err(SearchError::new(
                span,
                format!("Invalid order by field name: {field_name}. Only metrics are supported."),
            ));
        }
        None if SUBJECT.attributes().contains(&field_name) => SUBJECT.canonical(Field {
            entity: Entity::Attribute,
            key: field_name.to_owned(),
        }),
        None => {
            return Err(SearchError::new(
                span,
                format!("Invalid order by field name: {field_name}"),
            ));
        }
    };
    Ok(OrderBy { field, ascending })
}
