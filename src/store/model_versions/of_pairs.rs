//! The tags of a list of versions, each looked up by its name and number.

use std::iter::repeat_n;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Integer, Nullable, Text};

use crate::store::{Backend, Db, WORKSPACE};

/// A query for name, version, key and value. Its list is joined, not asked with IN: that SQLite may test for
/// each tag there is. CROSS JOIN keeps SQLite from beginning with the tags.
pub struct TagsOf<'a> {
    pub versions: &'a [(String, i32)],
}

/// No version has it. It fills lists up to a power of two, so that there are few texts to keep prepared.
static NONE: (String, i32) = (String::new(), 0);

impl Query for TagsOf<'_> {
    type SqlType = (Text, Integer, Text, Nullable<Text>);
}

impl QueryId for TagsOf<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Backend> for TagsOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("SELECT tag.name, tag.version, tag.key, tag.value FROM (VALUES ");
        let padding = self.versions.len().next_power_of_two() - self.versions.len();
        let versions = self.versions.iter().chain(repeat_n(&NONE, padding));
        for (index, (name, version)) in versions.enumerate() {
            out.push_sql(if index == 0 { "(" } else { ", (" });
            out.push_bind_param::<Text, _>(name)?;
            out.push_sql(", ");
            out.push_bind_param::<Integer, _>(version)?;
            out.push_sql(")");
        }
        out.push_sql(") AS wanted CROSS JOIN model_version_tags tag WHERE tag.workspace = '");
        out.push_sql(WORKSPACE);
        out.push_sql(
            "' AND tag.name = wanted.column1 AND tag.version = wanted.column2 ORDER BY tag.key",
        );
        Ok(())
    }
}

impl RunQueryDsl<Db> for TagsOf<'_> {}
