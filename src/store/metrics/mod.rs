//! Metrics of runs: every point ever logged, and of each metric the latest.

mod history;
mod of_models;
mod samples;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::upsert::excluded;

pub use self::history::{get_history, of_runs};
pub use self::samples::{Sampling, samples_of_runs};
use super::schema::{latest_metrics, metrics};
use super::{Db, on_backend, runs};
use crate::error::Result;
use crate::validation;
use crate::wire::{LogMetric, Metric};

pub fn log_metric(db: &mut Db, request: &LogMetric) -> Result<()> {
    validation::dataset_of_metric(request.dataset_name(), request.dataset_digest())?;
    let metric = Metric {
        key: request.key.clone(),
        value: request.value,
        timestamp: request.timestamp,
        step: request.step,
        dataset_name: request.dataset_name.clone(),
        dataset_digest: request.dataset_digest.clone(),
        model_id: request.model_id.clone(),
        run_id: None,
    };
    validation::metric(&metric, "")?;
    let run = runs::find_active(db, runs::id(request.run_id(), request.run_uuid()))?;
    log(db, &run, &[metric])
}

/// Logs points of a run. A point that is there already stays as it is. No batch is larger than one
/// statement may be.
pub fn log(db: &mut Db, run: &runs::Row, points: &[Metric]) -> Result<()> {
    if points.is_empty() {
        return Ok(());
    }
    let rows: Vec<NewPoint> = points
        .iter()
        .map(|point| NewPoint::new(&run.run_id, point))
        .collect();
    on_backend!(db, |connection| diesel::insert_into(metrics::table)
        .values(&rows)
        .on_conflict_do_nothing()
        .execute(connection))?;
    update_latest(db, &rows)?;
    of_models::log(db, run, points)
}

#[derive(Clone, Copy, Insertable)]
#[diesel(table_name = metrics, treat_none_as_default_value = false)]
struct NewPoint<'a> {
    key: &'a str,
    value: f64,
    timestamp: i64,
    run_uuid: &'a str,
    step: i64,
    is_nan: bool,
}

impl<'a> NewPoint<'a> {
    fn new(run_uuid: &'a str, point: &'a Metric) -> Self {
        Self {
            key: point.key(),
            value: storable(point.value()),
            timestamp: point.timestamp(),
            run_uuid,
            step: point.step(),
            is_nan: point.value().is_nan(),
        }
    }

    fn is_newer_than(&self, other: &Self) -> bool {
        let by_value = self.value.partial_cmp(&other.value);
        (self.step, self.timestamp)
            .cmp(&(other.step, other.timestamp))
            .then(by_value.unwrap_or(Ordering::Equal))
            .is_gt()
    }
}

#[derive(Insertable)]
#[diesel(table_name = latest_metrics, treat_none_as_default_value = false)]
struct NewLatest<'a> {
    key: &'a str,
    value: f64,
    timestamp: i64,
    step: i64,
    is_nan: bool,
    run_uuid: &'a str,
}

/// What a column of numbers can hold: NaN is a zero with a flag, infinity the largest number.
fn storable(value: f64) -> f64 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(f64::MIN, f64::MAX)
    }
}

/// The latest point has the highest step, of those the highest time, of those the highest value. The
/// database compares, so nothing is read first and no other request can come between.
fn update_latest(db: &mut Db, points: &[NewPoint]) -> Result<()> {
    // In the order of their keys: then no two requests wait for each other.
    let mut latest: BTreeMap<&str, &NewPoint> = BTreeMap::new();
    for point in points {
        latest
            .entry(point.key)
            .and_modify(|known| {
                if point.is_newer_than(known) {
                    *known = point;
                }
            })
            .or_insert(point);
    }
    let rows: Vec<NewLatest> = latest
        .into_values()
        .map(|point| NewLatest {
            key: point.key,
            value: point.value,
            timestamp: point.timestamp,
            step: point.step,
            is_nan: point.is_nan,
            run_uuid: point.run_uuid,
        })
        .collect();
    let step = excluded(latest_metrics::step);
    let timestamp = excluded(latest_metrics::timestamp);
    let value = excluded(latest_metrics::value);
    let is_nan = excluded(latest_metrics::is_nan);
    let is_newer = step
        .gt(latest_metrics::step)
        .or(step.eq(latest_metrics::step).and(
            timestamp.gt(latest_metrics::timestamp).or(timestamp
                .eq(latest_metrics::timestamp)
                .and(value.gt(latest_metrics::value))),
        ));
    on_backend!(db, |connection| diesel::insert_into(latest_metrics::table)
        .values(&rows)
        .on_conflict((latest_metrics::key, latest_metrics::run_uuid))
        .do_update()
        .set((
            latest_metrics::value.eq(case_when(is_newer, value).otherwise(latest_metrics::value)),
            latest_metrics::timestamp
                .eq(case_when(is_newer, timestamp).otherwise(latest_metrics::timestamp)),
            latest_metrics::step.eq(case_when(is_newer, step).otherwise(latest_metrics::step)),
            latest_metrics::is_nan
                .eq(case_when(is_newer, is_nan).otherwise(latest_metrics::is_nan)),
        ))
        .execute(connection))?;
    Ok(())
}
