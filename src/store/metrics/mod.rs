//! Metrics of runs: every point ever logged, and of each metric the latest.

mod history;
mod of_models;
mod points;
mod samples;
mod statements;

pub use self::history::{HistoryPage, get_history, of_runs};
use self::points::{NewPoint, latest_of_each};
pub use self::samples::{Sampling, samples_of_runs};
use super::{Db, runs};
use crate::error::Result;
use crate::validation::Checked;
use crate::wire::{LogMetric, Metric};

/// Logs one point of a metric to an active run.
pub fn log_metric(db: &mut Db, request: &Checked<LogMetric>) -> Result<()> {
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
    let run = runs::find_active(db, runs::id(request.run_id(), request.run_uuid()))?;
    log(db, &run, &[metric])
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
