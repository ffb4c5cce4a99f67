//! Rows that an index finds by a value, where few have it.
//!
//! A page needs the first hundred rows in some order. Where many rows have a value, going through the rows
//! in their order soon fills the page; where few have it, that would read all of them in vain. PostgreSQL
//! knows from its statistics which it is. SQLite has none about single values, so it is counted here first,
//! no further than it matters, and the query says which way to go.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, SingleValue, Text};

use super::short_text;
use crate::search::{Condition as Asked, Entity, Field, Match, Test};
use crate::store::{Backend, Db};

/// Up to so many rows are fetched and sorted, even if a page needs fewer.
pub const FEW: i64 = 4_096;

/// What an index finds. The texts stand around the values, and lead from a table with the index, `found`, to
/// the table that is searched: `runs`, `model_versions` or `registered_models`.
#[derive(Clone)]
pub struct Lookup {
    counted: &'static [&'static str],
    rows: &'static [&'static str],
    values: Vec<String>,
}

/// How the conditions of a search are best tested, by their places in it.
#[derive(Default)]
pub struct Ways {
    /// Leads to the few rows.
    lookup: Option<(usize, Lookup)>,
    /// Whether the other conditions must not be looked up in an index: the database would do that whatever
    /// the number of rows.
    pub others_by_row: bool,
}

impl Lookup {
    pub fn of_runs(asked: &Asked) -> Option<Self> {
        let (field, value) = equality(asked)?;
        (field.entity == Entity::Tag && is_short(value)).then(|| Self {
            counted: &[
                "tags WHERE key = ",
                " AND value = ",
                " AND length(value) <= 100",
            ],
            rows: &[
                "runs.run_uuid IN (SELECT found.run_uuid FROM tags found WHERE found.key = ",
                " AND found.value = ",
                " AND length(found.value) <= 100)",
            ],
            values: vec![field.key.clone(), value.to_owned()],
        })
    }

    pub fn of_models(asked: &Asked) -> Option<Self> {
        let (field, value) = equality(asked)?;
        (field.entity == Entity::Tag && is_short(value)).then(|| Self {
            counted: &[
                "registered_model_tags WHERE key = ",
                " AND value = ",
                " AND length(value) <= 100",
            ],
            rows: &[
                "registered_models.rowid IN (SELECT model.rowid FROM registered_model_tags found \
                 CROSS JOIN registered_models model WHERE model.workspace = found.workspace \
                 AND model.name = found.name AND found.key = ",
                " AND found.value = ",
                " AND length(found.value) <= 100)",
            ],
            values: vec![field.key.clone(), value.to_owned()],
        })
    }

    pub fn of_versions(asked: &Asked) -> Option<Self> {
        let (field, value) = equality(asked)?;
        let value = value.to_owned();
        match (field.entity, field.key.as_str()) {
            (Entity::Tag, key) => is_short(&value).then(|| Self {
                counted: &[
                    "model_version_tags WHERE key = ",
                    " AND value = ",
                    " AND length(value) <= 100",
                ],
                rows: &[
                    "model_versions.rowid IN (SELECT version.rowid FROM model_version_tags found \
                     CROSS JOIN model_versions version WHERE version.workspace = found.workspace \
                     AND version.name = found.name AND version.version = found.version AND found.key = ",
                    " AND found.value = ",
                    " AND length(found.value) <= 100)",
                ],
                values: vec![key.to_owned(), value],
            }),
            (Entity::Attribute, "run_id") => Some(Self {
                counted: &["model_versions WHERE run_id = ", ""],
                rows: &[
                    "model_versions.rowid IN (SELECT found.rowid FROM model_versions found WHERE found.run_id = ",
                    ")",
                ],
                values: vec![value],
            }),
            (Entity::Attribute, "source_path") => Some(Self {
                counted: &["model_versions WHERE source = ", ""],
                rows: &[
                    "model_versions.rowid IN (SELECT found.rowid FROM model_versions found WHERE found.source = ",
                    ")",
                ],
                values: vec![value],
            }),
            _ => None,
        }
    }
}

impl Lookup {
    /// How many rows it finds, counted up to a limit.
    pub fn count(&self, db: &mut Db, upto: i64) -> QueryResult<i64> {
        let count = Count {
            lookup: self,
            upto: rounded_up(upto),
        };
        count.get_result(db)
    }
}

