//! A condition that a text is short, by which both databases know that an index of short texts has it.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

use crate::store::Backend;

/// As the index `flowkeep_tags_value` has it, in characters.
pub const LONGEST: usize = 100;

#[derive(QueryId)]
pub struct Short<Column>(pub Column);

impl<Column: Expression> Expression for Short<Column> {
    type SqlType = Bool;
}

impl<Column> ValidGrouping<()> for Short<Column> {
    type IsAggregate = is_aggregate::No;
}

impl<Column: Expression + AppearsOnTable<Source>, Source> AppearsOnTable<Source> for Short<Column> {}

impl<Column: Expression + SelectableExpression<Source>, Source> SelectableExpression<Source>
    for Short<Column>
{
}

impl<Column: QueryFragment<Backend>> QueryFragment<Backend> for Short<Column> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("length(");
        self.0.walk_ast(out.reborrow())?;
        // Not bound: the index is chosen before values are known.
        out.push_sql(&format!(") <= {LONGEST}"));
        Ok(())
    }
}
