//! The condition that a text is short. Both databases use the index of short texts only where a query states it.

use diesel::prelude::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

use super::wrapped_column::wrapped_column;
use crate::store::Backend;

/// The longest text in the index `flowkeep_tags_value`, in characters.
pub const LONGEST: usize = 100;

/// Holds where the text in a column is at most [`LONGEST`] characters long.
#[derive(QueryId)]
pub struct IsShortText<Column>(pub Column);

wrapped_column!(IsShortText, Bool);

impl<Column: QueryFragment<Backend>> QueryFragment<Backend> for IsShortText<Column> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("length(");
        self.0.walk_ast(out.reborrow())?;
        // Not bound: the index is chosen before values are known.
        out.push_sql(&format!(") <= {LONGEST}"));
        Ok(())
    }
}
