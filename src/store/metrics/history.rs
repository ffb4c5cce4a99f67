//! All points of a metric, in the order of their times.

use diesel::prelude::*;

use crate::error::Result;
use crate::store::Db;
use crate::store::schema::metrics;
use crate::store::search::token::{KeyValue, PageToken, of_other_search};
use crate::wire::{GetMetricHistory, Metric, MetricWithRunId, get_metric_history};

/// What a history is sorted by: time, step, value, and whether that is NaN. It tells all points of
/// one metric apart.
type Place = (i64, i64, f64, bool);

/// The points of one metric of a run, or a page of them, if the request limits their number.
pub fn get_history(
    db: &mut Db,
    run_id: &str,
    request: &GetMetricHistory,
) -> Result<get_metric_history::Response> {
    let mut query = metrics::table
        .filter(metrics::run_uuid.eq(run_id))
        .filter(metrics::key.eq(request.metric_key()))
        .order((
            metrics::timestamp,
            metrics::step,
            metrics::value,
            metrics::is_nan,
        ))
        .select((
            metrics::timestamp,
            metrics::step,
            metrics::value,
            metrics::is_nan,
        ))
        .into_boxed();
    if let Some(keys) = PageToken::of(request.page_token.as_deref())? {
        let (timestamp, step, value, is_nan) = place_of(&keys)?;
        query = query.filter(
            metrics::timestamp
                .gt(timestamp)
                .or(metrics::timestamp.eq(timestamp).and(
                    metrics::step.gt(step).or(metrics::step.eq(step).and(
                        metrics::value
                            .gt(value)
                            .or(metrics::value.eq(value).and(metrics::is_nan.gt(is_nan))),
                    )),
                )),
        );
    }
    let limit = request.max_results.map(i64::from);
    if let Some(limit) = limit {
        // One more than asked for tells whether there is another page.
        query = query.limit(limit + 1);
    }
    let mut points: Vec<Place> = query.load(db)?;
    let mut next_page_token = None;
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    if let Some(limit) = limit.filter(|limit| points.len() > *limit) {
        points.truncate(limit);
        next_page_token = points.last().map(token_after).transpose()?;
    }
    let metrics = points
        .into_iter()
        .map(|(timestamp, step, value, is_nan)| Metric {
            key: request.metric_key.clone(),
            value: Some(if is_nan { f64::NAN } else { value }),
            timestamp: Some(timestamp),
            step: Some(step),
            ..Metric::default()
        })
        .collect();
    Ok(get_metric_history::Response {
        metrics,
        next_page_token,
    })
}

fn token_after(&(timestamp, step, value, is_nan): &Place) -> Result<String> {
    PageToken::encode(vec![
        KeyValue::Integer(timestamp),
        KeyValue::Integer(step),
        KeyValue::Float(value.to_bits()),
        KeyValue::Boolean(is_nan),
    ])
}

fn place_of(keys: &[KeyValue]) -> Result<Place> {
    match keys {
        [
            KeyValue::Integer(timestamp),
            KeyValue::Integer(step),
            KeyValue::Float(value),
            KeyValue::Boolean(is_nan),
        ] => Ok((*timestamp, *step, f64::from_bits(*value), *is_nan)),
        _ => Err(of_other_search()),
    }
}

/// The points of several runs, run by run.
pub fn of_runs(
    db: &mut Db,
    run_ids: &[String],
    metric_key: &str,
    limit: i64,
) -> Result<Vec<MetricWithRunId>> {
    let rows: Vec<(String, f64, bool, i64, i64)> = metrics::table
        .filter(metrics::key.eq(metric_key))
        .filter(metrics::run_uuid.eq_any(run_ids))
        .order((
            metrics::run_uuid,
            metrics::timestamp,
            metrics::step,
            metrics::value,
        ))
        .limit(limit)
        .select((
            metrics::run_uuid,
            metrics::value,
            metrics::is_nan,
            metrics::timestamp,
            metrics::step,
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(run_id, value, is_nan, timestamp, step)| MetricWithRunId {
            key: Some(metric_key.to_owned()),
            value: Some(if is_nan { f64::NAN } else { value }),
            timestamp: Some(timestamp),
            step: Some(step),
            run_id: Some(run_id),
        })
        .collect())
}
