//! What may happen to a version: it is created, moved between stages, described and deleted.

use serde_json::{Map, Value, json};

use super::change::Change;
use super::claims::{self, About};
use super::facts::{self, Made};
use super::gate::{self, Ask, Model};
use super::origins::Origin;
use super::policy::Target;
use super::retention::{self, Ending};
use super::source::{Source, logged_model_of};
use super::{adoption, archiving, events, in_force, limit, origins, source, version_tags};
use crate::audit::{Action, Entry};
use crate::config::SourceRules;
use crate::error::{Error, Result};
use crate::store::governance::retained::Part;
use crate::store::model_versions::{NewVersion, Row, Stage, names, tags};
use crate::store::registered_models::{self, aliases};
use crate::store::{Db, logged_models, model_versions};
use crate::wire::{
    CreateModelVersion, DeleteModelVersion, ModelVersion, ModelVersionTag,
    TransitionModelVersionStage, UpdateModelVersion,
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
    let id = adoption::identify(db, change, request.name())?;
    let model = Model {
        name: request.name(),
        id: &id,
    };
    let tags = own_tags(request, &source);
    let model_versions::Made { row, mut version } = model_versions::insert(
        db,
        &NewVersion {
            name: request.name(),
            source: &source.uri,
            storage_location: &source.storage_location,
            run_id: source.run_id.as_deref(),
            run_link: request.run_link(),
            description: request.description(),
            tags: &tags,
        },
    )?;
    let number = row.version;
    if let Some(model_id) = source.model_id
        && !is_prompt
    {
        logged_models::add_model_version(db, model_id, version.name(), number)?;
    }
    let made = Origin {
        run_id: source.run_id.clone(),
        model_id: logged_model(db, &source)?,
        actor: change.actor.authenticated.clone(),
        claimed: change.actor.claimed.clone(),
    };
    let entry = Entry::of_model(Action::VersionCreated, model.name, model.id)
        .version(number)
        .stage(Stage::None.as_str())
        .after(described(request, &source, &made, &tags));
    let evidence = record_evidence(db, change, model, &row, &tags)?;
    let ask = Ask {
        version: number,
        target: Some(Target::Registration),
        made: Some(Made {
            origin: made,
            row,
            tags: version.tags.clone(),
        }),
        entry,
    };
    let applying = in_force::of_model(db, model.name)?;
    let under = (model, applying.as_ref());
    let admitted = gate::admit_under(db, change, under, vec![ask])?;
    let mut entries = admitted.entries;
    if !admitted.archives.is_empty() {
        let (gone, message) = limit::make_room(db, change, under, (number, &admitted.archives))?;
        entries.extend(gone);
        version.status_message = Some(message);
    }
    entries.extend(evidence);
    change.write(db, &entries)?;
    let origin = (source.uri.as_ref(), named_run.as_deref());
    events::version_created(db, request, version.version(), is_prompt, origin)?;
    Ok(version)
}

/// The tags of a new version. Evidence about one version is none about its copy.
fn own_tags(request: &CreateModelVersion, source: &Source) -> Vec<ModelVersionTag> {
    let mut tags = request.tags.clone();
    if source.copied_from().is_some() {
        tags.retain(|tag| !claims::is_reserved(tag.key()));
    }
    tags
}

/// The logged model behind a source. A copy has that of the version it was made from.
fn logged_model(db: &mut Db, source: &Source) -> Result<Option<String>> {
    match (source.model_id, source.copied_from()) {
        (None, Some((name, version))) => origins::logged_model(db, &name, &version),
        (None, None) => Ok(logged_model_of(&source.uri)),
        (Some(model_id), _) => Ok(Some(model_id.to_owned())),
    }
}

fn described(
    request: &CreateModelVersion,
    source: &Source,
    made: &Origin,
    tags: &[ModelVersionTag],
) -> Value {
    let tags: Map<String, Value> = tags
        .iter()
        .map(|tag| (tag.key().to_owned(), tag.value().into()))
        .collect();
    json!({
        "source": source.uri,
        "run_id": made.run_id,
        "model_id": made.model_id,
        "description": request.description(),
        "tags": tags,
    })
}

