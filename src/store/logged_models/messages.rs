//! Makes whole messages of logged models, with a fixed number of queries whatever their number.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::error::Result;
use crate::store::Db;
use crate::store::in_list::in_list;
use crate::store::schema::{
    logged_model_metrics, logged_model_params, logged_model_tags, logged_models,
};
use crate::store::stand_ins::{IsNan, as_logged};
use crate::store::statement_size::statements;
use crate::wire::{
    LoggedModel, LoggedModelData, LoggedModelInfo, LoggedModelParameter, LoggedModelTag, Metric,
};

#[derive(Queryable)]
struct LoggedModelRow {
    model_id: String,
    experiment_id: i32,
    name: String,
    artifact_location: String,
    creation_timestamp_ms: i64,
    last_updated_timestamp_ms: i64,
    status: i32,
    _lifecycle_stage: Option<String>,
    model_type: Option<String>,
    source_run_id: Option<String>,
    status_message: Option<String>,
}

impl LoggedModelRow {
    fn into_info(self) -> LoggedModelInfo {
        LoggedModelInfo {
            model_id: Some(self.model_id),
            experiment_id: Some(self.experiment_id.to_string()),
            name: Some(self.name),
            creation_timestamp_ms: Some(self.creation_timestamp_ms),
            last_updated_timestamp_ms: Some(self.last_updated_timestamp_ms),
            artifact_uri: Some(self.artifact_location),
            status: Some(self.status),
            model_type: self.model_type,
            source_run_id: self.source_run_id,
            status_message: self.status_message,
            ..LoggedModelInfo::default()
        }
    }
}

/// The models with these ids, in their order, in four queries. Ids of no model are left out.
pub fn assemble(db: &mut Db, model_ids: &[String]) -> Result<Vec<LoggedModel>> {
    let mut models = HashMap::new();
    for model_ids in statements(model_ids, 1) {
        let rows: Vec<LoggedModelRow> = logged_models::table
            .filter(in_list(logged_models::model_id, model_ids))
            .load(db)?;
        models.extend(rows.into_iter().map(|row| {
            let model_id = row.model_id.clone();
            let model = LoggedModel {
                info: Some(row.into_info()),
                data: Some(LoggedModelData::default()),
            };
            (model_id, model)
        }));
        add_tags(db, model_ids, &mut models)?;
        add_params(db, model_ids, &mut models)?;
        add_metrics(db, model_ids, &mut models)?;
    }
    Ok(model_ids
        .iter()
        .filter_map(|model_id| models.remove(model_id))
        .collect())
}

fn add_tags(
    db: &mut Db,
    model_ids: &[String],
    models: &mut HashMap<String, LoggedModel>,
) -> Result<()> {
    let rows: Vec<(String, String, String)> = logged_model_tags::table
        .filter(in_list(logged_model_tags::model_id, model_ids))
        .order((logged_model_tags::model_id, logged_model_tags::tag_key))
        .select((
            logged_model_tags::model_id,
            logged_model_tags::tag_key,
            logged_model_tags::tag_value,
        ))
        .load(db)?;
    for (model_id, key, value) in rows {
        if let Some(info) = models
            .get_mut(&model_id)
            .and_then(|model| model.info.as_mut())
        {
            info.tags.push(LoggedModelTag {
                key: Some(key),
                value: Some(value),
            });
        }
    }
    Ok(())
}

fn add_params(
    db: &mut Db,
    model_ids: &[String],
    models: &mut HashMap<String, LoggedModel>,
) -> Result<()> {
    let rows: Vec<(String, String, String)> = logged_model_params::table
        .filter(in_list(logged_model_params::model_id, model_ids))
        .order((
            logged_model_params::model_id,
            logged_model_params::param_key,
        ))
        .select((
            logged_model_params::model_id,
            logged_model_params::param_key,
            logged_model_params::param_value,
        ))
        .load(db)?;
    for (model_id, key, value) in rows {
        if let Some(data) = models
            .get_mut(&model_id)
            .and_then(|model| model.data.as_mut())
        {
            data.params.push(LoggedModelParameter {
                key: Some(key),
                value: Some(value),
            });
        }
    }
    Ok(())
}

#[derive(Queryable)]
struct MetricRow {
    model_id: String,
    name: String,
    timestamp: i64,
    step: i64,
    value: Option<f64>,
    is_nan: bool,
    run_id: String,
    dataset_name: Option<String>,
    dataset_digest: Option<String>,
}

fn add_metrics(
    db: &mut Db,
    model_ids: &[String],
    models: &mut HashMap<String, LoggedModel>,
) -> Result<()> {
    let rows: Vec<MetricRow> = logged_model_metrics::table
        .filter(in_list(logged_model_metrics::model_id, model_ids))
        .order((
            logged_model_metrics::model_id,
            logged_model_metrics::metric_name,
            logged_model_metrics::metric_timestamp_ms,
            logged_model_metrics::metric_step,
            logged_model_metrics::run_id,
        ))
        .select((
            logged_model_metrics::model_id,
            logged_model_metrics::metric_name,
            logged_model_metrics::metric_timestamp_ms,
            logged_model_metrics::metric_step,
            logged_model_metrics::metric_value,
            IsNan,
            logged_model_metrics::run_id,
            logged_model_metrics::dataset_name,
            logged_model_metrics::dataset_digest,
        ))
        .load(db)?;
    for row in rows {
        let Some(data) = models
            .get_mut(&row.model_id)
            .and_then(|model| model.data.as_mut())
        else {
            continue;
        };
        data.metrics.push(Metric {
            key: Some(row.name),
            value: Some(as_logged(row.value, row.is_nan)),
            timestamp: Some(row.timestamp),
            step: Some(row.step),
            dataset_name: row.dataset_name.filter(|name| !name.is_empty()),
            dataset_digest: row.dataset_digest.filter(|digest| !digest.is_empty()),
            model_id: Some(row.model_id),
            run_id: Some(row.run_id).filter(|run_id| !run_id.is_empty()),
        });
    }
    Ok(())
}
