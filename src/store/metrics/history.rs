//! All points of a metric, in the order of their times.

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::error::Result;
use crate::store::Db;
use crate::store::schema::metrics;
use crate::store::search::token::{KeyValue, PageToken, of_other_search};
use crate::wire::list_writer::{JsonChunks, ListWriter};
use crate::wire::{GetMetricHistory, Metric, MetricWithRunId};

/// What a history is sorted by: time, step, value, and whether that is NaN. It tells all points of
/// one metric apart.
type Place = (i64, i64, f64, bool);

/// The points of one metric of a run, or a page of them, if the request limits their number: JSON of
/// `get_metric_history::Response`.
pub fn get_history(db: &mut Db, run_id: &str, request: &GetMetricHistory) -> Result<JsonChunks> {
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
    let mut left = limit.and_then(|limit| usize::try_from(limit).ok());
    let mut list = ListWriter::new("metrics");
    let mut next_page_token = None;
    let mut before = None;
    let mut point = Metric {
        key: request.metric_key.clone(),
        ..Metric::default()
    };
    for place in query.load_iter::<Place, DefaultLoadingMode>(db)? {
        if left == Some(0) {
            next_page_token = before.as_ref().map(token_after).transpose()?;
            break;
        }
        left = left.map(|left| left - 1);
        let place = place?;
        let (timestamp, step, value, is_nan) = place;
        point.value = Some(if is_nan { f64::NAN } else { value });
        point.timestamp = Some(timestamp);
        point.step = Some(step);
        list.push(&point)?;
        before = Some(place);
    }
    list.into_message(next_page_token.as_deref())
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

/// The points of several runs, run by run: JSON of a list of `MetricWithRunId`.
pub fn of_runs(
    db: &mut Db,
    run_ids: &[String],
    metric_key: &str,
    limit: i64,
) -> Result<JsonChunks> {
    let rows = metrics::table
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
        .load_iter::<(String, f64, bool, i64, i64), DefaultLoadingMode>(db)?;
    let mut list = ListWriter::new("metrics");
    let mut point = MetricWithRunId {
        key: Some(metric_key.to_owned()),
        ..MetricWithRunId::default()
    };
    for row in rows {
        let (run_id, value, is_nan, timestamp, step) = row?;
        point.value = Some(if is_nan { f64::NAN } else { value });
        point.timestamp = Some(timestamp);
        point.step = Some(step);
        point.run_id = Some(run_id);
        list.push(&point)?;
    }
    Ok(list.into_object())
}
