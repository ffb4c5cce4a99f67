//! Metrics of runs: every point ever logged, and of each metric the latest.

mod history;
mod of_models;
mod points;
mod samples;
mod statements;

pub use self::history::{HistoryPage, get_history, of_runs};
use self::points::{NewPoint, latest_of_each};
pub use self::samples::{Sampling, samples_of_runs};
use super::{Db, Mergeable, runs};
use crate::error::{Error, Result};
use crate::validation::Checked;
use crate::wire::{LogMetric, Metric};

impl Mergeable for Checked<LogMetric> {
    type Output = ();

    fn run_together(db: &mut Db, requests: &[Self]) -> Result<Vec<Result<()>>> {
        log_metrics(db, requests)
    }
}

/// Logs the point of each request. Those of runs that are not there or not active are refused.
fn log_metrics(db: &mut Db, requests: &[Checked<LogMetric>]) -> Result<Vec<Result<()>>> {
    let metrics: Vec<Metric> = requests.iter().map(point_of).collect();
    let run_ids = requests.iter().map(run_of).collect();
    let runs = runs::find_all(db, &run_ids)?;
    let mut results = Vec::with_capacity(requests.len());
    let mut points = Vec::with_capacity(requests.len());
    for (request, metric) in requests.iter().zip(&metrics) {
        let run_id = run_of(request);
        let run = runs.get(run_id).ok_or_else(|| Error::run_not_found(run_id));
        results.push(run.and_then(|run| {
            run.require_active()?;
            points.push(NewPoint::new(&run.run_id, metric));
            Ok(())
        }));
    }
    statements::insert(db, &points)?;
    statements::update_latest(db, &latest_of_each(&points))?;
    Ok(results)
}

/// Logs a point about a logged model, which is kept with the model as well.
pub fn log_metric_of_model(db: &mut Db, request: &Checked<LogMetric>) -> Result<()> {
    let metric = point_of(request);
    let run = runs::find_active(db, run_of(request))?;
    log(db, &run, &[metric])
}

/// The run that a point is logged to.
fn run_of(request: &Checked<LogMetric>) -> &str {
    runs::id(request.run_id(), request.run_uuid())
}

fn point_of(request: &Checked<LogMetric>) -> Metric {
    Metric {
        key: request.key.clone(),
        value: request.value,
        timestamp: request.timestamp,
        step: request.step,
        dataset_name: request.dataset_name.clone(),
        dataset_digest: request.dataset_digest.clone(),
        model_id: request.model_id.clone(),
        run_id: None,
    }
}

/// Logs points of a run. A point that is there already stays as it is. No batch is larger than one
/// statement may be.
pub fn log(db: &mut Db, run: &runs::RunRow, points: &[Metric]) -> Result<()> {
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
