//! Columns of 32-bit integers that filters compare with any 64-bit number.

use diesel::prelude::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::BigInt;

use super::wrapped_column::wrapped_column;
use crate::store::Backend;

/// An integer column, cast to 64 bits. No index is used for it.
#[derive(QueryId)]
pub struct AsBigInt<Column>(pub Column);

wrapped_column!(AsBigInt, BigInt);

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
#[derive(QueryId)]
pub struct ComparedAsBigInt<Column>(pub Column);

wrapped_column!(ComparedAsBigInt, BigInt);

impl<Column: QueryFragment<Backend>> QueryFragment<Backend> for ComparedAsBigInt<Column> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}
