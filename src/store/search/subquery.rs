//! EXISTS with a query that is put together at run time and looks at a row of the query around it.
//!
//! Diesel has both, but not at once for an enum of connections. What it would check, that the columns
//! of the query around are there, is left to the database: each use is to be run by a test.

use std::marker::PhantomData;

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, SingleValue};

use crate::store::Backend;

/// A column of the query around.
pub struct Outer<Column>(pub Column);

impl<Column: Expression> Expression for Outer<Column> {
    type SqlType = Column::SqlType;
}

/// Whether a query has any row.
pub struct Exists<Query>(pub Query);

impl<Query> Expression for Exists<Query> {
    type SqlType = Bool;
}

impl<Query: QueryFragment<Backend>> QueryFragment<Backend> for Exists<Query> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        // Filters have more forms than it is worth to keep prepared statements for.
        out.unsafe_to_cache_prepared();
        out.push_sql("EXISTS (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl<Column: QueryFragment<Backend>> QueryFragment<Backend> for Outer<Column> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

impl<Column> ValidGrouping<()> for Outer<Column> {
    type IsAggregate = is_aggregate::No;
}

impl<Query> ValidGrouping<()> for Exists<Query> {
    type IsAggregate = is_aggregate::No;
}

impl<Column: Expression, Source> AppearsOnTable<Source> for Outer<Column> {}

impl<Query, Source> AppearsOnTable<Source> for Exists<Query> {}

impl<Column: Expression, Source> SelectableExpression<Source> for Outer<Column> {}

impl<Query, Source> SelectableExpression<Source> for Exists<Query> {}

impl<Column: QueryId> QueryId for Outer<Column> {
    type QueryId = Outer<Column::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = Column::HAS_STATIC_QUERY_ID;
}

impl<Query> QueryId for Exists<Query> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// The one value that a query gives, or NULL.
pub struct Scalar<Query, Type> {
    query: Query,
    value: PhantomData<fn() -> Type>,
}

impl<Query, Type> Scalar<Query, Type> {
    pub fn new(query: Query) -> Self {
        Self {
            query,
            value: PhantomData,
        }
    }
}

impl<Query, Type: SingleValue> Expression for Scalar<Query, Type> {
    type SqlType = Type;
}

impl<Query: QueryFragment<Backend>, Type> QueryFragment<Backend> for Scalar<Query, Type> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("(");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl<Query, Type> ValidGrouping<()> for Scalar<Query, Type> {
    type IsAggregate = is_aggregate::No;
}

impl<Query, Type: SingleValue, Source> AppearsOnTable<Source> for Scalar<Query, Type> {}

impl<Query, Type: SingleValue, Source> SelectableExpression<Source> for Scalar<Query, Type> {}

impl<Query, Type> QueryId for Scalar<Query, Type> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
