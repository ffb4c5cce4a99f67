//! Brings archived versions back to where they were.

use serde_json::Value;

use super::change::Change;
use super::gate::{self, Model};
use super::versions::moving;
use super::{adoption, facts};
use crate::audit::Action;
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::governance::history;
use crate::store::model_versions::{self, Row, Stage};
use crate::wire::ModelVersion;

/// Brings a version back to the stage that it was archived from, through the gate of that stage.
pub fn restore(db: &mut Db, change: &Change, name: &str, version: &str) -> Result<ModelVersion> {
    let row = model_versions::row_locked(db, name, version)?;
    let id = adoption::identify(db, change, name)?;
    let model = Model { name, id: &id };
    let stage = stage_before(db, model, &row)?;
    let mut ask = moving(model, row.version, Stage::Archived, stage);
    ask.entry.action = Action::VersionRestored;
    let entries = gate::admit(db, change, model, vec![ask])?;
    model_versions::put_in_stage(db, name, &[row.version], (stage, change.now_ms))?;
    change.write(db, &entries)?;
    model_versions::get(db, name, version)
}

/// The stage that a version was archived from.
fn stage_before(db: &mut Db, model: Model, row: &Row) -> Result<Stage> {
    let (name, version) = (model.name, row.version);
    let stage = facts::stage_of(row);
    if stage != Stage::Archived {
        return Err(Error::invalid_parameter(format!(
            "Version {version} of model '{name}' is in {}. Only an archived version can be restored.",
            stage.as_str()
        )));
    }
    let archived = Stage::Archived.as_str();
    for (stage, before) in history::stages_of(db, model.id, version)? {
        // Whatever else history says last, something that it does not know of archived the version.
        if stage != archived {
            break;
        }
        let before: Value = before
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        match before["stage"].as_str().map(Stage::parse) {
            // It was archived already, and was archived once more.
            Some(Ok(Stage::Archived)) => {}
            Some(Ok(stage)) => return Ok(stage),
            _ => break,
        }
    }
    Err(Error::invalid_parameter(format!(
        "The history does not say which stage version {version} of model '{name}' was archived from: it was not \
         archived through this server. Transition it to the stage that it is to have."
    )))
}
