//! Pages by keyset: each begins behind the last row of the one before it, wherever that has moved.

use diesel::expression::expression_types::NotSelectable;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Text};

use super::columns::{Column, constant};
use super::token::{KeyValue, PageToken, of_other_search};
use super::{cut, room};
use crate::error::Result;
use crate::store::{Backend, Condition};

diesel::postfix_operator!(Ascending, " ASC", NotSelectable);
diesel::postfix_operator!(Descending, " DESC", NotSelectable);
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
    /// Columns that always have a value. To say where NULL comes would keep SQLite from using an index that has
    /// the order.
    GivenInteger(Box<dyn Fn() -> Column<Table, BigInt>>),
    GivenText(Box<dyn Fn() -> Column<Table, Text>>),
}

/// One term of ORDER BY.
pub type Order<Table> = Box<dyn BoxableExpression<Table, Backend, SqlType = NotSelectable>>;

macro_rules! around {
    ($column:expr, $value:expr, $ascending:expr) => {{
        let beyond: Beyond<Table> = if $ascending {
            Beyond {
                strictly: Box::new($column().gt($value)),
                with_equal: Box::new($column().ge($value)),
            }
        } else {
            Beyond {
                strictly: Box::new($column().lt($value)),
                with_equal: Box::new($column().le($value)),
            }
        };
        Around {
            equal: Box::new($column().eq($value)),
            beyond: Some(beyond),
            missing: Some(Box::new($column().is_null())),
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
            KeyColumn::GivenInteger(column) => given(column(), self.ascending),
            KeyColumn::GivenText(column) => given(column(), self.ascending),
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
            (KeyColumn::GivenInteger(column), KeyValue::Integer(value)) => Around {
                missing: None,
                ..around!(column, *value, self.ascending)
            },
            (KeyColumn::GivenText(column), KeyValue::Text(value)) => Around {
                missing: None,
                ..around!(column, value.clone(), self.ascending)
            },
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
    /// What comes behind the value and has one itself, and the same with the value. `None` where nothing has one
    /// any more.
    beyond: Option<Beyond<Table>>,
    /// What has no value, if there is such. It comes last.
    missing: Option<Condition<Table>>,
}

struct Beyond<Table> {
    strictly: Condition<Table>,
    with_equal: Condition<Table>,
}

/// Behind a row that has no value come only others that have none.
fn nothing<Table: 'static, Type>(column: &dyn Fn() -> Column<Table, Type>) -> Around<Table>
where
    Type: diesel::sql_types::SingleValue + 'static,
{
    Around {
        equal: Box::new(column().is_null()),
        beyond: None,
        missing: None,
    }
}

fn given<Table: 'static, Type>(column: Column<Table, Type>, ascending: bool) -> Order<Table>
where
    Type: diesel::sql_types::SingleValue + 'static,
{
    if ascending {
        Box::new(Ascending::new(column))
    } else {
        Box::new(Descending::new(column))
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
    let condition = further(keys, values).ok()?;
    Some(condition.unwrap_or_else(|| constant(false)))
}

/// The same, and nothing where no row can be behind.
fn further<Table: 'static>(
    keys: &[Key<Table>],
    values: &[KeyValue],
) -> Result<Option<Condition<Table>>> {
    let mut condition: Option<Condition<Table>> = None;
    for (key, value) in keys.iter().zip(values).rev() {
        let Around {
            equal,
            beyond,
            missing,
        } = key.around(value).ok_or_else(of_other_search)?;
        let among_equal =
            condition.map(|further| -> Condition<Table> { Box::new(equal.and(further)) });
        let beyond = beyond.map(|beyond| beyond.strictly);
        condition = [beyond, missing, among_equal]
            .into_iter()
            .flatten()
            .reduce(or);
    }
    Ok(condition)
}

fn or<Table: 'static>(one: Condition<Table>, other: Condition<Table>) -> Condition<Table> {
    Box::new(one.or(other))
}

/// Returns the sort keys in a page token. Fails if the token is invalid, or if it belongs to a search with other keys.
pub fn read_token<Table: 'static>(
    token: Option<&str>,
    keys: &[Key<Table>],
) -> Result<Option<Vec<KeyValue>>> {
    let after = PageToken::of(token)?;
    if let Some(after) = &after {
        check_fits(after, keys)?;
    }
    Ok(after)
}

/// Fails if values are not those of these keys.
pub fn check_fits<Table: 'static>(values: &[KeyValue], keys: &[Key<Table>]) -> Result<()> {
    behind(keys, values).map(|_| ()).ok_or_else(of_other_search)
}

