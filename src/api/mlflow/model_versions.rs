//! Model versions and their tags.

use actix_web::web::Data;

use crate::api::State;
use crate::error::Result;
use crate::lifecycle;
use crate::store::model_versions;
use crate::wire::{
    CreateModelVersion, DeleteModelVersion, DeleteModelVersionTag, GetModelVersion,
    GetModelVersionDownloadUri, SetModelVersionTag, TransitionModelVersionStage,
    UpdateModelVersion, create_model_version, delete_model_version, delete_model_version_tag,
    get_model_version, get_model_version_download_uri, set_model_version_tag,
    transition_model_version_stage, update_model_version,
};

pub async fn create(
    state: Data<State>,
    request: CreateModelVersion,
) -> Result<create_model_version::Response> {
    let rules = state.source_rules.clone();
    let version = state
        .store
        .write(move |db| lifecycle::create(db, &request, &rules))
        .await?;
    Ok(create_model_version::Response {
        model_version: Some(version),
    })
}

pub async fn get(
    state: Data<State>,
    request: GetModelVersion,
) -> Result<get_model_version::Response> {
    let version = state
        .store
        .read(move |db| model_versions::get(db, request.name(), request.version()))
        .await?;
    Ok(get_model_version::Response {
        model_version: Some(version),
    })
}

pub async fn update(
    state: Data<State>,
    request: UpdateModelVersion,
) -> Result<update_model_version::Response> {
    let version = state
        .store
        .write(move |db| model_versions::update(db, &request))
        .await?;
    Ok(update_model_version::Response {
        model_version: Some(version),
    })
}

pub async fn transition_stage(
    state: Data<State>,
    request: TransitionModelVersionStage,
) -> Result<transition_model_version_stage::Response> {
    let version = state
        .store
        .write(move |db| lifecycle::transition(db, &request))
        .await?;
    Ok(transition_model_version_stage::Response {
        model_version: Some(version),
    })
}

pub async fn delete(
    state: Data<State>,
    request: DeleteModelVersion,
) -> Result<delete_model_version::Response> {
    state
        .store
        .write(move |db| lifecycle::delete(db, &request))
        .await?;
    Ok(delete_model_version::Response {})
}

pub async fn download_uri(
    state: Data<State>,
    request: GetModelVersionDownloadUri,
) -> Result<get_model_version_download_uri::Response> {
    let artifact_uri = state
        .store
        .read(move |db| model_versions::download_uri(db, request.name(), request.version()))
        .await?;
    Ok(get_model_version_download_uri::Response { artifact_uri })
}

pub async fn set_tag(
    state: Data<State>,
    request: SetModelVersionTag,
) -> Result<set_model_version_tag::Response> {
    state
        .store
        .write(move |db| lifecycle::set_version_tag(db, &request))
        .await?;
    Ok(set_model_version_tag::Response {})
}

pub async fn delete_tag(
    state: Data<State>,
    request: DeleteModelVersionTag,
) -> Result<delete_model_version_tag::Response> {
    state
        .store
        .write(move |db| lifecycle::delete_version_tag(db, &request))
        .await?;
    Ok(delete_model_version_tag::Response {})
}
