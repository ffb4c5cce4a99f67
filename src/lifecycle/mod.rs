//! What may happen to a model version. Every change of a version's life passes through here,
//! whichever API it came by, and what webhooks are to be told of it goes out from here.

mod events;
pub mod policy;
mod source;

use crate::config::SourceRules;
use crate::error::{Error, Result};
use crate::store::model_versions::{NewVersion, Stage, names, tags};
use crate::store::registered_models::aliases;
use crate::store::{Db, logged_models, model_versions, registered_models};
use crate::wire::{
    CreateModelVersion, CreateRegisteredModel, DeleteModelVersion, DeleteModelVersionTag,
    DeleteRegisteredModel, DeleteRegisteredModelAlias, DeleteRegisteredModelTag, ModelVersion,
    RegisteredModel, RenameRegisteredModel, SetModelVersionTag, SetRegisteredModelAlias,
    SetRegisteredModelTag, TransitionModelVersionStage,
};

pub fn create(
    db: &mut Db,
    request: &CreateModelVersion,
    rules: &SourceRules,
) -> Result<ModelVersion> {
    let is_prompt = tags::is_prompt(&request.tags);
    let mut source = source::check(db, request, is_prompt, rules)?;
    names::check_model(request.name())?;
    for tag in &request.tags {
        names::check_version_tag(tag.key(), tag.value())?;
    }
    let named_run = source.run_id.clone();
    source.locate(db)?;
    let version = model_versions::insert(
        db,
        &NewVersion {
            name: request.name(),
            source: &source.uri,
            storage_location: &source.storage_location,
            run_id: source.run_id.as_deref(),
            run_link: request.run_link(),
            description: request.description(),
            tags: &request.tags,
        },
    )?;
    if let Some(model_id) = source.model_id
        && !is_prompt
        && let Ok(number) = version.version().parse()
    {
        logged_models::add_model_version(db, model_id, version.name(), number)?;
    }
    let origin = (source.uri.as_ref(), named_run.as_deref());
    events::version_created(db, request, version.version(), is_prompt, origin)?;
    Ok(version)
}

pub fn transition(db: &mut Db, request: &TransitionModelVersionStage) -> Result<ModelVersion> {
    let stage = Stage::parse(request.stage())?;
    let archive_others = request.archive_existing_versions();
    if archive_others && !stage.is_active() {
        return Err(Error::invalid_parameter(format!(
            "Model version transition cannot archive existing model versions because '{}' is not an \
             Active stage. Valid stages are ['Staging', 'Production']",
            request.stage()
        )));
    }
    model_versions::transition(db, request.name(), request.version(), stage, archive_others)
}

pub fn delete(db: &mut Db, request: &DeleteModelVersion) -> Result<()> {
    model_versions::delete(db, request.name(), request.version())
}

pub fn set_alias(db: &mut Db, request: &SetRegisteredModelAlias) -> Result<()> {
    aliases::set(db, request)?;
    events::alias_set(db, request)
}

pub fn delete_alias(db: &mut Db, request: &DeleteRegisteredModelAlias) -> Result<()> {
    aliases::delete(db, request)?;
    events::alias_deleted(db, request)
}

pub fn set_version_tag(db: &mut Db, request: &SetModelVersionTag) -> Result<()> {
    tags::set(db, request)?;
    events::version_tag_set(db, request)
}

pub fn delete_version_tag(db: &mut Db, request: &DeleteModelVersionTag) -> Result<()> {
    tags::delete(db, request)?;
    events::version_tag_deleted(db, request)
}

pub fn create_model(db: &mut Db, request: &CreateRegisteredModel) -> Result<RegisteredModel> {
    let model = registered_models::create(db, request)?;
    events::model_created(db, request)?;
    Ok(model)
}

pub fn set_model_tag(db: &mut Db, request: &SetRegisteredModelTag) -> Result<()> {
    registered_models::tags::set(db, request)?;
    events::model_tag_set(db, request)
}

pub fn delete_model_tag(db: &mut Db, request: &DeleteRegisteredModelTag) -> Result<()> {
    registered_models::tags::delete(db, request)?;
    events::model_tag_deleted(db, request)
}

pub fn rename_model(db: &mut Db, request: &RenameRegisteredModel) -> Result<RegisteredModel> {
    registered_models::rename(db, request.name(), request.new_name())
}

pub fn delete_model(db: &mut Db, request: &DeleteRegisteredModel) -> Result<()> {
    registered_models::delete(db, request.name())
}
