//! Describes versions and deletes them.

use serde_json::json;

use super::super::decision::{Change, Decision, Done, Model, identify};
use super::super::in_force;
use super::super::retention::{self, VersionDeletion};
use crate::audit::{Action, Entry};
use crate::store::Db;
use crate::store::governance::retained::Deletable;
use crate::store::model_versions;
use crate::store::registered_models::aliases;
use crate::validation::Checked;
use crate::wire::{DeleteModelVersion, ModelVersion, UpdateModelVersion};

/// Gives a version another description.
pub fn update(
    db: &mut Db,
    change: &Change,
    request: &Checked<UpdateModelVersion>,
) -> Decision<ModelVersion> {
    let name = request.name();
    let row = model_versions::row_locked(db, name, request.version())?;
    let id = identify(db, change, name)?;
    let entry = Entry::of_model(Action::VersionUpdated, name, &id)
        .version(row.version)
        .before(json!({"description": row.description}))
        .after(json!({"description": request.description}));
    let description = request.description.as_deref();
    let version = model_versions::update(db, row, description, change.now_ms)?;
    change.write(db, &[entry])?;
    Ok(Done::new(version))
}

/// Deletes a version that is not kept.
pub fn delete(db: &mut Db, change: &Change, request: &Checked<DeleteModelVersion>) -> Decision {
    let name = request.name();
    let row = model_versions::row_locked(db, name, request.version())?;
    let number = row.version;
    let id = identify(db, change, name)?;
    let aliases: Vec<String> = aliases::of_models(db, &[name.to_owned()])?
        .remove(name)
        .unwrap_or_default()
        .into_iter()
        .filter(|alias| alias.version() == number.to_string())
        .map(|alias| alias.alias().to_owned())
        .collect();
    let entry = Entry::of_model(Action::VersionDeleted, name, &id)
        .version(number)
        .before(json!({
            "stage": row.stage().as_str(),
            "aliases": aliases,
            "source": row.source,
            "run_id": row.run_id,
        }));
    let model = Model { name, id: &id };
    let policy = in_force::of_model(db, name)?;
    let deletion = VersionDeletion {
        model,
        policy: policy.as_ref(),
        deletable: Deletable::Version(name, number),
        rows: std::slice::from_ref(&row),
        entry: &entry,
    };
    retention::admit(db, change, &deletion)?;
    model_versions::delete(db, name, number, change.now_ms)?;
    change.write(db, &[entry])?;
    retention::let_go(db, change, model, &[number])?;
    Ok(Done::new(()))
}
