//! An integer column as a wide one, so that filters may compare it with any number.

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::prelude::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::BigInt;

use crate::store::Backend;

#[derive(QueryId, ValidGrouping)]
pub struct Wide<Column>(pub Column);

impl<Column: Expression> Expression for Wide<Column> {
    type SqlType = BigInt;
}

impl<Column: Expression + AppearsOnTable<Source>, Source> AppearsOnTable<Source> for Wide<Column> {}

impl<Column: Expression + SelectableExpression<Source>, Source> SelectableExpression<Source>
    for Wide<Column>
{
}

impl<Column: QueryFragment<Backend>> QueryFragment<Backend> for Wide<Column> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("CAST(");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" AS BIGINT)");
        Ok(())
    }
}

/// An integer column that is only compared and sorted by, in a query that does not read it: databases compare
/// integers of any width. Unlike a wide one it is found in indexes.
#[derive(QueryId, ValidGrouping)]
pub struct Compared<Column>(pub Column);

impl<Column: Expression> Expression for Compared<Column> {
    type SqlType = BigInt;
}

impl<Column: Expression + AppearsOnTable<Source>, Source> AppearsOnTable<Source>
    for Compared<Column>
{
}

impl<Column: Expression + SelectableExpression<Source>, Source> SelectableExpression<Source>
    for Compared<Column>
{
}

impl<Column: QueryFragment<Backend>> QueryFragment<Backend> for Compared<Column> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}
