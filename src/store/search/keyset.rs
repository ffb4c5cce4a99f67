//! Pages by keyset: each begins behind the last row of the one before it, wherever that has moved.

use diesel::expression::expression_types::NotSelectable;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Text};

use super::columns::{Column, constant};
use super::token::{KeyValue, PageToken, of_other_search};
use crate::error::Result;
use crate::store::{Backend, Condition};

diesel::postfix_operator!(AscendingNullsLast, " ASC NULLS LAST", NotSelectable);
diesel::postfix_operator!(DescendingNullsLast, " DESC NULLS LAST", NotSelectable);

/// What rows are sorted by, one of several keys. The last one tells all rows apart.
pub struct Key<Table> {
    pub column: KeyColumn<Table>,
    pub ascending: bool,
}

/// Makes the column anew for each place in the query.
pub enum KeyColumn<Table> {
    Integer(Box<dyn Fn() -> Column<Table, BigInt>>),
    Float(Box<dyn Fn() -> Column<Table, Double>>),
    Text(Box<dyn Fn() -> Column<Table, Text>>),
    Boolean(Box<dyn Fn() -> Column<Table, Bool>>),
}

/// One term of ORDER BY.
pub type Order<Table> = Box<dyn BoxableExpression<Table, Backend, SqlType = NotSelectable>>;

macro_rules! around {
    ($column:expr, $value:expr, $ascending:expr) => {{
        let (beyond, at_or_beyond): (Condition<Table>, Condition<Table>) = if $ascending {
            (
                Box::new($column().gt($value)),
                Box::new($column().ge($value)),
            )
        } else {
            (
                Box::new($column().lt($value)),
                Box::new($column().le($value)),
            )
        };
        Around {
            equal: Box::new($column().eq($value)),
            beyond,
            at_or_beyond: Some(at_or_beyond),
            missing: Box::new($column().is_null()),
        }
    }};
}

impl<Table: 'static> Key<Table> {
    /// Rows without a value come last, whatever the direction.
    pub fn order(&self) -> Order<Table> {
        match &self.column {
            KeyColumn::Integer(column) => nulls_last(column(), self.ascending),
            KeyColumn::Float(column) => nulls_last(column(), self.ascending),
            KeyColumn::Text(column) => nulls_last(column(), self.ascending),
            KeyColumn::Boolean(column) => nulls_last(column(), self.ascending),
        }
    }

    /// Where rows stand to this value. `None` if it is not of the column's type.
    fn around(&self, value: &KeyValue) -> Option<Around<Table>> {
        Some(match (&self.column, value) {
            (KeyColumn::Integer(column), KeyValue::Null) => nothing(column),
            (KeyColumn::Float(column), KeyValue::Null) => nothing(column),
            (KeyColumn::Text(column), KeyValue::Null) => nothing(column),
            (KeyColumn::Boolean(column), KeyValue::Null) => nothing(column),
            (KeyColumn::Integer(column), KeyValue::Integer(value)) => {
                around!(column, *value, self.ascending)
            }
            (KeyColumn::Float(column), KeyValue::Float(bits)) => {
                around!(column, f64::from_bits(*bits), self.ascending)
            }
            (KeyColumn::Text(column), KeyValue::Text(value)) => {
                around!(column, value.clone(), self.ascending)
            }
            (KeyColumn::Boolean(column), KeyValue::Boolean(value)) => {
                around!(column, *value, self.ascending)
            }
            _ => return None,
        })
    }
}

/// Where rows stand to a value of a key.
struct Around<Table> {
    equal: Condition<Table>,
    /// What comes behind the value and has one itself.
    beyond: Condition<Table>,
    /// The value and what is beyond it. `None` where nothing has a value any more.
    at_or_beyond: Option<Condition<Table>>,
    /// What has no value. It comes last.
    missing: Condition<Table>,
}

/// Behind a row that has no value come only others that have none.
fn nothing<Table: 'static, Type>(column: &dyn Fn() -> Column<Table, Type>) -> Around<Table>
where
    Type: diesel::sql_types::SingleValue + 'static,
{
    Around {
        equal: Box::new(column().is_null()),
        beyond: constant(false),
        at_or_beyond: None,
        missing: constant(false),
    }
}

fn nulls_last<Table: 'static, Type>(column: Column<Table, Type>, ascending: bool) -> Order<Table>
where
    Type: diesel::sql_types::SingleValue + 'static,
{
    if ascending {
        Box::new(AscendingNullsLast::new(column))
    } else {
        Box::new(DescendingNullsLast::new(column))
    }
}

/// The rows that come behind the one with these values. `None` if they do not fit the keys.
pub fn behind<Table: 'static>(
    keys: &[Key<Table>],
    values: &[KeyValue],
) -> Option<Condition<Table>> {
    if keys.len() != values.len() {
        return None;
    }
    let mut condition = constant(false);
    for (key, value) in keys.iter().zip(values).rev() {
        let Around {
            equal,
            beyond,
            missing,
            ..
        } = key.around(value)?;
        condition = Box::new(beyond.or(missing).or(equal.and(condition)));
    }
    Some(condition)
}

/// The parts of a search that follow a page token; without one, the whole of it.
pub fn parts<Table: 'static>(
    keys: &[Key<Table>],
    token: Option<&str>,
) -> Result<Vec<Option<Condition<Table>>>> {
    let Some(after) = PageToken::of(token)? else {
        return Ok(vec![None]);
    };
    let parts = parts_behind(keys, &after).ok_or_else(of_other_search)?;
    Ok(parts.into_iter().map(Some).collect())
}

/// The same rows in parts, one behind the other: those with a value of the first key, then those without.
/// Within each, an index of that key leads to the place where the page begins, so that a page far behind costs
/// no more than the first.
fn parts_behind<Table: 'static>(
    keys: &[Key<Table>],
    values: &[KeyValue],
) -> Option<Vec<Condition<Table>>> {
    let (key, others) = keys.split_first()?;
    let (value, other_values) = values.split_first()?;
    let further = behind(others, other_values)?;
    let Around {
        equal,
        beyond,
        at_or_beyond,
        missing,
    } = key.around(value)?;
    Some(match at_or_beyond {
        Some(from_here) => vec![
            Box::new(from_here.and(beyond.or(equal.and(further)))),
            missing,
        ],
        None => vec![Box::new(equal.and(further))],
    })
}

/// The values of the keys in the one row that a condition holds for.
macro_rules! key_values {
    ($db:expr, $table:expr, $keys:expr, $row:expr) => {{
        let mut values = Vec::with_capacity($keys.len());
        for key in $keys {
            let row = $table.filter($row).into_boxed::<$crate::store::Backend>();
            values.push(match &key.column {
                KeyColumn::Integer(column) => row
                    .select(column().nullable())
                    .first::<Option<i64>>($db)?
                    .map_or(KeyValue::Null, KeyValue::Integer),
                KeyColumn::Float(column) => row
                    .select(column().nullable())
                    .first::<Option<f64>>($db)?
                    .map_or(KeyValue::Null, |value| KeyValue::Float(value.to_bits())),
                KeyColumn::Text(column) => row
                    .select(column().nullable())
                    .first::<Option<String>>($db)?
                    .map_or(KeyValue::Null, KeyValue::Text),
                KeyColumn::Boolean(column) => row
                    .select(column().nullable())
                    .first::<Option<bool>>($db)?
                    .map_or(KeyValue::Null, KeyValue::Boolean),
            });
        }
        values
    }};
}
pub(super) use key_values;
