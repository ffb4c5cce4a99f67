//! Metrics, params and tags of one run in one request: all of them, or none.

use super::{find_active, params, tags};
use crate::error::Result;
use crate::store::{Db, metrics};
use crate::validation::Checked;
use crate::wire::LogBatch;

/// Logs a batch to an active run. Fails if one of its params has another value already.
pub fn log_batch(db: &mut Db, request: &Checked<LogBatch>) -> Result<()> {
    let new_params = request.params.iter();
    let new_params: Vec<_> = new_params.map(|it| (it.key(), it.value())).collect();
    let new_tags = request.tags.iter();
    let new_tags: Vec<_> = new_tags.map(|it| (it.key(), it.value())).collect();

    let run = find_active(db, request.run_id())?;
    params::log(db, &run.run_id, &new_params)?;
    metrics::log(db, &run, &request.metrics)?;
    tags::set(db, &run.run_id, &new_tags)
}
