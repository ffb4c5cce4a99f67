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
