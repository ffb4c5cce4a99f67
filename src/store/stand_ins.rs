//! The numbers that stand in for NaN and the infinities in MLflow's tables, and how they are told from numbers that
//! were logged.
//!
//! The tables of runs' metrics have a flag for NaN. The one of logged models' metrics has none: there a note of
//! flowkeep's decides, and for what stock MLflow wrote, the run's own point at the same time and step.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Double};

use crate::store::Backend;

static INFINITY: f64 = f64::INFINITY;

/// What a column of numbers can hold: NaN is a zero with a flag, infinity the largest number.
pub fn storable(value: f64) -> f64 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(f64::MIN, f64::MAX)
    }
}

/// The value that was logged, of a stored number. Nothing but infinity is as large as the number in its place, and a
/// client that copies a run's metrics to a model reads that number. SQLite keeps NaN as NULL.
pub fn as_logged(stored: Option<f64>, is_nan: bool) -> f64 {
    match stored {
        Some(number) if is_nan || number.is_nan() => f64::NAN,
        Some(number) if number.abs() >= f64::MAX => f64::INFINITY.copysign(number),
        Some(number) => number,
        None => f64::NAN,
    }
}

/// Whether the value in a row of `logged_model_metrics` is NaN.
#[derive(Clone, Copy)]
pub struct IsNan;

/// Whether a row of `latest_metrics` is NaN, or one of the points that it was chosen from: of several at one step and
/// time MLflow takes the largest number, with 0 for NaN.
#[derive(Clone, Copy)]
pub struct IsNanInRun;

impl QueryFragment<Backend> for IsNan {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        // PostgreSQL can hold NaN, which it takes for more than infinity.
        out.push_sql("(CASE WHEN logged_model_metrics.metric_value = 0 THEN COALESCE((\
               SELECT note.is_nan FROM flowkeep_logged_model_values AS note \
               WHERE note.model_id = logged_model_metrics.model_id \
                 AND note.metric_name = logged_model_metrics.metric_name \
                 AND note.metric_timestamp_ms = logged_model_metrics.metric_timestamp_ms \
                 AND note.metric_step = logged_model_metrics.metric_step \
                 AND note.run_id = logged_model_metrics.run_id\
             ), EXISTS (\
               SELECT 1 FROM metrics AS logged \
               WHERE logged.key = logged_model_metrics.metric_name \
                 AND logged.timestamp = logged_model_metrics.metric_timestamp_ms \
                 AND logged.step = logged_model_metrics.metric_step \
                 AND logged.run_uuid = logged_model_metrics.run_id AND logged.is_nan\
             )) ELSE logged_model_metrics.metric_value IS NULL OR logged_model_metrics.metric_value > ");
        out.push_bind_param::<Double, _>(&INFINITY)?;
        out.push_sql(" END)");
        Ok(())
    }
}

impl QueryFragment<Backend> for IsNanInRun {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql(
            "(latest_metrics.is_nan OR EXISTS (\
               SELECT 1 FROM metrics AS logged \
               WHERE logged.key = latest_metrics.key AND logged.timestamp = latest_metrics.timestamp \
                 AND logged.step = latest_metrics.step AND logged.run_uuid = latest_metrics.run_uuid AND logged.is_nan))",
        );
        Ok(())
    }
}

macro_rules! condition {
    ($name:ty) => {
        impl Expression for $name {
            type SqlType = Bool;
        }

        impl ValidGrouping<()> for $name {
            type IsAggregate = is_aggregate::No;
        }

        impl<Source> AppearsOnTable<Source> for $name {}

        impl<Source> SelectableExpression<Source> for $name {}

        impl QueryId for $name {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }
    };
}

condition!(IsNan);
condition!(IsNanInRun);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_are_read_as_what_was_logged() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 0.5] {
            let stored = storable(value);
            assert!(stored.is_finite());
            let read = as_logged(Some(stored), value.is_nan());
            assert_eq!(read.to_bits(), value.to_bits());
        }
        assert!(as_logged(None, true).is_nan());
        assert!(as_logged(Some(f64::NAN), false).is_nan());
    }
}
