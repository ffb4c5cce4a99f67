//! The origins of versions: the run and the logged model behind each version, and who registered it.

use std::collections::HashMap;

use serde_json::Value;

use super::super::source::logged_model_of;
use crate::audit::{ANONYMOUS, Action};
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::lineage::LoggedData;
use crate::store::governance::{history, identity};
use crate::store::model_versions::{self, ModelVersionRow};

const USER_TAG: &str = "mlflow.user";

/// The origin of a version.
#[derive(Clone, Debug, Default)]
pub struct VersionOrigin {
    pub run_id: Option<String>,
    pub model_id: Option<String>,
    /// Who registered it, as known and as claimed.
    pub actor: Option<String>,
    pub claimed: Option<String>,
}

impl VersionOrigin {
    /// The id of its run, unless that is empty.
    pub fn run_id(&self) -> Option<&str> {
        self.run_id.as_deref().filter(|id| !id.is_empty())
    }

    /// The id of its logged model, unless that is empty.
    pub fn model_id(&self) -> Option<&str> {
        self.model_id.as_deref().filter(|id| !id.is_empty())
    }

    /// The names of all who made it: who registered it, and who ran its run.
    pub fn authors(&self, run: Option<&LoggedData>) -> Vec<String> {
        let mut authors: Vec<String> = [self.actor.as_ref(), self.claimed.as_ref()]
            .into_iter()
            .chain([
                run.and_then(|run| run.user.as_ref()),
                run.and_then(|run| run.tags.get(USER_TAG)),
            ])
            .flatten()
            .cloned()
            .collect();
        authors.sort();
        authors.dedup();
        authors
    }
}

/// Looks up the logged model behind a version.
pub fn logged_model_of_version(db: &mut Db, name: &str, version: &str) -> Result<Option<String>> {
    let row = model_versions::find(db, name, version)?;
    let number = row.version;
    let model_id = identity::find(db, name)?;
    let origin = origins_of(db, model_id.as_deref(), &[row])?.remove(&number);
    Ok(origin.and_then(|origin| origin.model_id))
}

/// Looks up where versions come from, by their numbers. The database does not keep the logged model of a
/// version: history does, and else its source says it.
pub fn origins_of(
    db: &mut Db,
    model_id: Option<&str>,
    rows: &[ModelVersionRow],
) -> Result<HashMap<i32, VersionOrigin>> {
    let mut origins: HashMap<i32, VersionOrigin> = rows
        .iter()
        .map(|row| {
            let source = row.source.as_deref().unwrap_or_default();
            let origin = VersionOrigin {
                run_id: row.run_id.clone(),
                model_id: logged_model_of(source),
                ..VersionOrigin::default()
            };
            (row.version, origin)
        })
        .collect();
    let Some(model_id) = model_id else {
        return Ok(origins);
    };
    let numbers: Vec<i32> = rows.iter().map(|row| row.version).collect();
    let action = Action::VersionCreated.as_str();
    for created in history::creations(db, model_id, action, &numbers)? {
        let Some(origin) = origins.get_mut(&created.version) else {
            continue;
        };
        let after: Value = created
            .after
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        if let Some(model_id) = after["model_id"].as_str() {
            origin.model_id = Some(model_id.to_owned());
        }
        origin.actor = Some(created.actor).filter(|actor| actor != ANONYMOUS);
        origin.claimed = created.claimed;
    }
    Ok(origins)
}
