//! Registered models, their tags and aliases.

use crate::access::ResourceType;
use crate::api::Permit;
use crate::audit::Actor;
use crate::error::Result;
use crate::lifecycle::{Done, aliases as alias_changes, models};
use crate::store::model_versions;
use crate::store::registered_models::{self, aliases};
use crate::validation::prompts::are_of_prompt;
use crate::wire::{
    CreateRegisteredModel, DeleteRegisteredModel, DeleteRegisteredModelAlias,
    DeleteRegisteredModelTag, GetLatestVersions, GetModelVersionByAlias, GetRegisteredModel,
    RenameRegisteredModel, SetRegisteredModelAlias, SetRegisteredModelTag, UpdateRegisteredModel,
    create_registered_model, delete_registered_model, delete_registered_model_alias,
    delete_registered_model_tag, get_latest_versions, get_model_version_by_alias,
    get_registered_model, rename_registered_model, set_registered_model_alias,
    set_registered_model_tag, update_registered_model,
};

/// Creates a registered model.
pub async fn create(
    permit: Permit,
    actor: Actor,
    request: CreateRegisteredModel,
) -> Result<Done<create_registered_model::Response>> {
    let request = permit.checked(request)?;
    let done = permit
        .change(actor, move |db, change| {
            models::create(db, change, &request)
        })
        .await?;
    let tags = done.value.tags.iter();
    let kind = if are_of_prompt(tags.map(|tag| (tag.key(), tag.value()))) {
        ResourceType::Prompt
    } else {
        ResourceType::RegisteredModel
    };
    permit.own(kind, done.value.name()).await?;
    Ok(done.map(|model| create_registered_model::Response {
        registered_model: Some(model),
    }))
}

/// Returns a registered model.
pub async fn get(
    permit: Permit,
    request: GetRegisteredModel,
) -> Result<get_registered_model::Response> {
    let request = permit.checked(request)?;
    let model = permit
        .read(move |db| registered_models::get(db, request.name()))
        .await?;
    Ok(get_registered_model::Response {
        registered_model: Some(model),
    })
}

/// Changes the description of a registered model.
pub async fn update(
    permit: Permit,
    actor: Actor,
    request: UpdateRegisteredModel,
) -> Result<Done<update_registered_model::Response>> {
    let request = permit.checked(request)?;
    let done = permit
        .change(actor, move |db, change| {
            models::update(db, change, &request)
        })
        .await?;
    Ok(done.map(|model| update_registered_model::Response {
        registered_model: Some(model),
    }))
}

/// Renames a registered model with all its versions.
pub async fn rename(
    permit: Permit,
    actor: Actor,
    request: RenameRegisteredModel,
) -> Result<Done<rename_registered_model::Response>> {
    let request = permit.checked(request)?;
    let (name, new_name) = (request.name().to_owned(), request.new_name().to_owned());
    let done = permit
        .change(actor, move |db, change| {
            models::rename(db, change, &request)
        })
        .await?;
    permit.follow_rename(&name, &new_name).await?;
    Ok(done.map(|model| rename_registered_model::Response {
        registered_model: Some(model),
    }))
}

/// Deletes a registered model with all its versions, unless something keeps one of them.
pub async fn delete(
    permit: Permit,
    actor: Actor,
    request: DeleteRegisteredModel,
) -> Result<Done<delete_registered_model::Response>> {
    let request = permit.checked(request)?;
    let name = request.name().to_owned();
    let done = permit
        .change(actor, move |db, change| {
            models::delete(db, change, &request)
        })
        .await?;
    permit.forget(&name).await?;
    Ok(done.map(|()| delete_registered_model::Response {}))
}

/// Returns the newest version of each stage.
pub async fn latest_versions(
    permit: Permit,
    request: GetLatestVersions,
) -> Result<get_latest_versions::Response> {
    let request = permit.checked(request)?;
    let versions = permit
        .read(move |db| model_versions::latest_versions(db, request.name(), &request.stages))
        .await?;
    Ok(get_latest_versions::Response {
        model_versions: versions,
    })
}

/// Sets a tag of a registered model.
pub async fn set_tag(
    permit: Permit,
    actor: Actor,
    request: SetRegisteredModelTag,
) -> Result<Done<set_registered_model_tag::Response>> {
    let request = permit.checked(request)?;
    let done = permit
        .change(actor, move |db, change| {
            models::set_tag(db, change, &request)
        })
        .await?;
    Ok(done.map(|()| set_registered_model_tag::Response {}))
}

/// Deletes a tag of a registered model.
pub async fn delete_tag(
    permit: Permit,
    actor: Actor,
    request: DeleteRegisteredModelTag,
) -> Result<Done<delete_registered_model_tag::Response>> {
    let request = permit.checked(request)?;
    let done = permit
        .change(actor, move |db, change| {
            models::delete_tag(db, change, &request)
        })
        .await?;
    Ok(done.map(|()| delete_registered_model_tag::Response {}))
}

/// Gives an alias to a version, through that alias's gate.
pub async fn set_alias(
    permit: Permit,
    actor: Actor,
    request: SetRegisteredModelAlias,
) -> Result<Done<set_registered_model_alias::Response>> {
    let request = permit.checked(request)?;
    let done = permit
        .change(actor, move |db, change| {
            alias_changes::set(db, change, &request)
        })
        .await?;
    Ok(done.map(|()| set_registered_model_alias::Response {}))
}

/// Takes an alias away.
pub async fn delete_alias(
    permit: Permit,
    actor: Actor,
    request: DeleteRegisteredModelAlias,
) -> Result<Done<delete_registered_model_alias::Response>> {
    let request = permit.checked(request)?;
    let done = permit
        .change(actor, move |db, change| {
            alias_changes::delete(db, change, &request)
        })
        .await?;
    Ok(done.map(|()| delete_registered_model_alias::Response {}))
}

/// Returns the version that has an alias.
pub async fn get_by_alias(
    permit: Permit,
    request: GetModelVersionByAlias,
) -> Result<get_model_version_by_alias::Response> {
    let request = permit.checked(request)?;
    let version = permit
        .read(move |db| aliases::resolve(db, request.name(), request.alias()))
        .await?;
    Ok(get_model_version_by_alias::Response {
        model_version: Some(version),
    })
}
