//! Params and tags of logged models.

use std::collections::{BTreeMap, HashSet};

use diesel::prelude::*;
use diesel::upsert::excluded;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::store::schema::{logged_model_params, logged_model_tags, logged_models};
use crate::store::statement_size::statements;
use crate::store::{ACTIVE, Db, on_backend};
use crate::wire::{
    LogLoggedModelParamsRequest, LoggedModelParameter, LoggedModelTag, SetLoggedModelTags, python,
};

/// The experiment of a model, be it deleted or not.
fn experiment_of(db: &mut Db, model_id: &str) -> Result<i32> {
    logged_models::table
        .find(model_id)
        .select(logged_models::experiment_id)
        .first(db)
        .optional()?
        .ok_or_else(|| Error::logged_model_not_found(model_id))
}

/// Adds params to a logged model. Fails if the model has one of them already.
pub fn log_params(db: &mut Db, request: &LogLoggedModelParamsRequest) -> Result<()> {
    let model_id = request.model_id();
    let experiment_id = experiment_of(db, model_id)?;
    add_new_params(db, (model_id, experiment_id), &request.params)
}

/// Params are written once.
pub(super) fn add_new_params(
    db: &mut Db,
    (model_id, experiment_id): (&str, i32),
    params: &[LoggedModelParameter],
) -> Result<()> {
    refuse_repeated("param", params.iter().map(LoggedModelParameter::key))?;
    for params in statements(params, 4) {
        let rows: Vec<_> = params
            .iter()
            .map(|param| {
                (
                    logged_model_params::model_id.eq(model_id),
                    logged_model_params::experiment_id.eq(experiment_id),
                    logged_model_params::param_key.eq(param.key()),
                    logged_model_params::param_value.eq(param.value()),
                )
            })
            .collect();
        let added = on_backend!(db, |connection| diesel::insert_into(
            logged_model_params::table
        )
        .values(&rows)
        .on_conflict_do_nothing()
        .execute(connection))?;
        if added < rows.len() {
            return Err(Error::bad_request(format!(
                "The model '{model_id}' has one of these params already."
            )));
        }
    }
    Ok(())
}

pub(super) fn refuse_repeated<'a>(what: &str, keys: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = HashSet::new();
    for key in keys {
        if !seen.insert(key) {
            return Err(Error::bad_request(format!(
                "The {what} '{key}' is given more than once."
            )));
        }
    }
    Ok(())
}

/// Sets tags of a logged model.
pub fn set_tags(db: &mut Db, request: &SetLoggedModelTags) -> Result<()> {
    let model_id = request.model_id();
    let experiment_id = experiment_of(db, model_id)?;
    upsert_tags(db, (model_id, experiment_id), &request.tags)
}

/// Of a key that is given twice, the last value counts.
pub(super) fn upsert_tags(
    db: &mut Db,
    (model_id, experiment_id): (&str, i32),
    tags: &[LoggedModelTag],
) -> Result<()> {
    let values: BTreeMap<&str, &str> = tags.iter().map(|tag| (tag.key(), tag.value())).collect();
    let rows: Vec<_> = values
        .into_iter()
        .map(|(key, value)| {
            (
                logged_model_tags::model_id.eq(model_id),
                logged_model_tags::experiment_id.eq(experiment_id),
                logged_model_tags::tag_key.eq(key),
                logged_model_tags::tag_value.eq(value),
            )
        })
        .collect();
    for rows in statements(&rows, 4) {
        on_backend!(db, |connection| {
            diesel::insert_into(logged_model_tags::table)
                .values(rows)
                .on_conflict((logged_model_tags::model_id, logged_model_tags::tag_key))
                .do_update()
                .set(logged_model_tags::tag_value.eq(excluded(logged_model_tags::tag_value)))
                .execute(connection)
        })?;
    }
    Ok(())
}

/// Deletes a tag of a logged model. Fails if there is no such tag.
pub fn delete_tag(db: &mut Db, model_id: &str, key: &str) -> Result<()> {
    experiment_of(db, model_id)?;
    let deleted = diesel::delete(logged_model_tags::table.find((model_id, key))).execute(db)?;
    if deleted == 0 {
        return Err(Error::does_not_exist(format!(
            "No tag with key {} found for model with ID {}.",
            python::repr(key),
            python::repr(model_id)
        )));
    }
    Ok(())
}

/// Notes on a model that it became a version of a registered model.
pub fn add_model_version(db: &mut Db, model_id: &str, name: &str, version: i32) -> Result<()> {
    const MODEL_VERSIONS_TAG: &str = "mlflow.modelVersions";

    let query = logged_models::table
        .find(model_id)
        .filter(logged_models::lifecycle_stage.eq(ACTIVE))
        .select(logged_models::experiment_id);
    // The lock keeps two versions of one model from overwriting each other's note.
    let experiment_id: Option<i32> = match db {
        Db::Postgres(connection) => query.for_no_key_update().first(connection).optional()?,
        Db::Sqlite(connection) => query.first(connection).optional()?,
    };
    let experiment_id = experiment_id.ok_or_else(|| Error::logged_model_not_found(model_id))?;
    let known: Option<String> = logged_model_tags::table
        .find((model_id, MODEL_VERSIONS_TAG))
        .select(logged_model_tags::tag_value)
        .first(db)
        .optional()?;
    // Anybody may set this tag: what is no list counts as none.
    let mut versions: Vec<Value> = known
        .and_then(|known| serde_json::from_str(&known).ok())
        .unwrap_or_default();
    let added = json!({"name": name, "version": version});
    if !versions.contains(&added) {
        versions.push(added);
    }
    let tag = LoggedModelTag {
        key: Some(MODEL_VERSIONS_TAG.to_owned()),
        value: Some(python::json(&versions.into())),
    };
    upsert_tags(db, (model_id, experiment_id), &[tag])
}