/// Returns the parts of a search whose rows come behind the row with these values; without values, the whole search.
fn parts<Table: 'static>(
    keys: &[Key<Table>],
    after: Option<&[KeyValue]>,
) -> Result<Vec<Option<Condition<Table>>>> {
    let Some(after) = after else {
        return Ok(vec![None]);
    };
    let parts = parts_behind(keys, after)?;
    Ok(parts.into_iter().map(Some).collect())
}

/// Reads the rows of a page in the order of its keys, and one more if there is one. `load` reads the rows of one part of
/// the search, up to a number of them.
pub fn read_page<Table: 'static, Row>(
    keys: &[Key<Table>],
    after: Option<&[KeyValue]>,
    limit: i64,
    mut load: impl FnMut(Option<Condition<Table>>, i64) -> Result<Vec<Row>>,
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for part in parts(keys, after)? {
        rows.extend(load(part, room(&rows, limit))?);
        if room(&rows, limit) == 0 {
            break;
        }
    }
    Ok(rows)
}

/// Cuts off the row beyond the page, if there is one, and returns the token of the next page then. `values` are the
/// values of the keys in a row.
pub fn next_page_token<Row>(
    rows: &mut Vec<Row>,
    limit: i64,
    values: &[fn(&Row) -> KeyValue],
) -> Result<Option<String>> {
    if !cut(rows, limit) {
        return Ok(None);
    }
    rows.last()
        .map(|last| PageToken::encode(values.iter().map(|value| value(last)).collect()))
        .transpose()
}

/// The same rows in parts, one behind the other: those with a value of the first key, then those without.
/// Within each, an index of that key leads to the place where the page begins, so that a page far behind costs
/// no more than the first.
fn parts_behind<Table: 'static>(
    keys: &[Key<Table>],
    values: &[KeyValue],
) -> Result<Vec<Condition<Table>>> {
    let (Some((key, others)), Some((value, other_values))) =
        (keys.split_first(), values.split_first())
    else {
        return Err(of_other_search());
    };
    if others.len() != other_values.len() {
        return Err(of_other_search());
    }
    let further = further(others, other_values)?;
    let Around {
        equal,
        beyond,
        missing,
    } = key.around(value).ok_or_else(of_other_search)?;
    let among_equal = further.map(|further| -> Condition<Table> { Box::new(equal.and(further)) });
    let with_value: Option<Condition<Table>> = match (beyond, among_equal) {
        // What is said twice is what an index can begin with.
        (Some(beyond), Some(among_equal)) => Some(Box::new(
            beyond.with_equal.and(beyond.strictly.or(among_equal)),
        )),
        (Some(beyond), None) => Some(beyond.strictly),
        (None, among_equal) => among_equal,
    };
    Ok([with_value, missing].into_iter().flatten().collect())
}

/// The values of the keys in the one row that a condition holds for.
macro_rules! key_values {
    ($db:expr, $table:expr, $keys:expr, $row:expr) => {{
        let mut values = Vec::with_capacity($keys.len());
        for key in $keys {
            let row = $table.filter($row).into_boxed::<$crate::store::Backend>();
            values.push(match &key.column {
                KeyColumn::Integer(column) | KeyColumn::GivenInteger(column) => row
                    .select(column().nullable())
                    .first::<Option<i64>>($db)?
                    .map_or(KeyValue::Null, KeyValue::Integer),
                KeyColumn::Float(column) => row
                    .select(column().nullable())
                    .first::<Option<f64>>($db)?
                    .map_or(KeyValue::Null, |value| KeyValue::Float(value.to_bits())),
                KeyColumn::Text(column) | KeyColumn::GivenText(column) => row
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
