//! Model versions and their tags.

use crate::api::Permit;
use crate::audit::Actor;
use crate::error::Result;
use crate::lifecycle::{Done, versions};
use crate::store::model_versions;
use crate::validation::Checked;
use crate::wire::{
    CreateModelVersion, DeleteModelVersion, DeleteModelVersionTag, GetModelVersion,
    GetModelVersionDownloadUri, SetModelVersionTag, TransitionModelVersionStage,
    UpdateModelVersion, create_model_version, delete_model_version, delete_model_version_tag,
    get_model_version, get_model_version_download_uri, set_model_version_tag,
    transition_model_version_stage, update_model_version,
};

/// Creates a version, if the policy that applies lets it be registered.
pub async fn create(
    permit: Permit,
    actor: Actor,
    request: CreateModelVersion,
) -> Result<Done<create_model_version::Response>> {
    let request = Checked::new(request, &permit.source_rules)?;
    let name = request.name().to_owned();
    let done = permit
        .change_model(actor, &name, move |db, change| {
            versions::create(db, change, &request)
        })
        .await?;
    Ok(done.map(|version| create_model_version::Response {
        model_version: Some(version),
    }))
}

/// Returns a version.
pub async fn get(permit: Permit, request: GetModelVersion) -> Result<get_model_version::Response> {
    let request = permit.checked(request)?;
    let version = permit.read_merged(request).await?;
    Ok(get_model_version::Response {
        model_version: Some(version),
    })
}

/// Changes the description of a version.
pub async fn update(
    permit: Permit,
    actor: Actor,
    request: UpdateModelVersion,
) -> Result<Done<update_model_version::Response>> {
    let request = permit.checked(request)?;
    let name = request.name().to_owned();
    let done = permit
        .change_model(actor, &name, move |db, change| {
            versions::update(db, change, &request)
        })
        .await?;
    Ok(done.map(|version| update_model_version::Response {
        model_version: Some(version),
    }))
}

/// Moves a version to another stage, through that stage's gate.
pub async fn transition_stage(
    permit: Permit,
    actor: Actor,
    request: TransitionModelVersionStage,
) -> Result<Done<transition_model_version_stage::Response>> {
    let request = permit.checked(request)?;
    let name = request.name().to_owned();
    let may_move_many = request.archive_existing_versions();
    let decide = move |db: &mut _, change: &_| versions::transition(db, change, &request);
    let done = if may_move_many {
        permit.change(actor, decide).await?
    } else {
        permit.change_model(actor, &name, decide).await?
    };
    Ok(
        done.map(|version| transition_model_version_stage::Response {
            model_version: Some(version),
        }),
    )
}

/// Deletes a version, unless something keeps it.
pub async fn delete(
    permit: Permit,
    actor: Actor,
    request: DeleteModelVersion,
) -> Result<Done<delete_model_version::Response>> {
    let request = permit.checked(request)?;
    let done = permit
        .change(actor, move |db, change| {
            versions::delete(db, change, &request)
        })
        .await?;
    Ok(done.map(|()| delete_model_version::Response {}))
}

/// Returns where the artifacts of a version are.
pub async fn download_uri(
    permit: Permit,
    request: GetModelVersionDownloadUri,
) -> Result<get_model_version_download_uri::Response> {
    let request = permit.checked(request)?;
    let artifact_uri = permit
        .read(move |db| model_versions::download_uri(db, request.name(), request.version()))
        .await?;
    Ok(get_model_version_download_uri::Response { artifact_uri })
}

/// Sets a tag of a version. Reserved keys record evidence.
pub async fn set_tag(
    permit: Permit,
    actor: Actor,
    request: SetModelVersionTag,
) -> Result<Done<set_model_version_tag::Response>> {
    let request = permit.checked(request)?;
    let name = request.name().to_owned();
    let done = permit
        .change_model(actor, &name, move |db, change| {
            versions::tags::set(db, change, &request)
        })
        .await?;
    Ok(done.map(|()| set_model_version_tag::Response {}))
}

/// Deletes a tag of a version, unless the version needs it where it is.
pub async fn delete_tag(
    permit: Permit,
    actor: Actor,
    request: DeleteModelVersionTag,
) -> Result<Done<delete_model_version_tag::Response>> {
    let request = permit.checked(request)?;
    let name = request.name().to_owned();
    let done = permit
        .change_model(actor, &name, move |db, change| {
            versions::tags::delete(db, change, &request)
        })
        .await?;
    Ok(done.map(|()| delete_model_version_tag::Response {}))
}
