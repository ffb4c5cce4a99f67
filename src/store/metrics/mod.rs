//! Metrics of runs: every point ever logged, and of each metric the latest.

mod history;
mod of_models;
mod samples;
mod statements;

use std::cmp::Ordering;
use std::collections::BTreeMap;

pub use self::history::{get_history, of_runs};
pub use self::samples::{Sampling, samples_of_runs};
use super::{Db, runs};
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
    let new_points: Vec<NewPoint> = points
        .iter()
        .map(|point| NewPoint::new(&run.run_id, point))
        .collect();
    statements::insert(db, &new_points)?;
    statements::update_latest(db, &latest_of_each(&new_points))?;
    of_models::log(db, run, points)
}

#[derive(Clone, Copy)]
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

/// What a column of numbers can hold: NaN is a zero with a flag, infinity the largest number.
fn storable(value: f64) -> f64 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(f64::MIN, f64::MAX)
    }
}

/// Of each metric the latest point, in the order of their keys: then no two requests wait for each
/// other.
fn latest_of_each<'a>(points: &[NewPoint<'a>]) -> Vec<NewPoint<'a>> {
    if let [point] = points {
        return vec![*point];
    }
    let mut latest: BTreeMap<&str, NewPoint> = BTreeMap::new();
    for point in points {
        latest
            .entry(point.key)
            .and_modify(|known| {
                if point.is_newer_than(known) {
                    *known = *point;
                }
            })
            .or_insert(*point);
    }
    latest.into_values().collect()
}
