//! Registers new versions.

use serde_json::{Map, Value, json};

use super::super::decision::{Change, Decision, Done, NotDone};
use super::super::events::{self, CreatedVersion};
use super::super::evidence::{self, EvidenceSubject};
use super::super::facts::{VersionBeingCreated, VersionOrigin, logged_model_of_version};
use super::super::gates::{self, Move, MovingVersion};
use super::super::in_force::{self, GovernedModel};
use super::super::policy::Target;
use super::super::source::{self, Source, logged_model_of};
use super::limit::make_room;
use crate::audit::{Action, Entry};
use crate::error::{Error, Result};
use crate::store::model_versions::{self, InsertedVersion, NewVersion, Stage, tags};
use crate::store::{Db, logged_models};
use crate::validation::prompts::are_of_prompt;
use crate::validation::{Checked, registry_names};
use crate::wire::{CreateModelVersion, ModelVersion, ModelVersionTag};

/// Registers a version under the next number of its model, through the gate of registration.
pub fn create(
    db: &mut Db,
    change: &Change,
    request: &Checked<CreateModelVersion>,
) -> Decision<ModelVersion> {
    let is_prompt = are_of_prompt(request.tags.iter().map(|tag| (tag.key(), tag.value())));
    let mut source = source::resolve(db, request, is_prompt)?;
    registry_names::check_model(request.name())?;
    for tag in &request.tags {
        registry_names::check_version_tag(tag.key(), tag.value())?;
    }
    let named_run = source.run_id.clone();
    source.locate(db)?;
    let opened = in_force::open(db, change, request.name())?
        .ok_or_else(|| Error::registered_model_not_found(request.name()))?;
    let governed = opened.governed(request.name());
    let model = governed.model;
    let tags = own_tags(request, &source);
    let inserted = model_versions::insert(
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
        change.now_ms,
    )?;
    let number = inserted.row.version;
    if let Some(model_id) = source.model_id
        && !is_prompt
    {
        logged_models::add_model_version(db, model_id, request.name(), number)?;
    }
    let origin = VersionOrigin {
        run_id: source.run_id.clone(),
        model_id: logged_model(db, &source)?,
        actor: change.actor.authenticated.clone(),
        claimed: change.actor.claimed.clone(),
    };
    let entry = Entry::of_model(Action::VersionCreated, model.name, model.id)
        .version(number)
        .stage(Stage::None.as_str())
        .after(describe(request, &source, &origin, &tags));
    let evidence = record_evidence(db, change, governed, &inserted)?;
    let InsertedVersion { row, mut version } = inserted;
    let registration = Move {
        target: Some(Target::Registration),
        version: MovingVersion::BeingCreated(VersionBeingCreated {
            origin,
            row,
            tags: version.tags.clone(),
        }),
        entry,
    };
    let admitted = gates::admit(db, change, governed, vec![registration])?;
    let mut entries = admitted.entries;
    let mut warnings = admitted.warnings;
    if !admitted.archives.is_empty() {
        let cleared = make_room(db, change, governed, number, &admitted.archives)?;
        entries.extend(cleared.entries);
        warnings.extend(cleared.warnings);
        version.status_message = Some(cleared.message);
    }
    entries.extend(evidence);
    change.write(db, &entries)?;
    if opened.has_webhooks {
        events::version_created(
            db,
            change,
            &CreatedVersion {
                request,
                version: version.version(),
                is_prompt,
                source: source.uri.as_ref(),
                run_id: named_run.as_deref(),
            },
        )?;
    }
    Ok(Done::with_warnings(version, warnings))
}

/// The tags of a new version. Evidence about one version is none about its copy.
fn own_tags(request: &CreateModelVersion, source: &Source) -> Vec<ModelVersionTag> {
    let mut tags = request.tags.clone();
    if source.copied_from().is_some() {
        tags.retain(|tag| !evidence::is_reserved(tag.key()));
    }
    tags
}

/// Returns the logged model behind a source. A copy has that of the version it was made from.
fn logged_model(db: &mut Db, source: &Source) -> Result<Option<String>> {
    match (source.model_id, source.copied_from()) {
        (None, Some((name, version))) => logged_model_of_version(db, &name, &version),
        (None, None) => Ok(logged_model_of(&source.uri)),
        (Some(model_id), _) => Ok(Some(model_id.to_owned())),
    }
}

fn describe(
    request: &CreateModelVersion,
    source: &Source,
    origin: &VersionOrigin,
    tags: &[ModelVersionTag],
) -> Value {
    let tags: Map<String, Value> = tags
        .iter()
        .map(|tag| (tag.key().to_owned(), tag.value().into()))
        .collect();
    json!({
        "source": source.uri,
        "run_id": origin.run_id,
        "model_id": origin.model_id,
        "description": request.description(),
        "tags": tags,
    })
}

/// Records the evidence among the tags of a new version, and returns the entries about it.
fn record_evidence(
    db: &mut Db,
    change: &Change,
    governed: GovernedModel,
    inserted: &InsertedVersion,
) -> Result<Vec<Entry>, NotDone> {
    let tags = &inserted.version.tags;
    if !tags.iter().any(|tag| evidence::is_reserved(tag.key())) {
        return Ok(Vec::new());
    }
    let tags = tags::by_key(tags.clone());
    let subject = EvidenceSubject {
        model: governed.model,
        row: &inserted.row,
        tags: &tags,
        is_under_policy: governed.policy.is_some(),
    };
    let mut entries = Vec::new();
    for (key, value) in &tags {
        if let Some(claim) = evidence::of_tag(key, value)? {
            entries.push(evidence::insert(db, change, &subject, claim)?.entry);
        }
    }
    Ok(entries)
}
