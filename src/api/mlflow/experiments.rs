//! Experiments: create, look up, change, delete and restore.

use std::env;

use actix_web::web::Data;

use crate::api::State;
use crate::error::{Error, Result};
use crate::lifecycle::deletions;
use crate::store::experiments;
use crate::validation;
use crate::wire::{
    CreateExperiment, DeleteExperiment, DeleteExperimentTag, GetExperiment, GetExperimentByName,
    RestoreExperiment, SetExperimentTag, UpdateExperiment, create_experiment, delete_experiment,
    delete_experiment_tag, get_experiment, get_experiment_by_name, restore_experiment,
    set_experiment_tag, update_experiment,
};

/// Creates an experiment. A location that it is given is checked, and made absolute.
pub async fn create(
    state: Data<State>,
    mut request: CreateExperiment,
) -> Result<create_experiment::Response> {
    if !request.artifact_location().is_empty() {
        let working_directory = env::current_dir()
            .map_err(|error| Error::internal(format!("No working directory: {error}")))?;
        request.artifact_location = Some(validation::artifact_location(
            request.artifact_location(),
            &state.artifact_settings,
            &state.limits,
            &working_directory,
        )?);
    }
    let request = state.checked(request)?;
    let root = state.artifact_settings.default_root.clone();
    let now_ms = state.clock.now_ms();
    let experiment_id = state
        .store
        .write(move |db| experiments::create(db, &request, &root, now_ms))
        .await?;
    Ok(create_experiment::Response {
        experiment_id: Some(experiment_id.to_string()),
    })
}

/// Returns an experiment by its id.
pub async fn get(state: Data<State>, request: GetExperiment) -> Result<get_experiment::Response> {
    let experiment = state
        .store
        .read(move |db| experiments::get(db, request.experiment_id()))
        .await?;
    Ok(get_experiment::Response {
        experiment: Some(experiment),
    })
}

/// Returns an experiment by its name.
pub async fn get_by_name(
    state: Data<State>,
    request: GetExperimentByName,
) -> Result<get_experiment_by_name::Response> {
    let experiment = state
        .store
        .read(move |db| experiments::get_by_name(db, request.experiment_name()))
        .await?;
    Ok(get_experiment_by_name::Response {
        experiment: Some(experiment),
    })
}

/// Renames an experiment.
pub async fn update(
    state: Data<State>,
    request: UpdateExperiment,
) -> Result<update_experiment::Response> {
    let request = state.checked(request)?;
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |db| experiments::rename(db, &request, now_ms))
        .await?;
    Ok(update_experiment::Response {})
}

/// Deletes an experiment with its runs, unless a retention keeps it.
pub async fn delete(
    state: Data<State>,
    request: DeleteExperiment,
) -> Result<delete_experiment::Response> {
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |db| deletions::delete_experiment(db, request.experiment_id(), now_ms))
        .await?;
    Ok(delete_experiment::Response {})
}

/// Restores an experiment with its runs.
pub async fn restore(
    state: Data<State>,
    request: RestoreExperiment,
) -> Result<restore_experiment::Response> {
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |db| experiments::restore(db, request.experiment_id(), now_ms))
        .await?;
    Ok(restore_experiment::Response {})
}

/// Sets a tag of an experiment.
pub async fn set_tag(
    state: Data<State>,
    request: SetExperimentTag,
) -> Result<set_experiment_tag::Response> {
    let request = state.checked(request)?;
    state
        .store
        .write(move |db| experiments::set_tag(db, &request))
        .await?;
    Ok(set_experiment_tag::Response {})
}

/// Deletes a tag of an experiment.
pub async fn delete_tag(
    state: Data<State>,
    request: DeleteExperimentTag,
) -> Result<delete_experiment_tag::Response> {
    state
        .store
        .write(move |db| experiments::delete_tag(db, &request))
        .await?;
    Ok(delete_experiment_tag::Response {})
}