impl Ways {
    /// Where the names of models are given, they lead to few rows by themselves.
    pub fn of(
        db: &mut Db,
        conditions: &[Asked],
        page: i64,
        lookup: fn(&Asked) -> Option<Lookup>,
    ) -> QueryResult<Self> {
        if matches!(db, Db::Postgres(_)) {
            return Ok(Self::default());
        }
        let mut ways = Self {
            lookup: None,
            others_by_row: true,
        };
        if conditions.iter().any(gives_names) {
            return Ok(ways);
        }
        // All of the page has to be fetched anyway.
        let mut fewest = FEW.max(page.saturating_add(1));
        for (place, asked) in conditions.iter().enumerate() {
            let Some(lookup) = lookup(asked) else {
                continue;
            };
            let rows = lookup.count(db, fewest)?;
            if rows < fewest {
                fewest = rows;
                ways.lookup = Some((place, lookup));
            }
        }
        Ok(ways)
    }

    /// The look-up that stands for the condition at this place.
    pub fn at(&self, place: usize) -> Option<Lookup> {
        let (of, lookup) = self.lookup.as_ref()?;
        (*of == place).then(|| lookup.clone())
    }
}

/// Rounded, so that there are few statements to keep prepared.
pub fn rounded_up(limit: i64) -> i64 {
    let power = u64::try_from(limit).map_or(1, |limit| {
        limit.checked_next_power_of_two().unwrap_or(limit)
    });
    i64::try_from(power).unwrap_or(limit)
}

/// Whether a search is for certain names only.
pub fn gives_names(asked: &Asked) -> bool {
    asked.field.entity == Entity::Attribute
        && asked.field.key == "name"
        && matches!(
            asked.test,
            Test::Text(Match::Equal, _) | Test::OneOf { negated: false, .. }
        )
}

fn equality(asked: &Asked) -> Option<(&Field, &str)> {
    match &asked.test {
        Test::Text(Match::Equal, value) => Some((&asked.field, value)),
        _ => None,
    }
}

/// Whether the indexes of tags have such a value.
pub fn is_short(value: &str) -> bool {
    value.chars().count() <= short_text::LONGEST
}

fn walk<'b>(
    texts: &'static [&'static str],
    values: &'b [String],
    mut out: AstPass<'_, 'b, Backend>,
) -> QueryResult<()> {
    for (index, text) in texts.iter().enumerate() {
        out.push_sql(text);
        if let Some(value) = values.get(index) {
            out.push_bind_param::<Text, _>(value)?;
        }
    }
    Ok(())
}

impl Expression for Lookup {
    type SqlType = Bool;
}

impl ValidGrouping<()> for Lookup {
    type IsAggregate = is_aggregate::No;
}

impl<Source> AppearsOnTable<Source> for Lookup {}

impl<Source> SelectableExpression<Source> for Lookup {}

impl QueryId for Lookup {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Backend> for Lookup {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        walk(self.rows, &self.values, out)
    }
}

/// How many rows a look-up finds, counted up to a limit.
struct Count<'a> {
    lookup: &'a Lookup,
    upto: i64,
}

impl Query for Count<'_> {
    type SqlType = BigInt;
}

impl QueryId for Count<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Backend> for Count<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (SELECT 1 FROM ");
        walk(self.lookup.counted, &self.lookup.values, out.reborrow())?;
        // Not bound: SQLite prepares a statement again for each limit that is.
        out.push_sql(&format!(" LIMIT {}) AS counted", self.upto));
        Ok(())
    }
}

impl RunQueryDsl<Db> for Count<'_> {}

/// A column that SQLite does not look up in an index.
pub struct ByRow<Column>(pub Column);

impl<Column: Expression> Expression for ByRow<Column>
where
    Column::SqlType: SingleValue,
{
    type SqlType = Column::SqlType;
}

impl<Column> ValidGrouping<()> for ByRow<Column> {
    type IsAggregate = is_aggregate::No;
}

impl<Column, Source> AppearsOnTable<Source> for ByRow<Column>
where
    Column: AppearsOnTable<Source>,
    Column::SqlType: SingleValue,
{
}

impl<Column, Source> SelectableExpression<Source> for ByRow<Column>
where
    Column: SelectableExpression<Source>,
    Column::SqlType: SingleValue,
{
}

impl<Column> QueryId for ByRow<Column> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Column: QueryFragment<Backend>> QueryFragment<Backend> for ByRow<Column> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("+");
        self.0.walk_ast(out)
    }
}
