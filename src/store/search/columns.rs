//! Tests of the search language, as conditions on columns.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Text};

use crate::search::{Match, Number, Relation, Test};
use crate::store::in_list::in_list;
use crate::store::{Backend, Condition};
use crate::wire::python;

/// Anything that has a value for each row of `Table`. Where it may be NULL, a comparison with it does
/// not hold, whatever its type says.
pub type Column<Table, Type> = Box<dyn BoxableExpression<Table, Backend, SqlType = Type>>;

diesel::define_sql_function! {
    fn lower(text: Text) -> Text;
}

/// LIKE minds the case on both databases: connections to SQLite are set up for that.
pub fn text<Table: 'static>(column: Column<Table, Text>, test: Test) -> Condition<Table> {
    match test {
        Test::Text(Match::Equal, value) => Box::new(column.eq(value)),
        Test::Text(Match::NotEqual, value) => Box::new(column.ne(value)),
        Test::Text(Match::Like, pattern) => Box::new(column.like(pattern)),
        Test::Text(Match::Ilike, pattern) => {
            Box::new(lower(column).like(lower(pattern.into_sql::<Text>())))
        }
        Test::OneOf { values, negated } => Box::new(in_list(column, values).negated_if(negated)),
        Test::Number(..) | Test::Null { .. } => constant(false),
    }
}

pub fn float<Table: 'static>(column: Column<Table, Double>, test: &Test) -> Condition<Table> {
    let Test::Number(relation, number) = test else {
        return constant(false);
    };
    let value = double(*number);
    match relation {
        Relation::Equal => Box::new(column.eq(value)),
        Relation::NotEqual => Box::new(column.ne(value)),
        Relation::Less => Box::new(column.lt(value)),
        Relation::LessOrEqual => Box::new(column.le(value)),
        Relation::Greater => Box::new(column.gt(value)),
        Relation::GreaterOrEqual => Box::new(column.ge(value)),
    }
}

/// A number in a filter, as stored values are compared with it.
#[expect(
    clippy::cast_precision_loss,
    reason = "a number in a filter is compared as a double, as the stored one is"
)]
pub fn double(number: Number) -> f64 {
    match number {
        Number::Integer(integer) => integer as f64,
        Number::Float(float) => float,
    }
}

pub fn integer<Table: 'static>(column: Column<Table, BigInt>, test: &Test) -> Condition<Table> {
    let Test::Number(relation, number) = test else {
        return constant(false);
    };
    let value = match number {
        Number::Integer(integer) => *integer,
        Number::Float(float) => match nearest(*relation, *float) {
            Some(integer) => integer,
            // No integer is equal to it; all others are not.
            None if *relation == Relation::NotEqual => return Box::new(column.is_not_null()),
            None => return constant(false),
        },
    };
    match relation {
        Relation::Equal => Box::new(column.eq(value)),
        Relation::NotEqual => Box::new(column.ne(value)),
        Relation::Less => Box::new(column.lt(value)),
        Relation::LessOrEqual => Box::new(column.le(value)),
        Relation::Greater => Box::new(column.gt(value)),
        Relation::GreaterOrEqual => Box::new(column.ge(value)),
    }
}

/// The integer that an integer column can be compared with in place of a float.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it is rounded first, and beyond all integers the greatest one does"
)]
fn nearest(relation: Relation, float: f64) -> Option<i64> {
    if float.is_nan() {
        return None;
    }
    match relation {
        Relation::Equal | Relation::NotEqual => (float.fract() == 0.0).then_some(float as i64),
        Relation::Less | Relation::GreaterOrEqual => Some(float.ceil() as i64),
        Relation::LessOrEqual | Relation::Greater => Some(float.floor() as i64),
    }
}

pub fn constant<Table: 'static>(value: bool) -> Condition<Table> {
    Box::new(value.into_sql::<Bool>())
}

/// A column of integers that filters compare with texts. No integer is equal to other texts.
pub fn integer_of_text<Table: 'static>(
    column: fn() -> Column<Table, BigInt>,
    test: Test,
) -> Condition<Table> {
    let read = python::int;
    let equal = |text: &str| match read(text) {
        Some(value) => Test::Number(Relation::Equal, Number::Integer(value)),
        None => Test::Null { negated: false },
    };
    match test {
        Test::Text(Match::Equal, value) => integer(column(), &equal(&value)),
        Test::Text(Match::NotEqual, value) => match read(&value) {
            Some(value) => Box::new(column().ne(value)),
            None => Box::new(column().is_not_null()),
        },
        Test::OneOf { values, negated } => {
            let integers = values.iter().filter_map(|value| read(value));
            Box::new(in_list(column(), integers).negated_if(negated))
        }
        test => integer(column(), &test),
    }
}

/// Whether any of the conditions holds. They are paired off, since databases take expressions of a
/// limited depth only.
pub fn any_of<Table: 'static>(mut conditions: Vec<Condition<Table>>) -> Condition<Table> {
    if conditions.len() < 2 {
        return conditions.pop().unwrap_or_else(|| constant(false));
    }
    let second_half = conditions.split_off(conditions.len() / 2);
    Box::new(any_of(conditions).or(any_of(second_half)))
}
