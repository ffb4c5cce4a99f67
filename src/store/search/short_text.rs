//! The condition that a text is short. Both databases use the index of short texts only where a query states it.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

use crate::store::Backend;

/// The longest text in the index `flowkeep_tags_value`, in characters.
pub const LONGEST: usize = 100;

/// Holds where the text in a column is at most [`LONGEST`] characters long.
#[derive(QueryId)]
pub struct IsShortText<Column>(pub Column);

impl<Column: Expression> Expression for IsShortText<Column> {
    type SqlType = Bool;
}

impl<Column> ValidGrouping<()> for IsShortText<Column> {
    type IsAggregate = is_aggregate::No;
}

impl<Column: Expression + AppearsOnTable<Source>, Source> AppearsOnTable<Source>
    for IsShortText<Column>
{
}

impl<Column: Expression + SelectableExpression<Source>, Source> SelectableExpression<Source>
    for IsShortText<Column>
{
}

impl<Column: QueryFragment<Backend>> QueryFragment<Backend> for IsShortText<Column> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("length(");
        self.0.walk_ast(out.reborrow())?;
        // Not bound: the index is chosen before values are known.
        out.push_sql(&format!(") <= {LONGEST}"));
        Ok(())
    }
}
