//! Which version had which stage and which alias at a moment in the past.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::Action;
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::governance::history::{self, HistoryStep};
use crate::store::model_versions::Stage;

/// The actions that move versions and aliases, or models under names.
const MOVES: [Action; 12] = [
    Action::ModelAdopted,
    Action::VersionAdopted,
    Action::AliasAdopted,
    Action::ModelCreated,
    Action::ModelRenamed,
    Action::ModelDeleted,
    Action::VersionCreated,
    Action::VersionTransitioned,
    Action::VersionRestored,
    Action::VersionDeleted,
    Action::AliasSet,
    Action::AliasDeleted,
];

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AsOf {
    pub model: String,
    pub model_id: String,
    pub at_ms: i64,
    pub versions: Vec<PastVersion>,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PastVersion {
    pub version: String,
    pub stage: String,
    pub aliases: Vec<String>,
}

/// A model while the entries about it are read, oldest first.
#[derive(Default)]
struct PastModel {
    name: String,
    deleted: bool,
    last: i64,
    stages: BTreeMap<i32, String>,
    aliases: BTreeMap<String, i32>,
}

/// Returns the state at `at_ms` of the model that had this name then.
pub fn as_of(db: &mut Db, name: &str, at_ms: i64) -> Result<AsOf> {
    let ids = history::ids_of_name(db, name)?;
    let steps = history::steps(db, &ids, &MOVES.map(Action::as_str), at_ms)?;
    let mut models: HashMap<String, PastModel> = HashMap::new();
    for step in steps {
        let id = step.model_id.clone();
        models.entry(id).or_default().follow(&step);
    }
    let (model_id, past) = models
        .into_iter()
        .filter(|(_, past)| past.name == name && !past.deleted)
        .max_by_key(|(_, past)| past.last)
        .ok_or_else(|| unknown_then(name))?;
    Ok(past.at(model_id, at_ms))
}

/// The history knows of no model that had this name at the moment that is asked for.
pub fn unknown_then(name: &str) -> Error {
    Error::does_not_exist(format!(
        "The history knows of no Registered Model with name={name} at that time."
    ))
}

impl PastModel {
    /// Follows one entry.
    fn follow(&mut self, step: &HistoryStep) {
        self.name.clone_from(&step.model);
        self.last = step.id;
        let is = |action: Action| step.action == action.as_str();
        if is(Action::ModelDeleted) {
            self.deleted = true;
        }
        if let (Some(alias), Some(version)) = (&step.alias, step.version)
            && !is(Action::AliasDeleted)
        {
            self.aliases.insert(alias.clone(), version);
        } else if let Some(alias) = &step.alias {
            self.aliases.remove(alias);
        } else if let Some(version) = step.version {
            if is(Action::VersionDeleted) {
                self.stages.remove(&version);
                self.aliases.retain(|_, of| *of != version);
            } else {
                let stage = step.stage.as_deref().unwrap_or(Stage::None.as_str());
                self.stages.insert(version, stage.to_owned());
            }
        }
    }

    /// The state after the entries that were followed.
    fn at(self, model_id: String, at_ms: i64) -> AsOf {
        let mut versions: BTreeMap<i32, PastVersion> = self
            .stages
            .into_iter()
            .map(|(version, stage)| {
                let past = PastVersion {
                    version: version.to_string(),
                    stage,
                    aliases: Vec::new(),
                };
                (version, past)
            })
            .collect();
        for (alias, version) in self.aliases {
            if let Some(past) = versions.get_mut(&version) {
                past.aliases.push(alias);
            }
        }
        AsOf {
            model: self.name,
            model_id,
            at_ms,
            versions: versions.into_values().collect(),
        }
    }
}
