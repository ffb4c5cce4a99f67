//! Makes whole messages of runs' rows, with a fixed number of queries whatever their number.

use std::collections::HashMap;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use super::rows::{NAME_TAG, RunRow};
use crate::error::Result;
use crate::store::in_list::in_list;
use crate::store::schema::{latest_metrics, params, tags};
use crate::store::statement_size::statements;
use crate::store::{Db, inputs};
use crate::wire::{Metric, Param, Run, RunData, RunInfo, RunTag};

/// Whole runs, in the order of their rows: with their latest metrics, params, tags, inputs and outputs.
pub fn assemble(db: &mut Db, rows: Vec<RunRow>) -> Result<Vec<Run>> {
    let ids: Vec<String> = rows.iter().map(|row| row.run_id.clone()).collect();
    let places: HashMap<&str, usize> = ids
        .iter()
        .enumerate()
        .map(|(place, id)| (id.as_str(), place))
        .collect();
    let mut data = vec![RunData::default(); rows.len()];
    for ids in statements(&ids, 1) {
        load_metrics(db, ids, |run_id, metric| {
            data[places[run_id]].metrics.push(metric);
        })?;
        load_params(db, ids, |run_id, param| {
            data[places[run_id]].params.push(param);
        })?;
        load_tags(db, ids, |run_id, tag| data[places[run_id]].tags.push(tag))?;
    }
    let mut inputs_and_outputs = inputs::of_runs(db, &ids)?;
    Ok(rows
        .into_iter()
        .zip(data)
        .map(|(row, data)| {
            let (inputs, outputs) = inputs_and_outputs.remove(&row.run_id).unwrap_or_default();
            Run {
                info: Some(named_by_tags(row.into_info(), &data.tags)),
                data: Some(data),
                inputs: Some(inputs),
                outputs: Some(outputs),
            }
        })
        .collect())
}

/// Gives a run without a name the one that its tags say.
pub fn named_by_tags(mut info: RunInfo, tags: &[RunTag]) -> RunInfo {
    if info.run_name.as_deref().is_none_or(str::is_empty) {
        info.run_name = name_from_tags(tags).or(info.run_name);
    }
    info
}

/// The name that a run's tags give it.
pub fn name_from_tags(tags: &[RunTag]) -> Option<String> {
    tags.iter()
        .find(|tag| tag.key() == NAME_TAG)
        .map(|tag| tag.value().to_owned())
}

fn load_metrics(db: &mut Db, ids: &[String], mut keep: impl FnMut(&str, Metric)) -> Result<()> {
    let rows = latest_metrics::table
        .filter(in_list(latest_metrics::run_uuid, ids))
        .select((
            latest_metrics::run_uuid,
            latest_metrics::key,
            latest_metrics::value,
            latest_metrics::is_nan,
            latest_metrics::timestamp,
            latest_metrics::step,
        ))
        .load_iter::<(String, String, f64, bool, Option<i64>, i64), DefaultLoadingMode>(db)?;
    for row in rows {
        let (run_id, key, value, is_nan, timestamp, step) = row?;
        let metric = Metric {
            key: Some(key),
            value: Some(if is_nan { f64::NAN } else { value }),
            timestamp,
            step: Some(step),
            ..Metric::default()
        };
        keep(&run_id, metric);
    }
    Ok(())
}

fn load_params(db: &mut Db, ids: &[String], mut keep: impl FnMut(&str, Param)) -> Result<()> {
    let rows = params::table
        .filter(in_list(params::run_uuid, ids))
        .select((params::run_uuid, params::key, params::value))
        .load_iter::<(String, String, String), DefaultLoadingMode>(db)?;
    for row in rows {
        let (run_id, key, value) = row?;
        let param = Param {
            key: Some(key),
            value: Some(value),
        };
        keep(&run_id, param);
    }
    Ok(())
}

fn load_tags(db: &mut Db, ids: &[String], mut keep: impl FnMut(&str, RunTag)) -> Result<()> {
    let rows = tags::table
        .filter(in_list(tags::run_uuid, ids))
        .select((tags::run_uuid, tags::key, tags::value))
        .load_iter::<(String, String, Option<String>), DefaultLoadingMode>(db)?;
    for row in rows {
        let (run_id, key, value) = row?;
        let tag = RunTag {
            key: Some(key),
            value,
        };
        keep(&run_id, tag);
    }
    Ok(())
}
