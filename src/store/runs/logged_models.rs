//! The tag in which clients before MLflow 3 record the models that a run logged.

use chrono::DateTime;
use serde_json::{Map, Value};

use super::{lock_active, tags};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::validation::{LONGEST_TAG_VALUE, json_too_long};
use crate::wire::{LogModel, python};

const HISTORY_TAG: &str = "mlflow.log-model.history";

/// What a model must say of itself.
const REQUIRED: [&str; 4] = ["artifact_path", "flavors", "run_id", "utc_time_created"];

/// Writes down that a model was logged to a run, as old clients do.
pub fn log_model(db: &mut Db, request: &LogModel, now_ms: i64) -> Result<()> {
    let model = parse(request.model_json())?;
    let run = lock_active(db, request.run_id())?;
    let mut history: Vec<Value> = match tags::get(db, &run.run_id, HISTORY_TAG)? {
        Some(text) => serde_json::from_str(&text).map_err(|_| {
            Error::invalid_parameter(format!(
                "The tag '{HISTORY_TAG}' of the run is not a JSON array."
            ))
        })?,
        None => Vec::new(),
    };
    history.push(Value::Object(summary(&model, now_ms)?));
    // Longer than other tags may be, where the database has room for it: half a value would not be JSON any more.
    let value = python::json(&Value::Array(history));
    if matches!(db, Db::Postgres(_)) && value.chars().count() > LONGEST_TAG_VALUE {
        return Err(json_too_long("tag", HISTORY_TAG, &value, LONGEST_TAG_VALUE));
    }
    tags::upsert(db, &run.run_id, &[(HISTORY_TAG, &value)])
}

fn parse(text: &str) -> Result<Map<String, Value>> {
    let model = serde_json::from_str(text).map_err(|_| {
        Error::invalid_parameter(format!(
            "Malformed model info. \n {text} \n is not a valid JSON."
        ))
    })?;
    let Value::Object(model) = model else {
        return Err(Error::invalid_parameter(
            "The model json must be a JSON object.",
        ));
    };
    let missing: Vec<String> = REQUIRED
        .iter()
        .filter(|field| !model.contains_key(**field))
        .map(|field| python::repr(field))
        .collect();
    if missing.is_empty() {
        return Ok(model);
    }
    Err(Error::invalid_parameter(format!(
        "Model json is missing mandatory fields: {{{}}}",
        missing.join(", ")
    )))
}

fn summary(model: &Map<String, Value>, now_ms: i64) -> Result<Map<String, Value>> {
    let mut kept = Map::new();
    for field in ["run_id", "artifact_path"] {
        if !model[field].is_null() {
            kept.insert(field.to_owned(), model[field].clone());
        }
    }
    let created = match &model["utc_time_created"] {
        Value::Null => DateTime::from_timestamp_millis(now_ms)
            .unwrap_or_default()
            .format("%Y-%m-%d %H:%M:%S%.6f")
            .to_string(),
        Value::String(time) => time.clone(),
        other => other.to_string(),
    };
    kept.insert("utc_time_created".to_owned(), created.into());
    let uuid = model.get("model_uuid").cloned().unwrap_or_default();
    kept.insert("model_uuid".to_owned(), uuid);
    kept.insert("flavors".to_owned(), flavors(&model["flavors"])?);
    Ok(kept)
}

/// The flavors without their configuration, which may be long.
fn flavors(flavors: &Value) -> Result<Value> {
    let mut kept = match flavors {
        Value::Null => Map::new(),
        Value::Object(flavors) => flavors.clone(),
        _ => {
            return Err(Error::invalid_parameter(
                "The flavors in the model json must be a JSON object.",
            ));
        }
    };
    for flavor in kept.values_mut() {
        if let Value::Object(flavor) = flavor {
            flavor.shift_remove("config");
        }
    }
    Ok(kept.into())
}
