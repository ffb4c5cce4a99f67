//! All points of a metric, in the order of their times.

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::error::{Error, Result};
use crate::store::schema::metrics;
use crate::store::search::token::{KeyValue, PageToken, of_other_search};
use crate::store::{Db, runs};
use crate::wire::list_writer::{JsonChunks, ListWriter};
use crate::wire::{GetMetricHistory, Metric, MetricWithRunId};

/// What the points of a history are sorted by: time, step, value, and whether the value stands for NaN. No two points
/// of one metric are equal in it.
#[derive(Clone, Copy, Debug, Queryable, Selectable)]
#[diesel(table_name = metrics)]
struct SortKey {
    timestamp: i64,
    step: i64,
    value: f64,
    is_nan: bool,
}

/// A request for the history of a metric, whose page and limit were checked before a connection is taken.
#[derive(Debug)]
pub struct HistoryPage {
    run_id: String,
    metric_key: String,
    /// The maximum number of points. `None` for all of them.
    limit: Option<i32>,
    /// The last point of the page before.
    after: Option<SortKey>,
}

impl HistoryPage {
    /// Reads a request. Fails if its limit is not positive, or if its page token is invalid.
    pub fn read(request: &GetMetricHistory) -> Result<Self> {
        if let Some(points) = request.max_results.filter(|points| *points <= 0) {
            return Err(Error::invalid_parameter(format!(
                "Invalid value {points} for parameter 'max_results' supplied. It must be a positive integer."
            )));
        }
        let keys = PageToken::of(request.page_token.as_deref())?;
        Ok(Self {
            run_id: runs::id(request.run_id(), request.run_uuid()).to_owned(),
            metric_key: request.metric_key().to_owned(),
            limit: request.max_results,
            after: keys.map(|keys| SortKey::of_token(&keys)).transpose()?,
        })
    }
}

/// Returns the points of one metric of a run, or a page of them: JSON of `get_metric_history::Response`.
pub fn get_history(db: &mut Db, page: &HistoryPage) -> Result<JsonChunks> {
    let mut query = metrics::table
        .filter(metrics::run_uuid.eq(&page.run_id))
        .filter(metrics::key.eq(&page.metric_key))
        .order((
            metrics::timestamp,
            metrics::step,
            metrics::value,
            metrics::is_nan,
        ))
        .select(SortKey::as_select())
        .into_boxed();
    if let Some(SortKey {
        timestamp,
        step,
        value,
        is_nan,
    }) = page.after
    {
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
    let limit = page.limit.map(i64::from);
    if let Some(limit) = limit {
        // One more than asked for tells whether there is another page.
        query = query.limit(limit + 1);
    }
    let mut left = limit.and_then(|limit| usize::try_from(limit).ok());
    let mut list = ListWriter::new("metrics");
    let mut next_page_token = None;
    let mut before: Option<SortKey> = None;
    let mut point = Metric {
        key: Some(page.metric_key.clone()),
        ..Metric::default()
    };
    for row in query.load_iter::<SortKey, DefaultLoadingMode>(db)? {
        if left == Some(0) {
            next_page_token = before.as_ref().map(SortKey::token).transpose()?;
            break;
        }
        left = left.map(|left| left - 1);
        let row = row?;
        point.value = Some(if row.is_nan { f64::NAN } else { row.value });
        point.timestamp = Some(row.timestamp);
        point.step = Some(row.step);
        list.push(&point)?;
        before = Some(row);
    }
    list.into_message(next_page_token.as_deref())
}

impl SortKey {
    /// Returns the token of the page that begins behind this point.
    fn token(&self) -> Result<String> {
        PageToken::encode(vec![
            KeyValue::Integer(self.timestamp),
            KeyValue::Integer(self.step),
            KeyValue::Float(self.value.to_bits()),
            KeyValue::Boolean(self.is_nan),
        ])
    }

    fn of_token(keys: &[KeyValue]) -> Result<Self> {
        match keys {
            [
                KeyValue::Integer(timestamp),
                KeyValue::Integer(step),
                KeyValue::Float(value),
                KeyValue::Boolean(is_nan),
            ] => Ok(Self {
                timestamp: *timestamp,
                step: *step,
                value: f64::from_bits(*value),
                is_nan: *is_nan,
            }),
            _ => Err(of_other_search()),
        }
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