/// Tags of a new version may be evidence already.
fn record_evidence(
    db: &mut Db,
    change: &Change,
    model: Model,
    row: &Row,
    tags: &[ModelVersionTag],
) -> Result<Vec<Entry>> {
    if !tags.iter().any(|tag| claims::is_reserved(tag.key())) {
        return Ok(Vec::new());
    }
    let tags = version_tags::of_version(db, model.name, row.version)?;
    let about = About {
        name: model.name,
        model_id: model.id,
        row,
        tags: &tags,
    };
    let mut entries = Vec::new();
    for (key, value) in &tags {
        if let Some(claim) = claims::of_tag(key, value)? {
            entries.push(claims::record(db, change, &about, claim)?.1);
        }
    }
    Ok(entries)
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
    let id = adoption::identify(db, change, name)?;
    let model = Model { name, id: &id };
    let before = facts::stage_of(&row);
    let mut others = Vec::new();
    if archive_others {
        others = model_versions::in_stage(db, name, stage)?;
        others.retain(|other| *other != row.version);
    }
    let mut asks = vec![moving(model, row.version, before, stage)];
    let archived = |other: &i32| moving(model, *other, stage, Stage::Archived);
    asks.extend(others.iter().map(archived));
    let entries = gate::admit(db, change, model, asks)?;
    change.write(db, &entries)?;
    if !others.is_empty() {
        archiving::archive(db, change, model, &others)?;
    }
    if stage == Stage::Archived && before != stage {
        archiving::archive(db, change, model, &[row.version])?;
    } else {
        model_versions::put_in_stage(db, name, &[row.version], (stage, change.now_ms))?;
    }
    model_versions::get(db, name, request.version())
}

/// A move between stages that is to be let through.
pub fn moving(model: Model, version: i32, before: Stage, after: Stage) -> Ask {
    Ask {
        version,
        target: (before != after).then_some(Target::Stage(after)),
        made: None,
        entry: Entry::of_model(Action::VersionTransitioned, model.name, model.id)
            .version(version)
            .stage(after.as_str())
            .before(json!({"stage": before.as_str()}))
            .after(json!({"stage": after.as_str()})),
    }
}

pub fn update(db: &mut Db, change: &Change, request: &UpdateModelVersion) -> Result<ModelVersion> {
    let name = request.name();
    let row = model_versions::row_locked(db, name, request.version())?;
    let id = adoption::identify(db, change, name)?;
    let version = model_versions::update(db, request)?;
    let entry = Entry::of_model(Action::VersionUpdated, name, &id)
        .version(row.version)
        .before(json!({"description": row.description}))
        .after(json!({"description": request.description}));
    change.write(db, &[entry])?;
    Ok(version)
}

pub fn delete(db: &mut Db, change: &Change, request: &DeleteModelVersion) -> Result<()> {
    let name = request.name();
    // Of a wrong name and a wrong number, MLflow complains about the number here.
    names::version(request.version())?;
    let row = model_versions::row_locked(db, name, request.version())?;
    let id = adoption::identify(db, change, name)?;
    let aliases: Vec<String> = aliases::of_models(db, &[name.to_owned()])?
        .remove(name)
        .unwrap_or_default()
        .into_iter()
        .filter(|alias| alias.version() == row.version.to_string())
        .map(|alias| alias.alias().to_owned())
        .collect();
    let entry = Entry::of_model(Action::VersionDeleted, name, &id)
        .version(row.version)
        .before(json!({
            "stage": facts::stage_of(&row).as_str(),
            "aliases": aliases,
            "source": row.source,
            "run_id": row.run_id,
        }));
    let model = Model { name, id: &id };
    let ending = Ending {
        model,
        part: Part::Version(name, row.version),
        rows: std::slice::from_ref(&row),
        entry: &entry,
    };
    retention::admit(db, change, &ending)?;
    model_versions::delete(db, name, request.version())?;
    change.write(db, &[entry])?;
    retention::let_go(db, change, model, &[row.version])
}
