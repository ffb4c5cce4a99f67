//! Logged models with their params, tags and metrics.

mod messages;
mod params_and_tags;

use diesel::prelude::*;
use uuid::Uuid;

pub use self::messages::assemble;
pub use self::params_and_tags::{add_model_version, delete_tag, log_params, set_tags};
use super::random_name::random_name;
use super::schema::logged_models;
use super::{ACTIVE, DELETED, Db, experiments};
use crate::artifact_uri;
use crate::error::{Error, Result};
use crate::validation::{self, Checked};
use crate::wire::{
    CreateLoggedModel, FinalizeLoggedModel, GetLoggedModel, LoggedModel, LoggedModelStatus,
    LoggedModelTag,
};

/// Returns a logged model. Fails if there is none, or if it was deleted and the request does not allow that.
pub fn get(db: &mut Db, request: &GetLoggedModel) -> Result<LoggedModel> {
    let model_id = request.model_id();
    if !request.allow_deleted() {
        let stage: Option<Option<String>> = logged_models::table
            .find(model_id)
            .select(logged_models::lifecycle_stage)
            .first(db)
            .optional()?;
        if stage.flatten().as_deref() != Some(ACTIVE) {
            return Err(Error::logged_model_not_found(model_id));
        }
    }
    whole(db, model_id)
}

fn whole(db: &mut Db, model_id: &str) -> Result<LoggedModel> {
    assemble(db, &[model_id.to_owned()])?
        .pop()
        .ok_or_else(|| Error::logged_model_not_found(model_id))
}

/// Creates a logged model in an experiment.
pub fn create(
    db: &mut Db,
    request: &Checked<CreateLoggedModel>,
    now_ms: i64,
) -> Result<LoggedModel> {
    let experiment_id = validation::experiment_id(request.experiment_id())?;
    let experiment = experiments::find_active(db, experiment_id)?;

    let model_id = format!("m-{}", Uuid::new_v4().simple());
    let name = match request.name() {
        "" => random_name(),
        name => name.to_owned(),
    };
    let artifact_location = artifact_uri::append(
        experiment.artifact_location.as_deref().unwrap_or_default(),
        &format!("models/{model_id}/artifacts"),
    );
    let row = (
        logged_models::model_id.eq(&model_id),
        logged_models::experiment_id.eq(experiment_id),
        logged_models::name.eq(name),
        logged_models::artifact_location.eq(artifact_location),
        logged_models::creation_timestamp_ms.eq(now_ms),
        logged_models::last_updated_timestamp_ms.eq(now_ms),
        logged_models::status.eq(LoggedModelStatus::LoggedModelPending as i32),
        logged_models::lifecycle_stage.eq(ACTIVE),
        // Clients expect both to be there, if only as empty strings.
        logged_models::model_type.eq(request.model_type()),
        logged_models::source_run_id.eq(request.source_run_id()),
    );
    diesel::insert_into(logged_models::table)
        .values(row)
        .execute(db)?;
    params_and_tags::add_new_params(db, (&model_id, experiment_id), &request.params)?;
    params_and_tags::refuse_repeated("tag", request.tags.iter().map(LoggedModelTag::key))?;
    params_and_tags::upsert_tags(db, (&model_id, experiment_id), &request.tags)?;
    whole(db, &model_id)
}

/// Sets the status that a logged model ends with.
pub fn finalize(db: &mut Db, request: &FinalizeLoggedModel, now_ms: i64) -> Result<LoggedModel> {
    let changed = diesel::update(logged_models::table.find(request.model_id()))
        .set((
            logged_models::status.eq(request.status() as i32),
            logged_models::last_updated_timestamp_ms.eq(now_ms),
        ))
        .execute(db)?;
    if changed == 0 {
        return Err(Error::logged_model_not_found(request.model_id()));
    }
    whole(db, request.model_id())
}

/// Marks the model as deleted. Its rows stay.
pub fn delete(db: &mut Db, model_id: &str, now_ms: i64) -> Result<()> {
    let changed = diesel::update(logged_models::table.find(model_id))
        .set((
            logged_models::lifecycle_stage.eq(DELETED),
            logged_models::last_updated_timestamp_ms.eq(now_ms),
        ))
        .execute(db)?;
    if changed == 0 {
        return Err(Error::logged_model_not_found(model_id));
    }
    Ok(())
}
