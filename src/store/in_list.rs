//! IN and NOT IN with a list of texts, as one text for both databases.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};

use crate::store::Backend;

pub struct InList<Column> {
    pub column: Column,
    pub values: Vec<String>,
    pub negated: bool,
}

impl<Column: Expression> Expression for InList<Column> {
    type SqlType = Bool;
}

impl<Column: ValidGrouping<()>> ValidGrouping<()> for InList<Column> {
    type IsAggregate = is_aggregate::No;
}

impl<Column: Expression + AppearsOnTable<Source>, Source> AppearsOnTable<Source>
    for InList<Column>
{
}

impl<Column: Expression + SelectableExpression<Source>, Source> SelectableExpression<Source>
    for InList<Column>
{
}

impl<Column> QueryId for InList<Column> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Column: QueryFragment<Backend>> QueryFragment<Backend> for InList<Column> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        // How many values there are is part of the text, and there is no end of such texts to keep.
        out.unsafe_to_cache_prepared();
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(if self.negated { " NOT IN (" } else { " IN (" });
        for (index, value) in self.values.iter().enumerate() {
            if index > 0 {
                out.push_sql(", ");
            }
            out.push_bind_param::<Text, _>(value)?;
        }
        out.push_sql(")");
        Ok(())
    }
}
