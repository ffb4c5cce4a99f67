//! Logged models: a model as an entity of its own, before it is registered.

use crate::api::Permit;
use crate::error::Result;
use crate::lifecycle::deletions;
use crate::store::logged_models;
use crate::wire::{
    CreateLoggedModel, DeleteLoggedModel, DeleteLoggedModelTag, FinalizeLoggedModel,
    GetLoggedModel, LogLoggedModelParamsRequest, SetLoggedModelTags, create_logged_model,
    delete_logged_model, delete_logged_model_tag, finalize_logged_model, get_logged_model,
    log_logged_model_params_request, set_logged_model_tags,
};

/// Creates a logged model.
pub async fn create(
    permit: Permit,
    request: CreateLoggedModel,
) -> Result<create_logged_model::Response> {
    let request = permit.checked(request)?;
    let now_ms = permit.clock.now_ms();
    let model = permit
        .write(move |db| logged_models::create(db, &request, now_ms))
        .await?;
    Ok(create_logged_model::Response { model: Some(model) })
}

/// Returns a logged model.
pub async fn get(permit: Permit, request: GetLoggedModel) -> Result<get_logged_model::Response> {
    let model = permit
        .read(move |db| logged_models::get(db, &request))
        .await?;
    Ok(get_logged_model::Response { model: Some(model) })
}

/// Sets whether a logged model is ready or has failed.
pub async fn finalize(
    permit: Permit,
    request: FinalizeLoggedModel,
) -> Result<finalize_logged_model::Response> {
    let now_ms = permit.clock.now_ms();
    let model = permit
        .write(move |db| logged_models::finalize(db, &request, now_ms))
        .await?;
    Ok(finalize_logged_model::Response { model: Some(model) })
}

/// Deletes a logged model, unless a retention keeps it.
pub async fn delete(
    permit: Permit,
    request: DeleteLoggedModel,
) -> Result<delete_logged_model::Response> {
    let now_ms = permit.clock.now_ms();
    permit
        .write(move |db| deletions::delete_logged_model(db, request.model_id(), now_ms))
        .await?;
    Ok(delete_logged_model::Response {})
}

/// Sets tags of a logged model.
pub async fn set_tags(
    permit: Permit,
    request: SetLoggedModelTags,
) -> Result<set_logged_model_tags::Response> {
    permit
        .write(move |db| logged_models::set_tags(db, &request))
        .await?;
    Ok(set_logged_model_tags::Response::default())
}

/// Deletes a tag of a logged model.
pub async fn delete_tag(
    permit: Permit,
    request: DeleteLoggedModelTag,
) -> Result<delete_logged_model_tag::Response> {
    permit
        .write(move |db| logged_models::delete_tag(db, request.model_id(), request.tag_key()))
        .await?;
    Ok(delete_logged_model_tag::Response {})
}

/// Adds parameters to a logged model.
pub async fn log_params(
    permit: Permit,
    request: LogLoggedModelParamsRequest,
) -> Result<log_logged_model_params_request::Response> {
    permit
        .write(move |db| logged_models::log_params(db, &request))
        .await?;
    Ok(log_logged_model_params_request::Response {})
}
