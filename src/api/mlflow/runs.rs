//! Runs: create, look up, change, delete and restore, and what is logged to them.

use crate::api::Permit;
use crate::error::Result;
use crate::lifecycle::deletions;
use crate::store::runs;
use crate::wire::{
    CreateRun, DeleteRun, DeleteTag, GetRun, LogBatch, LogModel, LogParam, RestoreRun, SetTag,
    UpdateRun, create_run, delete_run, delete_tag, get_run, log_batch, log_model, log_param,
    restore_run, set_tag, update_run,
};

/// The most values of a batch that does not keep others waiting.
const BRIEF_BATCH: usize = 100;

/// Creates a run.
pub async fn create(permit: Permit, request: CreateRun) -> Result<create_run::Response> {
    let request = permit.checked(request)?;
    let experiment = request.experiment_id().to_owned();
    let run = permit.write_merged(&experiment, request).await?;
    Ok(create_run::Response { run: Some(run) })
}

/// Returns a run with its latest metrics, parameters, tags and inputs.
pub async fn get(permit: Permit, request: GetRun) -> Result<get_run::Response> {
    let run = permit.read_merged(request).await?;
    Ok(get_run::Response { run: Some(run) })
}

/// Changes the status, the name or the end of a run.
pub async fn update(permit: Permit, request: UpdateRun) -> Result<update_run::Response> {
    let run_id = runs::id(request.run_id(), request.run_uuid()).to_owned();
    let info = permit
        .write_briefly(&run_id, move |db| runs::update(db, &request))
        .await?;
    Ok(update_run::Response {
        run_info: Some(info),
    })
}

/// Deletes a run, unless a retention keeps it.
pub async fn delete(permit: Permit, request: DeleteRun) -> Result<delete_run::Response> {
    let now_ms = permit.clock.now_ms();
    permit
        .write(move |db| deletions::delete_run(db, request.run_id(), now_ms))
        .await?;
    Ok(delete_run::Response {})
}

/// Restores a run.
pub async fn restore(permit: Permit, request: RestoreRun) -> Result<restore_run::Response> {
    permit
        .write(move |db| runs::restore(db, request.run_id()))
        .await?;
    Ok(restore_run::Response {})
}

/// Sets a tag of a run.
pub async fn set_tag(permit: Permit, request: SetTag) -> Result<set_tag::Response> {
    let request = permit.checked(request)?;
    let run_id = runs::id(request.run_id(), request.run_uuid()).to_owned();
    permit
        .write_briefly(&run_id, move |db| runs::set_tag(db, &request))
        .await?;
    Ok(set_tag::Response {})
}

/// Deletes a tag of a run.
pub async fn delete_tag(permit: Permit, request: DeleteTag) -> Result<delete_tag::Response> {
    let run_id = request.run_id().to_owned();
    permit
        .write_briefly(&run_id, move |db| runs::delete_tag(db, &request))
        .await?;
    Ok(delete_tag::Response {})
}

/// Logs a parameter of a run. It cannot be changed later.
pub async fn log_param(permit: Permit, request: LogParam) -> Result<log_param::Response> {
    let request = permit.checked(request)?;
    let run_id = runs::id(request.run_id(), request.run_uuid()).to_owned();
    permit
        .write_briefly(&run_id, move |db| runs::log_param(db, &request))
        .await?;
    Ok(log_param::Response {})
}

/// Logs metrics, parameters and tags of a run: all of them, or none.
pub async fn log_batch(permit: Permit, request: LogBatch) -> Result<log_batch::Response> {
    let request = permit.checked(request)?;
    let run_id = request.run_id().to_owned();
    let values = request.metrics.len() + request.params.len() + request.tags.len();
    let log = move |db: &mut _| runs::log_batch(db, &request);
    if values <= BRIEF_BATCH {
        permit.write_briefly(&run_id, log).await?;
    } else {
        permit.write(log).await?;
    }
    Ok(log_batch::Response {})
}

/// Adds a model to the history that a run keeps in a tag.
pub async fn log_model(permit: Permit, request: LogModel) -> Result<log_model::Response> {
    let now_ms = permit.clock.now_ms();
    permit
        .write(move |db| runs::log_model(db, &request, now_ms))
        .await?;
    Ok(log_model::Response {})
}
