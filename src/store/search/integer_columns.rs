//! Columns of 32-bit integers that filters compare with any 64-bit number.

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::prelude::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::BigInt;

use crate::store::Backend;

/// An integer column, cast to 64 bits. No index is used for it.
#[derive(QueryId, ValidGrouping)]
pub struct AsBigInt<Column>(pub Column);

impl<Column: Expression> Expression for AsBigInt<Column> {
    type SqlType = BigInt;
}

impl<Column: Expression + AppearsOnTable<Source>, Source> AppearsOnTable<Source>
    for AsBigInt<Column>
{
}

impl<Column: Expression + SelectableExpression<Source>, Source> SelectableExpression<Source>
    for AsBigInt<Column>
{
}

impl<Column: QueryFragment<Backend>> QueryFragment<Backend> for AsBigInt<Column> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("CAST(");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" AS BIGINT)");
        Ok(())
    }
}

/// An integer column that a query compares and sorts by, but does not read. Databases compare integers of any width,
/// so it needs no cast and an index is used for it.
#[derive(QueryId, ValidGrouping)]
pub struct ComparedAsBigInt<Column>(pub Column);

impl<Column: Expression> Expression for ComparedAsBigInt<Column> {
    type SqlType = BigInt;
}

impl<Column: Expression + AppearsOnTable<Source>, Source> AppearsOnTable<Source>
    for ComparedAsBigInt<Column>
{
}

impl<Column: Expression + SelectableExpression<Source>, Source> SelectableExpression<Source>
    for ComparedAsBigInt<Column>
{
}

impl<Column: QueryFragment<Backend>> QueryFragment<Backend> for ComparedAsBigInt<Column> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}
