//! What may happen to a version: it is created, moved between stages, described and deleted.

use serde_json::{Map, Value, json};

use super::change::Change;
use super::source::Source;
use super::{adoption, events, source};
use crate::audit::{self, Action, Entry};
use crate::config::SourceRules;
use crate::error::{Error, Result};
use crate::store::model_versions::{NewVersion, Row, Stage, names, tags};
use crate::store::registered_models::{self, aliases};
use crate::store::{Db, logged_models, model_versions};
use crate::wire::{
    CreateModelVersion, DeleteModelVersion, ModelVersion, TransitionModelVersionStage,
    UpdateModelVersion,
};

pub fn create(
    db: &mut Db,
    change: &Change,
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
    registered_models::lock(db, request.name())?;
    let id = adoption::identify(db, &change.actor, request.name())?;
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
    let number = number(&version)?;
    if let Some(model_id) = source.model_id
        && !is_prompt
    {
        logged_models::add_model_version(db, model_id, version.name(), number)?;
    }
    let entry = Entry::of_model(Action::VersionCreated, request.name(), &id)
        .version(number)
        .stage(Stage::None.as_str())
        .after(made_of(request, &source));
    audit::write(db, &change.actor, &[entry])?;
    let origin = (source.uri.as_ref(), named_run.as_deref());
    events::version_created(db, request, version.version(), is_prompt, origin)?;
    Ok(version)
}

fn made_of(request: &CreateModelVersion, source: &Source) -> Value {
    let tags: Map<String, Value> = request
        .tags
        .iter()
        .map(|tag| (tag.key().to_owned(), tag.value().into()))
        .collect();
    json!({
        "source": source.uri,
        "run_id": source.run_id,
        "model_id": source.model_id,
        "description": request.description(),
        "tags": tags,
    })
}

pub fn transition(
    db: &mut Db,
    change: &Change,
    request: &TransitionModelVersionStage,
) -> Result<ModelVersion> {
    let name = request.name();
    let stage = Stage::parse(request.stage())?;
    let archive_others = request.archive_existing_versions();
    if archive_others && !stage.is_active() {
        return Err(Error::invalid_parameter(format!(
            "Model version transition cannot archive existing model versions because '{}' is not an \
             Active stage. Valid stages are ['Staging', 'Production']",
            request.stage()
        )));
    }
    let row = model_versions::row_locked(db, name, request.version())?;
    let id = adoption::identify(db, &change.actor, name)?;
    let mut entries = vec![moved(
        Entry::of_model(Action::VersionTransitioned, name, &id).version(row.version),
        &stage_of(&row),
        stage,
    )];
    if archive_others {
        let others = model_versions::in_stage(db, name, stage)?;
        for other in others.into_iter().filter(|other| *other != row.version) {
            let entry = Entry::of_model(Action::VersionTransitioned, name, &id).version(other);
            entries.push(moved(entry, stage.as_str(), Stage::Archived));
        }
    }
    let version = model_versions::transition(db, name, request.version(), stage, archive_others)?;
    audit::write(db, &change.actor, &entries)?;
    Ok(version)
}

fn moved(entry: Entry, before: &str, after: Stage) -> Entry {
    entry
        .stage(after.as_str())
        .before(json!({"stage": before}))
        .after(json!({"stage": after.as_str()}))
}

fn stage_of(row: &Row) -> String {
    row.current_stage.clone().unwrap_or_default()
}

pub fn update(db: &mut Db, change: &Change, request: &UpdateModelVersion) -> Result<ModelVersion> {
    let name = request.name();
    let row = model_versions::row_locked(db, name, request.version())?;
    let id = adoption::identify(db, &change.actor, name)?;
    let version = model_versions::update(db, request)?;
    let entry = Entry::of_model(Action::VersionUpdated, name, &id)
        .version(row.version)
        .before(json!({"description": row.description}))
        .after(json!({"description": request.description}));
    audit::write(db, &change.actor, &[entry])?;
    Ok(version)
}

pub fn delete(db: &mut Db, change: &Change, request: &DeleteModelVersion) -> Result<()> {
    let name = request.name();
    // Of a wrong name and a wrong number, MLflow complains about the number here.
    names::version(request.version())?;
    let row = model_versions::row_locked(db, name, request.version())?;
    let id = adoption::identify(db, &change.actor, name)?;
    let aliases: Vec<String> = aliases::of_models(db, &[name.to_owned()])?
        .remove(name)
        .unwrap_or_default()
        .into_iter()
        .filter(|alias| alias.version() == row.version.to_string())
        .map(|alias| alias.alias().to_owned())
        .collect();
    model_versions::delete(db, name, request.version())?;
    let entry = Entry::of_model(Action::VersionDeleted, name, &id)
        .version(row.version)
        .before(json!({
            "stage": stage_of(&row),
            "aliases": aliases,
            "source": row.source,
            "run_id": row.run_id,
        }));
    audit::write(db, &change.actor, &[entry])
}

fn number(version: &ModelVersion) -> Result<i32> {
    version
        .version()
        .parse()
        .map_err(|_| Error::internal("A version has no number."))
}
