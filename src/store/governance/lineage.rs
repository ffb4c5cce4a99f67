//! What was logged to runs and logged models: params, tags, and the latest value of each metric.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;

use crate::error::Result;
use crate::store::Db;
use crate::store::in_list::in_list;
use crate::store::schema::{
    latest_metrics, logged_model_metrics, logged_model_params, logged_model_tags, params, runs,
    tags,
};
use crate::store::stand_ins::{IsNan, IsNanInRun, as_logged};
use crate::store::statement_size::statements;

/// What was logged to a run or a logged model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoggedData {
    pub params: BTreeMap<String, String>,
    pub metrics: BTreeMap<String, f64>,
    pub tags: BTreeMap<String, String>,
    /// Who ran it, as the client said.
    pub user: Option<String>,
}

/// Which parts of it are asked for.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says of one thing whether it is asked for"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoggedParts {
    pub params: bool,
    pub metrics: bool,
    pub tags: bool,
    pub user: bool,
}

impl LoggedParts {
    /// Whether any part is asked for.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// By run id. Runs that do not exist are left out.
pub fn of_runs(
    db: &mut Db,
    ids: &[&str],
    wanted: LoggedParts,
) -> Result<HashMap<String, LoggedData>> {
    let mut found = HashMap::new();
    if !wanted.any() {
        return Ok(found);
    }
    for ids in statements(ids, 1) {
        let existing: Vec<(String, Option<String>)> = runs::table
            .filter(in_list(runs::run_uuid, ids))
            .select((runs::run_uuid, runs::user_id))
            .load(db)?;
        found.extend(existing.into_iter().map(|(id, user)| {
            let user = user.filter(|user| !user.is_empty());
            (
                id,
                LoggedData {
                    user,
                    ..LoggedData::default()
                },
            )
        }));
        if wanted.params {
            let rows: Vec<(String, String, String)> = params::table
                .filter(in_list(params::run_uuid, ids))
                .select((params::run_uuid, params::key, params::value))
                .load(db)?;
            each(&mut found, rows, |logged| &mut logged.params);
        }
        if wanted.tags {
            let rows: Vec<(String, String, Option<String>)> = tags::table
                .filter(in_list(tags::run_uuid, ids))
                .select((tags::run_uuid, tags::key, tags::value))
                .load(db)?;
            let rows = rows
                .into_iter()
                .map(|(id, key, value)| (id, key, value.unwrap_or_default()));
            each(&mut found, rows, |logged| &mut logged.tags);
        }
        if wanted.metrics {
            let rows: Vec<(String, String, f64, bool)> = latest_metrics::table
                .filter(in_list(latest_metrics::run_uuid, ids))
                .select((
                    latest_metrics::run_uuid,
                    latest_metrics::key,
                    latest_metrics::value,
                    IsNanInRun,
                ))
                .load(db)?;
            let rows = rows
                .into_iter()
                .map(|(id, key, value, is_nan)| (id, key, as_logged(Some(value), is_nan)));
            each(&mut found, rows, |logged| &mut logged.metrics);
        }
    }
    Ok(found)
}

/// By the id of a logged model.
pub fn of_logged_models(
    db: &mut Db,
    ids: &[&str],
    wanted: LoggedParts,
) -> Result<HashMap<String, LoggedData>> {
    let mut found: HashMap<String, LoggedData> = ids
        .iter()
        .map(|id| ((*id).to_owned(), LoggedData::default()))
        .collect();
    for ids in statements(ids, 1) {
        if wanted.params {
            let rows: Vec<(String, String, String)> = logged_model_params::table
                .filter(in_list(logged_model_params::model_id, ids))
                .select((
                    logged_model_params::model_id,
                    logged_model_params::param_key,
                    logged_model_params::param_value,
                ))
                .load(db)?;
            each(&mut found, rows, |logged| &mut logged.params);
        }
        if wanted.tags {
            let rows: Vec<(String, String, String)> = logged_model_tags::table
                .filter(in_list(logged_model_tags::model_id, ids))
                .select((
                    logged_model_tags::model_id,
                    logged_model_tags::tag_key,
                    logged_model_tags::tag_value,
                ))
                .load(db)?;
            each(&mut found, rows, |logged| &mut logged.tags);
        }
        if wanted.metrics {
            let rows: Vec<ModelPoint> = logged_model_metrics::table
                .filter(in_list(logged_model_metrics::model_id, ids))
                .order((
                    logged_model_metrics::metric_step,
                    logged_model_metrics::metric_timestamp_ms,
                    logged_model_metrics::run_id.desc(),
                ))
                .select((
                    logged_model_metrics::model_id,
                    logged_model_metrics::metric_name,
                    (
                        logged_model_metrics::metric_step,
                        logged_model_metrics::metric_timestamp_ms,
                    ),
                    logged_model_metrics::metric_value,
                    IsNan,
                ))
                .load(db)?;
            each(&mut found, latest_of_each(rows), |logged| {
                &mut logged.metrics
            });
        }
    }
    Ok(found)
}

/// A point of a logged model's metric: model, metric, step and time, the stored number, and whether it stands for
/// NaN.
type ModelPoint = (String, String, (i64, i64), Option<f64>, bool);

/// The latest value of each metric, of points in the order of their steps and times. Of several at one step and time,
/// NaN counts.
fn latest_of_each(points: Vec<ModelPoint>) -> impl Iterator<Item = (String, String, f64)> {
    let mut latest: BTreeMap<(String, String), ((i64, i64), f64)> = BTreeMap::new();
    for (id, key, place, stored, is_nan) in points {
        let value = as_logged(stored, is_nan);
        let known = latest.entry((id, key)).or_insert((place, value));
        if known.0 != place || !known.1.is_nan() {
            *known = (place, value);
        }
    }
    latest
        .into_iter()
        .map(|((id, key), (_, value))| (id, key, value))
}

fn each<V>(
    found: &mut HashMap<String, LoggedData>,
    rows: impl IntoIterator<Item = (String, String, V)>,
    part: impl Fn(&mut LoggedData) -> &mut BTreeMap<String, V>,
) {
    for (id, key, value) in rows {
        if let Some(logged) = found.get_mut(&id) {
            part(logged).insert(key, value);
        }
    }
}
