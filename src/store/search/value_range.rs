//! What a filter says about the value of one metric, and the runs that have such values by `flowkeep_metric_values`.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Double, Integer, Nullable, Text};

use super::columns::double;
use crate::search::{Condition as Asked, Entity, Relation, Test};
use crate::store::in_list::padded;
use crate::store::{Backend, Db};

/// With more marked metrics of one key, the table is too far behind to be of use.
const MOST_MARKS: i64 = 4_096;

/// The values of a metric that a filter lets through.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueRange {
    pub key: String,
    pub bounds: Vec<(Relation, f64)>,
}

impl ValueRange {
    /// All that the conditions say about a metric.
    pub fn of(key: &str, conditions: &[Asked]) -> Self {
        let bounds = conditions
            .iter()
            .filter(|asked| Self::key_of(asked) == Some(key))
            .filter_map(|asked| match asked.test {
                Test::Number(relation, number) => Some((relation, double(number))),
                _ => None,
            });
        Self {
            key: key.to_owned(),
            bounds: bounds.collect(),
        }
    }

    /// The metric of a condition that a range can stand for. What is not a number is unequal to all numbers, and in no
    /// range.
    pub fn key_of(asked: &Asked) -> Option<&str> {
        let is_range = match asked.test {
            Test::Number(relation, _) => relation != Relation::NotEqual,
            _ => false,
        };
        (asked.field.entity == Entity::Metric && is_range).then_some(asked.field.key.as_str())
    }

    /// Whether runs without such a number are left out by the filter.
    pub fn is_bounded(&self) -> bool {
        !self.bounds.is_empty()
    }

    /// The condition on rows of the table, under the name that it has in the query.
    pub fn walk<'b>(
        &'b self,
        name: &str,
        experiments: &'b [i32],
        out: &mut AstPass<'_, 'b, Backend>,
    ) -> QueryResult<()> {
        out.push_sql(&format!("{name}.experiment_id IN ("));
        if let Some(last) = experiments.last() {
            for (index, experiment) in padded(experiments, last).enumerate() {
                if index > 0 {
                    out.push_sql(", ");
                }
                out.push_bind_param::<Integer, _>(experiment)?;
            }
        }
        out.push_sql(&format!(") AND {name}.key = "));
        out.push_bind_param::<Text, _>(&self.key)?;
        for (relation, value) in &self.bounds {
            out.push_sql(&format!(" AND {name}.value {} ", relation.symbol()));
            out.push_bind_param::<Double, _>(value)?;
        }
        Ok(())
    }
}

/// Holds for the runs that have a value in the range, and for all that have been marked for the metric. What they have
/// now is for the other conditions to say.
pub struct InRange {
    pub range: ValueRange,
    pub experiments: Vec<i32>,
}

impl QueryFragment<Backend> for InRange {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql(
            "runs.run_uuid IN (SELECT found.run_uuid FROM flowkeep_metric_values found WHERE ",
        );
        self.range.walk("found", &self.experiments, &mut out)?;
        out.push_sql(
            " UNION ALL SELECT mark.run_uuid FROM flowkeep_metric_marks mark WHERE mark.key = ",
        );
        out.push_bind_param::<Text, _>(&self.range.key)?;
        out.push_sql(")");
        Ok(())
    }
}

impl Expression for InRange {
    type SqlType = Bool;
}

impl ValidGrouping<()> for InRange {
    type IsAggregate = is_aggregate::No;
}

impl<Source> AppearsOnTable<Source> for InRange {}

impl<Source> SelectableExpression<Source> for InRange {}

impl QueryId for InRange {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// What the table tells about a range.
pub struct RangeState {
    /// How many rows it has, counted up to a limit. `None` where the table does not tell yet.
    pub rows: Option<i64>,
    /// Whether there are marks of the metric.
    pub is_marked: bool,
}

/// Counts the rows of a range, up to a limit.
pub struct CountInRange<'a> {
    pub range: &'a ValueRange,
    pub experiments: &'a [i32],
    pub upto: i64,
}

impl CountInRange<'_> {
    pub fn count(self, db: &mut Db) -> QueryResult<RangeState> {
        let (rows, is_marked) = self.get_result(db)?;
        Ok(RangeState { rows, is_marked })
    }
}

impl Query for CountInRange<'_> {
    type SqlType = (Nullable<BigInt>, Bool);
}

impl QueryId for CountInRange<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Backend> for CountInRange<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql(
            "SELECT CASE WHEN (SELECT complete FROM flowkeep_metric_fill WHERE id = 1) AND \
             (SELECT count(*) FROM (SELECT 1 FROM flowkeep_metric_marks mark WHERE mark.key = ",
        );
        out.push_bind_param::<Text, _>(&self.range.key)?;
        // The limits are not bound: SQLite prepares a statement again for each one that is.
        out.push_sql(&format!(
            " LIMIT {}) AS counted) <= {MOST_MARKS} \
             THEN (SELECT count(*) FROM (SELECT 1 FROM flowkeep_metric_values found WHERE ",
            MOST_MARKS + 1
        ));
        self.range.walk("found", self.experiments, &mut out)?;
        out.push_sql(&format!(
            " LIMIT {}) AS counted) END, \
             EXISTS (SELECT 1 FROM flowkeep_metric_marks mark WHERE mark.key = ",
            self.upto
        ));
        out.push_bind_param::<Text, _>(&self.range.key)?;
        out.push_sql(")");
        Ok(())
    }
}

impl RunQueryDsl<Db> for CountInRange<'_> {}
