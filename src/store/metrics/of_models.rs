//! Points that a run logs about a logged model, which are kept with the model as well.

#![expect(
    clippy::ref_option_ref,
    reason = "Diesel's derive takes references to the fields"
)]

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use diesel::prelude::*;

use crate::error::{Error, ErrorCode, Result};
use crate::store::schema::{
    flowkeep_logged_model_values as notes, logged_model_metrics, logged_models,
};
use crate::store::stand_ins::{IsNan, as_logged, storable};
use crate::store::{Db, on_backend, runs};
use crate::wire::Metric;

#[derive(Insertable)]
#[diesel(table_name = logged_model_metrics, treat_none_as_default_value = false)]
struct NewPoint<'a> {
    model_id: &'a str,
    metric_name: &'a str,
    metric_timestamp_ms: i64,
    metric_step: i64,
    metric_value: f64,
    experiment_id: i32,
    run_id: &'a str,
    dataset_name: Option<&'a str>,
    dataset_digest: Option<&'a str>,
}

/// Says of a stored zero whether NaN was logged.
#[derive(Insertable)]
#[diesel(table_name = notes, treat_none_as_default_value = false)]
struct Note<'a> {
    model_id: &'a str,
    metric_name: &'a str,
    metric_timestamp_ms: i64,
    metric_step: i64,
    run_id: &'a str,
    is_nan: bool,
}

/// What tells one point of a run from another: model, metric, time and step.
type Identity<'a> = (&'a str, &'a str, i64, i64);

impl<'a> NewPoint<'a> {
    fn identity(&self) -> Identity<'a> {
        (
            self.model_id,
            self.metric_name,
            self.metric_timestamp_ms,
            self.metric_step,
        )
    }
}

/// Logs those of a run's points that name a model. A point may be sent again, but not with another
/// value.
pub fn log(db: &mut Db, run: &runs::RunRow, points: &[Metric]) -> Result<()> {
    let experiment_id = run.experiment_id.unwrap_or_default();
    let mut rows: BTreeMap<Identity, NewPoint> = BTreeMap::new();
    let mut logged: BTreeMap<Identity, f64> = BTreeMap::new();
    for point in points.iter().filter(|point| !point.model_id().is_empty()) {
        let row = NewPoint {
            model_id: point.model_id(),
            metric_name: point.key(),
            metric_timestamp_ms: point.timestamp(),
            metric_step: point.step(),
            metric_value: storable(point.value()),
            experiment_id,
            run_id: &run.run_id,
            dataset_name: given(point.dataset_name()),
            dataset_digest: given(point.dataset_digest()),
        };
        let known = *logged.entry(row.identity()).or_insert(point.value());
        if !is_same(known, point.value()) {
            return Err(other_value(row.metric_name, row.model_id));
        }
        rows.entry(row.identity()).or_insert(row);
    }
    if rows.is_empty() {
        return Ok(());
    }
    require_models(db, rows.values().map(|row| row.model_id).collect())?;
    let rows: Vec<NewPoint> = rows.into_values().collect();
    let inserted = on_backend!(db, |connection| diesel::insert_into(
        logged_model_metrics::table
    )
    .values(&rows)
    .on_conflict_do_nothing()
    .execute(connection))?;
    if inserted < rows.len() {
        compare_with_stored(db, &rows, &logged)?;
    }
    take_notes(db, &rows, &logged)
}

/// Whether two values are one. No table tells infinity from the largest number for certain.
fn is_same(one: f64, other: f64) -> bool {
    one.is_nan() == other.is_nan()
        && storable(one).partial_cmp(&storable(other)) == Some(Ordering::Equal)
}

fn take_notes(db: &mut Db, rows: &[NewPoint], logged: &BTreeMap<Identity, f64>) -> Result<()> {
    let notes: Vec<Note> = rows
        .iter()
        .filter(|row| row.metric_value == 0.0)
        .map(|row| Note {
            model_id: row.model_id,
            metric_name: row.metric_name,
            metric_timestamp_ms: row.metric_timestamp_ms,
            metric_step: row.metric_step,
            run_id: row.run_id,
            is_nan: logged[&row.identity()].is_nan(),
        })
        .collect();
    if !notes.is_empty() {
        on_backend!(db, |connection| diesel::insert_into(notes::table)
            .values(&notes)
            .on_conflict_do_nothing()
            .execute(connection))?;
    }
    Ok(())
}

fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn require_models(db: &mut Db, model_ids: HashSet<&str>) -> Result<()> {
    let known: Vec<String> = logged_models::table
        .filter(logged_models::model_id.eq_any(&model_ids))
        .select(logged_models::model_id)
        .load(db)?;
    match model_ids
        .iter()
        .find(|id| !known.iter().any(|known| known == **id))
    {
        None => Ok(()),
        Some(id) => Err(Error::new(
            ErrorCode::BadRequest,
            format!("Logged model with ID '{id}' not found."),
        )),
    }
}

fn compare_with_stored(
    db: &mut Db,
    rows: &[NewPoint],
    logged: &BTreeMap<Identity, f64>,
) -> Result<()> {
    let Some(run_id) = rows.first().map(|row| row.run_id) else {
        return Ok(());
    };
    let stored: Vec<(String, String, i64, i64, Option<f64>, bool)> = logged_model_metrics::table
        .filter(logged_model_metrics::run_id.eq(run_id))
        .filter(logged_model_metrics::model_id.eq_any(rows.iter().map(|row| row.model_id)))
        .filter(logged_model_metrics::metric_name.eq_any(rows.iter().map(|row| row.metric_name)))
        .filter(logged_model_metrics::metric_step.eq_any(rows.iter().map(|row| row.metric_step)))
        .select((
            logged_model_metrics::model_id,
            logged_model_metrics::metric_name,
            logged_model_metrics::metric_timestamp_ms,
            logged_model_metrics::metric_step,
            logged_model_metrics::metric_value,
            IsNan,
        ))
        .load(db)?;
    for (model_id, name, timestamp, step, value, is_nan) in stored {
        let identity = (model_id.as_str(), name.as_str(), timestamp, step);
        let stored = as_logged(value, is_nan);
        if logged
            .get(&identity)
            .is_some_and(|logged| !is_same(*logged, stored))
        {
            return Err(other_value(&name, &model_id));
        }
    }
    Ok(())
}

fn other_value(metric: &str, model_id: &str) -> Error {
    Error::new(
        ErrorCode::BadRequest,
        format!(
            "The metric '{metric}' of the logged model '{model_id}' has another value at this time and step."
        ),
    )
}
