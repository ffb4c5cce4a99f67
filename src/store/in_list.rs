//! IN and NOT IN with a list of texts, as one text for both databases.

use std::iter::repeat_n;

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Bool, Text};

use super::Backend;

pub struct InList<Column, Value = String> {
    pub column: Column,
    pub values: Vec<Value>,
    pub negated: bool,
}

/// A condition that a column has one of these texts.
pub fn in_list<Column, Value>(
    column: Column,
    values: impl IntoIterator<Item = Value>,
) -> InList<Column, Value> {
    InList {
        column,
        values: values.into_iter().collect(),
        negated: false,
    }
}

impl<Column: Expression, Value> Expression for InList<Column, Value> {
    type SqlType = Bool;
}

impl<Column: ValidGrouping<()>, Value> ValidGrouping<()> for InList<Column, Value> {
    type IsAggregate = is_aggregate::No;
}

impl<Column, Value, Source> AppearsOnTable<Source> for InList<Column, Value> where
    Column: Expression + AppearsOnTable<Source>
{
}

impl<Column, Value, Source> SelectableExpression<Source> for InList<Column, Value> where
    Column: Expression + SelectableExpression<Source>
{
}

impl<Column, Value> QueryId for InList<Column, Value> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Column, Value> QueryFragment<Backend> for InList<Column, Value>
where
    Column: QueryFragment<Backend>,
    Value: ToSql<Text, Backend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let Some(last) = self.values.last() else {
            out.push_sql(if self.negated { "1 = 1" } else { "1 = 0" });
            return Ok(());
        };
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(if self.negated { " NOT IN (" } else { " IN (" });
        for (index, value) in padded(&self.values, last).enumerate() {
            if index > 0 {
                out.push_sql(", ");
            }
            out.push_bind_param::<Text, _>(value)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

/// A connection keeps each text that it has prepared. With the last value repeated up to the next power
/// of two there are few of them, however many lists there are.
pub fn padded<'a, Value>(values: &'a [Value], last: &'a Value) -> impl Iterator<Item = &'a Value> {
    let padding = values.len().next_power_of_two() - values.len();
    values.iter().chain(repeat_n(last, padding))
}
