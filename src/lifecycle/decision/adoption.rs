//! Models that history meets for the first time: they were there before flowkeep, or stock MLflow
//! made them in the meantime.

use serde_json::json;

use super::Change;
use crate::audit::{Action, Entry};
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::identity::{self, ModelId};
use crate::store::model_versions;
use crate::store::registered_models::aliases;

/// Returns the id of a model that exists and is locked. A model that has none yet gets one, and its history
/// begins with where its versions and aliases are.
pub fn identify(db: &mut Db, change: &Change, name: &str) -> Result<String> {
    let ModelId { id, is_new } = identity::ensure(db, name)?;
    if !is_new {
        return Ok(id);
    }
    let mut entries = vec![Entry::of_model(Action::ModelAdopted, name, &id)];
    for version in model_versions::all(db, name)? {
        let stage = version.stage().as_str();
        entries.push(
            Entry::of_model(Action::VersionAdopted, name, &id)
                .version(version.version)
                .stage(stage)
                .after(json!({
                    "source": version.source,
                    "run_id": version.run_id,
                    "stage": stage,
                })),
        );
    }
    for alias in aliases::of_models(db, &[name.to_owned()])?
        .remove(name)
        .unwrap_or_default()
    {
        if let Ok(version) = alias.version().parse() {
            entries.push(
                Entry::of_model(Action::AliasAdopted, name, &id)
                    .version(version)
                    .alias(alias.alias()),
            );
        }
    }
    change.write(db, &entries)?;
    Ok(id)
}
