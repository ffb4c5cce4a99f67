//! The runs that come first in the order of a metric's values, found by going through `flowkeep_metric_values`.

use std::slice;

use diesel::dsl::SqlTypeOf;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Double, Integer, Text};

use super::keyset::Order;
use super::value_range::ValueRange;
use crate::store::runs::RunRow;
use crate::store::schema::runs;
use crate::store::{Backend, Condition, Db};

/// The first runs of each experiment that meet the conditions, in the order of the values of a metric.
///
/// Rows are visited in that order only until there are enough of them. A row of the table that the metric has left
/// counts for nothing. The query is one on `runs`, in which the conditions are tested.
pub struct FirstByValue {
    pub range: ValueRange,
    pub experiments: Vec<i32>,
    pub ascending: bool,
    /// What decides between equal values.
    pub ties: Vec<Order<runs::table>>,
    pub conditions: Vec<Condition<runs::table>>,
    pub most: i64,
    /// How many rows are visited at most, where there is one experiment.
    pub budget: Option<i64>,
    pub database: Database,
}

/// How a database is kept to the order of the values: it would rather join and sort all, since it takes few runs to
/// meet the conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// Takes tables in the order in which CROSS JOIN names them.
    Sqlite,
    /// Looks up what stands in a subquery with OFFSET, or within CASE, for each row.
    Postgres,
}

impl Database {
    pub fn of(db: &Db) -> Self {
        match db {
            Db::Sqlite(_) => Self::Sqlite,
            Db::Postgres(_) => Self::Postgres,
        }
    }
}

impl FirstByValue {
    /// What follows the columns that are selected.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "a bound value lives as long as the statement"
    )]
    fn of_experiment<'b>(
        &'b self,
        experiment: &'b i32,
        out: &mut AstPass<'_, 'b, Backend>,
    ) -> QueryResult<()> {
        let (tables, before, after) = match self.database {
            Database::Sqlite => (
                "CROSS JOIN runs WHERE runs.run_uuid = found.run_uuid AND ",
                "",
                "",
            ),
            Database::Postgres => (
                "CROSS JOIN LATERAL (SELECT * FROM runs one WHERE one.run_uuid = found.run_uuid OFFSET 0) AS runs WHERE ",
                "CASE WHEN ",
                " THEN TRUE ELSE FALSE END",
            ),
        };
        out.push_sql(" FROM flowkeep_metric_values found ");
        out.push_sql(tables);
        self.range.walk("found", slice::from_ref(experiment), out)?;
        self.within_budget("found", experiment, out)?;
        // The sign keeps SQLite from another index.
        out.push_sql(" AND +runs.experiment_id = ");
        out.push_bind_param::<Integer, _>(experiment)?;
        for condition in &self.conditions {
            out.push_sql(&format!(" AND {before}("));
            condition.walk_ast(out.reborrow())?;
            out.push_sql(&format!("){after}"));
        }
        // Last, so that it is looked up only for runs that meet the conditions.
        out.push_sql(&format!(
            " AND {before}EXISTS (SELECT 1 FROM latest_metrics latest WHERE latest.key = found.key \
             AND latest.run_uuid = runs.run_uuid AND latest.value = found.value AND NOT latest.is_nan){after}"
        ));
        out.push_sql(" ORDER BY found.value");
        out.push_sql(self.direction());
        for tie in &self.ties {
            out.push_sql(", ");
            tie.walk_ast(out.reborrow())?;
        }
        out.push_sql(&format!(" LIMIT {}", self.most));
        Ok(())
    }

    /// The metrics that have been marked and have a number. Those beyond the end of the walk are left out: there may be
    /// others before them.
    fn marked<'b>(&'b self, out: &mut AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql(
            "SELECT mark.run_uuid FROM flowkeep_metric_marks mark CROSS JOIN latest_metrics latest \
             WHERE latest.key = mark.key AND latest.run_uuid = mark.run_uuid AND NOT latest.is_nan AND mark.key = ",
        );
        out.push_bind_param::<Text, _>(&self.range.key)?;
        match self.experiments.as_slice() {
            [only] => self.within_budget("latest", only, out),
            _ => Ok(()),
        }
    }

    /// Ends the walk at the value of the last row that may be visited.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "a bound value lives as long as the statement"
    )]
    fn within_budget<'b>(
        &'b self,
        name: &str,
        experiment: &'b i32,
        out: &mut AstPass<'_, 'b, Backend>,
    ) -> QueryResult<()> {
        let Some(budget) = self.budget else {
            return Ok(());
        };
        let (relation, end) = if self.ascending {
            ("<=", &f64::INFINITY)
        } else {
            (">=", &f64::NEG_INFINITY)
        };
        out.push_sql(&format!(
            " AND {name}.value {relation} coalesce((SELECT edge.value FROM flowkeep_metric_values edge WHERE "
        ));
        self.range.walk("edge", slice::from_ref(experiment), out)?;
        out.push_sql(&format!(
            " ORDER BY edge.value{} LIMIT 1 OFFSET {budget}), ",
            self.direction()
        ));
        out.push_bind_param::<Double, _>(end)?;
        out.push_sql(")");
        Ok(())
    }

    fn direction(&self) -> &'static str {
        if self.ascending { "" } else { " DESC" }
    }
}

/// Reads the runs. No metric may be marked, and there is one experiment.
pub struct RowsByValue {
    pub first: FirstByValue,
    pub columns: <RunRow as Selectable<Backend>>::SelectExpression,
}

impl QueryFragment<Backend> for RowsByValue {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        // Filters have more forms than it is worth to keep prepared statements for.
        out.unsafe_to_cache_prepared();
        out.push_sql("SELECT ");
        self.columns.walk_ast(out.reborrow())?;
        match self.first.experiments.as_slice() {
            [only] => self.first.of_experiment(only, &mut out),
            _ => Err(diesel::result::Error::NotFound),
        }
    }
}

impl Query for RowsByValue {
    type SqlType = SqlTypeOf<<RunRow as Selectable<Backend>>::SelectExpression>;
}

impl QueryId for RowsByValue {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<Db> for RowsByValue {}

/// Holds for the runs, and for those with a number that have been marked for the metric. Where they stand now is for the
/// query around to say.
pub struct IsAmongFirst(pub FirstByValue);

impl QueryFragment<Backend> for IsAmongFirst {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("runs.run_uuid IN (");
        for experiment in &self.0.experiments {
            out.push_sql("SELECT enough.run_uuid FROM (SELECT found.run_uuid");
            self.0.of_experiment(experiment, &mut out)?;
            out.push_sql(") AS enough UNION ALL ");
        }
        self.0.marked(&mut out)?;
        out.push_sql(")");
        Ok(())
    }
}

impl Expression for IsAmongFirst {
    type SqlType = Bool;
}

impl ValidGrouping<()> for IsAmongFirst {
    type IsAggregate = is_aggregate::No;
}

impl<Source> AppearsOnTable<Source> for IsAmongFirst {}

impl<Source> SelectableExpression<Source> for IsAmongFirst {}

impl QueryId for IsAmongFirst {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
