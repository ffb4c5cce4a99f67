//! IN and NOT IN with a list of any length.
//!
//! Databases take a limited number of values in a statement: SQLite 32,766, PostgreSQL 65,535. So a list is one value:
//! a JSON array on SQLite, the text of an array on PostgreSQL. There is one statement for lists of all lengths, which a
//! connection keeps prepared, and one for a list with a single element, whose plan is that of an equality.

use std::cell::OnceCell;
use std::fmt::Write;

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType, Integer, Text};
use serde::Serialize;

use super::Backend;
use super::db::MultiBackend;

/// A value that a list can have.
pub trait ListItem: Serialize {
    type SqlType;
    /// The type of an array of such values on PostgreSQL.
    const ARRAY: &'static str;

    /// Whether a database can hold the value. Other values are left out of the list.
    fn is_storable(&self) -> bool {
        true
    }

    /// Appends the value as it stands in the text of an array on PostgreSQL.
    fn write_element(&self, array: &mut String);
}

macro_rules! integer {
    ($type:ty, $sql_type:ty, $array:literal) => {
        impl ListItem for $type {
            type SqlType = $sql_type;
            const ARRAY: &'static str = $array;

            fn write_element(&self, array: &mut String) {
                let _ = write!(array, "{self}");
            }
        }
    };
}

integer!(i32, Integer, "integer[]");
integer!(i64, BigInt, "bigint[]");

impl ListItem for str {
    type SqlType = Text;
    const ARRAY: &'static str = "text[]";

    /// No text in PostgreSQL has NUL, and SQLite ends a text of JSON there.
    fn is_storable(&self) -> bool {
        !self.contains('\0')
    }

    fn write_element(&self, array: &mut String) {
        array.push('"');
        for letter in self.chars() {
            if matches!(letter, '"' | '\\') {
                array.push('\\');
            }
            array.push(letter);
        }
        array.push('"');
    }
}

impl ListItem for String {
    type SqlType = Text;
    const ARRAY: &'static str = str::ARRAY;

    fn is_storable(&self) -> bool {
        self.as_str().is_storable()
    }

    fn write_element(&self, array: &mut String) {
        self.as_str().write_element(array);
    }
}

impl<T: ListItem + ?Sized> ListItem for &T {
    type SqlType = T::SqlType;
    const ARRAY: &'static str = T::ARRAY;

    fn is_storable(&self) -> bool {
        (**self).is_storable()
    }

    fn write_element(&self, array: &mut String) {
        (**self).write_element(array);
    }
}

/// The condition that a column has one of some values, or none of them.
pub struct InList<Column, Item> {
    column: Column,
    items: Vec<Item>,
    negated: bool,
    /// All values as one, in the way of the database that the statement is for.
    encoded: OnceCell<String>,
}

/// Returns the condition that a column has one of these values.
pub fn in_list<Column, Item: ListItem>(
    column: Column,
    items: impl IntoIterator<Item = Item>,
) -> InList<Column, Item> {
    InList {
        column,
        items: items.into_iter().filter(Item::is_storable).collect(),
        negated: false,
        encoded: OnceCell::new(),
    }
}

impl<Column, Item> InList<Column, Item> {
    /// Returns the condition that the column has none of the values, if `negated` says so.
    pub fn negated_if(self, negated: bool) -> Self {
        Self { negated, ..self }
    }
}

impl<Column: Expression, Item> Expression for InList<Column, Item> {
    type SqlType = Bool;
}

impl<Column: ValidGrouping<()>, Item> ValidGrouping<()> for InList<Column, Item> {
    type IsAggregate = is_aggregate::No;
}

impl<Column, Item, Source> AppearsOnTable<Source> for InList<Column, Item> where
    Column: Expression + AppearsOnTable<Source>
{
}

impl<Column, Item, Source> SelectableExpression<Source> for InList<Column, Item> where
    Column: Expression + SelectableExpression<Source>
{
}

impl<Column, Item> QueryId for InList<Column, Item> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Column, Item> QueryFragment<Backend> for InList<Column, Item>
where
    Column: QueryFragment<Backend>,
    Item: ListItem + ToSql<Item::SqlType, Backend>,
    Backend: HasSqlType<Item::SqlType>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        if self.items.is_empty() {
            out.push_sql(if self.negated { "1 = 1" } else { "1 = 0" });
            return Ok(());
        }
        self.column.walk_ast(out.reborrow())?;
        if let [item] = self.items.as_slice() {
            out.push_sql(if self.negated { " <> " } else { " = " });
            return out.push_bind_param::<Item::SqlType, _>(item);
        }
        let is_postgres = matches!(out.backend(), MultiBackend::Postgres(_));
        if is_postgres {
            out.push_sql(if self.negated {
                " <> ALL(CAST("
            } else {
                " = ANY(CAST("
            });
            let array = self.encoded.get_or_init(|| array(&self.items));
            out.push_bind_param::<Text, _>(array)?;
            out.push_sql(" AS ");
            out.push_sql(Item::ARRAY);
            out.push_sql("))");
        } else {
            out.push_sql(if self.negated {
                " NOT IN (SELECT value FROM json_each("
            } else {
                " IN (SELECT value FROM json_each("
            });
            if self.encoded.get().is_none() {
                let json = serde_json::to_string(&self.items)
                    .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
                let _ = self.encoded.set(json);
            }
            out.push_bind_param::<Text, _>(self.encoded.get_or_init(String::new))?;
            out.push_sql("))");
        }
        Ok(())
    }
}

/// Returns the text of an array on PostgreSQL.
fn array<Item: ListItem>(items: &[Item]) -> String {
    let mut array = String::from("{");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            array.push(',');
        }
        item.write_element(&mut array);
    }
    array.push('}');
    array
}

/// Repeats the last of some values until there are as many as a power of two: for statements that bind each value, of
/// which a connection then keeps few prepared.
pub fn padded<'a, Value>(values: &'a [Value], last: &'a Value) -> impl Iterator<Item = &'a Value> {
    let padding = values.len().next_power_of_two() - values.len();
    values.iter().chain(std::iter::repeat_n(last, padding))
}
