//! Experiments: create, look up, change, delete and restore.

use std::env;

use crate::access::ResourceType;
use crate::api::Permit;
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
    permit: Permit,
    mut request: CreateExperiment,
) -> Result<create_experiment::Response> {
    if !request.artifact_location().is_empty() {
        let working_directory = env::current_dir()
            .map_err(|error| Error::internal(format!("No working directory: {error}")))?;
        request.artifact_location = Some(validation::artifact_location(
            request.artifact_location(),
            &permit.artifact_settings,
            &permit.limits,
            &working_directory,
        )?);
    }
    let request = permit.checked(request)?;
    let root = permit.artifact_settings.default_root.clone();
    let now_ms = permit.clock.now_ms();
    let experiment_id = permit
        .write(move |db| experiments::create(db, &request, &root, now_ms))
        .await?;
    let experiment_id = experiment_id.to_string();
    permit.own(ResourceType::Experiment, &experiment_id).await?;
    Ok(create_experiment::Response {
        experiment_id: Some(experiment_id),
    })
}

/// Returns an experiment by its id.
pub async fn get(permit: Permit, request: GetExperiment) -> Result<get_experiment::Response> {
    let experiment = permit
        .read(move |db| experiments::get(db, request.experiment_id()))
        .await?;
    Ok(get_experiment::Response {
        experiment: Some(experiment),
    })
}

/// Returns an experiment by its name.
pub async fn get_by_name(
    permit: Permit,
    request: GetExperimentByName,
) -> Result<get_experiment_by_name::Response> {
    let experiment = permit
        .read(move |db| experiments::get_by_name(db, request.experiment_name()))
        .await?;
    Ok(get_experiment_by_name::Response {
        experiment: Some(experiment),
    })
}

/// Renames an experiment.
pub async fn update(
    permit: Permit,
    request: UpdateExperiment,
) -> Result<update_experiment::Response> {
    let request = permit.checked(request)?;
    let now_ms = permit.clock.now_ms();
    permit
        .write(move |db| experiments::rename(db, &request, now_ms))
        .await?;
    Ok(update_experiment::Response {})
}

/// Deletes an experiment with its runs, unless a retention keeps it.
pub async fn delete(
    permit: Permit,
    request: DeleteExperiment,
) -> Result<delete_experiment::Response> {
    let now_ms = permit.clock.now_ms();
    permit
        .write(move |db| deletions::delete_experiment(db, request.experiment_id(), now_ms))
        .await?;
    Ok(delete_experiment::Response {})
}

/// Restores an experiment with its runs.
pub async fn restore(
    permit: Permit,
    request: RestoreExperiment,
) -> Result<restore_experiment::Response> {
    let now_ms = permit.clock.now_ms();
    permit
        .write(move |db| experiments::restore(db, request.experiment_id(), now_ms))
        .await?;
    Ok(restore_experiment::Response {})
}

/// Sets a tag of an experiment.
pub async fn set_tag(
    permit: Permit,
    request: SetExperimentTag,
) -> Result<set_experiment_tag::Response> {
    let request = permit.checked(request)?;
    permit
        .write(move |db| experiments::set_tag(db, &request))
        .await?;
    Ok(set_experiment_tag::Response {})
}

/// Deletes a tag of an experiment.
pub async fn delete_tag(
    permit: Permit,
    request: DeleteExperimentTag,
) -> Result<delete_experiment_tag::Response> {
    permit
        .write(move |db| experiments::delete_tag(db, &request))
        .await?;
    Ok(delete_experiment_tag::Response {})
}
