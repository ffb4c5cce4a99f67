//! Registered models, their tags and aliases.

use actix_web::web::Data;

use crate::api::State;
use crate::error::Result;
use crate::lifecycle;
use crate::store::model_versions;
use crate::store::registered_models::{self, aliases};
use crate::wire::{
    CreateRegisteredModel, DeleteRegisteredModel, DeleteRegisteredModelAlias,
    DeleteRegisteredModelTag, GetLatestVersions, GetModelVersionByAlias, GetRegisteredModel,
    RenameRegisteredModel, SetRegisteredModelAlias, SetRegisteredModelTag, UpdateRegisteredModel,
    create_registered_model, delete_registered_model, delete_registered_model_alias,
    delete_registered_model_tag, get_latest_versions, get_model_version_by_alias,
    get_registered_model, rename_registered_model, set_registered_model_alias,
    set_registered_model_tag, update_registered_model,
};

pub async fn create(
    state: Data<State>,
    request: CreateRegisteredModel,
) -> Result<create_registered_model::Response> {
    let model = state
        .store
        .write(move |db| lifecycle::create_model(db, &request))
        .await?;
    Ok(create_registered_model::Response {
        registered_model: Some(model),
    })
}

pub async fn get(
    state: Data<State>,
    request: GetRegisteredModel,
) -> Result<get_registered_model::Response> {
    let model = state
        .store
        .read(move |db| registered_models::get(db, request.name()))
        .await?;
    Ok(get_registered_model::Response {
        registered_model: Some(model),
    })
}

pub async fn update(
    state: Data<State>,
    request: UpdateRegisteredModel,
) -> Result<update_registered_model::Response> {
    let model = state
        .store
        .write(move |db| registered_models::update(db, &request))
        .await?;
    Ok(update_registered_model::Response {
        registered_model: Some(model),
    })
}

pub async fn rename(
    state: Data<State>,
    request: RenameRegisteredModel,
) -> Result<rename_registered_model::Response> {
    let model = state
        .store
        .write(move |db| lifecycle::rename_model(db, &request))
        .await?;
    Ok(rename_registered_model::Response {
        registered_model: Some(model),
    })
}

pub async fn delete(
    state: Data<State>,
    request: DeleteRegisteredModel,
) -> Result<delete_registered_model::Response> {
    state
        .store
        .write(move |db| lifecycle::delete_model(db, &request))
        .await?;
    Ok(delete_registered_model::Response {})
}

pub async fn latest_versions(
    state: Data<State>,
    request: GetLatestVersions,
) -> Result<get_latest_versions::Response> {
    let versions = state
        .store
        .read(move |db| model_versions::latest_versions(db, request.name(), &request.stages))
        .await?;
    Ok(get_latest_versions::Response {
        model_versions: versions,
    })
}

pub async fn set_tag(
    state: Data<State>,
    request: SetRegisteredModelTag,
) -> Result<set_registered_model_tag::Response> {
    state
        .store
        .write(move |db| lifecycle::set_model_tag(db, &request))
        .await?;
    Ok(set_registered_model_tag::Response {})
}

pub async fn delete_tag(
    state: Data<State>,
    request: DeleteRegisteredModelTag,
) -> Result<delete_registered_model_tag::Response> {
    state
        .store
        .write(move |db| lifecycle::delete_model_tag(db, &request))
        .await?;
    Ok(delete_registered_model_tag::Response {})
}

pub async fn set_alias(
    state: Data<State>,
    request: SetRegisteredModelAlias,
) -> Result<set_registered_model_alias::Response> {
    state
        .store
        .write(move |db| lifecycle::set_alias(db, &request))
        .await?;
    Ok(set_registered_model_alias::Response {})
}

pub async fn delete_alias(
    state: Data<State>,
    request: DeleteRegisteredModelAlias,
) -> Result<delete_registered_model_alias::Response> {
    state
        .store
        .write(move |db| lifecycle::delete_alias(db, &request))
        .await?;
    Ok(delete_registered_model_alias::Response {})
}

pub async fn get_by_alias(
    state: Data<State>,
    request: GetModelVersionByAlias,
) -> Result<get_model_version_by_alias::Response> {
    let version = state
        .store
        .read(move |db| aliases::resolve(db, request.name(), request.alias()))
        .await?;
    Ok(get_model_version_by_alias::Response {
        model_version: Some(version),
    })
}
