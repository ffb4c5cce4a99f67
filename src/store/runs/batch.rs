//! Metrics, params and tags of one run in one request: all of them, or none.

use std::borrow::Cow;

use super::{find_active, params, tags};
use crate::error::Result;
use crate::store::{Db, metrics};
use crate::validation;
use crate::wire::LogBatch;

pub fn log_batch(db: &mut Db, request: &LogBatch, truncate: bool) -> Result<()> {
    for metric in &request.metrics {
        validation::dataset_of_metric(metric.dataset_name(), metric.dataset_digest())?;
    }
    validation::run_id(request.run_id())?;
    for (index, metric) in request.metrics.iter().enumerate() {
        // Where it stands is put into words only where it is refused.
        if validation::metric(metric, "").is_err() {
            validation::metric(metric, &format!("metrics[{index}]"))?;
        }
    }
    let new_params = pairs(&request.params, |index, param| {
        let value = validation::param(param, &format!("params[{index}]"), truncate)?;
        Ok((param.key(), value))
    })?;
    let new_tags = pairs(&request.tags, |index, tag| {
        let value = validation::run_tag(tag, &format!("tags[{index}]"), truncate)?;
        Ok((tag.key(), value))
    })?;
    validation::batch(request)?;

    let run = find_active(db, request.run_id())?;
    params::log(db, &run.run_id, &borrowed(&new_params))?;
    metrics::log(db, &run, &request.metrics)?;
    tags::set(db, &run.run_id, &borrowed(&new_tags))
}

type Pair<'a> = (&'a str, Cow<'a, str>);

fn pairs<'a, T>(
    entities: &'a [T],
    check: impl Fn(usize, &'a T) -> Result<Pair<'a>>,
) -> Result<Vec<Pair<'a>>> {
    entities
        .iter()
        .enumerate()
        .map(|(index, entity)| check(index, entity))
        .collect()
}

fn borrowed<'a>(pairs: &'a [Pair<'a>]) -> Vec<(&'a str, &'a str)> {
    pairs
        .iter()
        .map(|(key, value)| (*key, value.as_ref()))
        .collect()
}
