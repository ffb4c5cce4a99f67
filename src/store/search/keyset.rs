//! Pages by keyset: each begins behind the last row of the one before it, wherever that has moved.

use diesel::expression::expression_types::NotSelectable;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Text};

use super::columns::{Column, constant};
use super::token::KeyValue;
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

    /// The rows that have this value, and those that come behind all that have it. `None` if the value
    /// is not of the column's type.
    fn around(&self, value: &KeyValue) -> Option<(Condition<Table>, Condition<Table>)> {
        if let KeyValue::Null = value {
            let equal: Condition<Table> = match &self.column {
                KeyColumn::Integer(column) => Box::new(column().is_null()),
                KeyColumn::Float(column) => Box::new(column().is_null()),
                KeyColumn::Text(column) => Box::new(column().is_null()),
                KeyColumn::Boolean(column) => Box::new(column().is_null()),
            };
            return Some((equal, constant(false)));
        }
        let ascending = self.ascending;
        let (equal, beyond, missing): (Condition<Table>, Condition<Table>, Condition<Table>) =
            match (&self.column, value) {
                (KeyColumn::Integer(column), KeyValue::Integer(value)) => (
                    Box::new(column().eq(*value)),
                    if ascending {
                        Box::new(column().gt(*value))
                    } else {
                        Box::new(column().lt(*value))
                    },
                    Box::new(column().is_null()),
                ),
                (KeyColumn::Float(column), KeyValue::Float(bits)) => {
                    let value = f64::from_bits(*bits);
                    (
                        Box::new(column().eq(value)),
                        if ascending {
                            Box::new(column().gt(value))
                        } else {
                            Box::new(column().lt(value))
                        },
                        Box::new(column().is_null()),
                    )
                }
                (KeyColumn::Text(column), KeyValue::Text(value)) => (
                    Box::new(column().eq(value.clone())),
                    if ascending {
                        Box::new(column().gt(value.clone()))
                    } else {
                        Box::new(column().lt(value.clone()))
                    },
                    Box::new(column().is_null()),
                ),
                (KeyColumn::Boolean(column), KeyValue::Boolean(value)) => (
                    Box::new(column().eq(*value)),
                    if ascending {
                        Box::new(column().gt(*value))
                    } else {
                        Box::new(column().lt(*value))
                    },
                    Box::new(column().is_null()),
                ),
                _ => return None,
            };
        Some((equal, Box::new(beyond.or(missing))))
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
        let (equal, behind) = key.around(value)?;
        condition = Box::new(behind.or(equal.and(condition)));
    }
    Some(condition)
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
