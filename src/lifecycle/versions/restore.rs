//! Brings archived versions back to where they were.

use serde_json::Value;

use super::super::decision::{Change, Decision, Done, Model, identify};
use super::super::gates::{self, Admitted};
use super::super::in_force::{self, GovernedModel};
use super::moves;
use crate::audit::Action;
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::governance::history::{self, StageRow};
use crate::store::model_versions::{self, ModelVersionRow, Stage};
use crate::wire::ModelVersion;

/// Brings a version back to the stage that it was archived from, through the gate of that stage.
pub fn restore(db: &mut Db, change: &Change, name: &str, version: &str) -> Decision<ModelVersion> {
    let mut row = model_versions::row_locked(db, name, version)?;
    let id = identify(db, change, name)?;
    let model = Model { name, id: &id };
    let stage = stage_before(db, model, &row)?;
    let mut asked = moves::to_stage(model, row.clone(), stage);
    asked.entry.action = Action::VersionRestored;
    let policy = in_force::of_model(db, name)?;
    let governed = GovernedModel {
        model,
        policy: policy.as_ref(),
    };
    let Admitted {
        entries, warnings, ..
    } = gates::admit(db, change, governed, vec![asked])?;
    model_versions::put_in_stage(db, name, &[row.version], stage, change.now_ms)?;
    change.write(db, &entries)?;
    row.current_stage = Some(stage.as_str().to_owned());
    row.last_updated_time = Some(change.now_ms);
    let version = model_versions::with_tags_and_aliases(db, row)?;
    Ok(Done::with_warnings(version, warnings))
}

/// Looks up the stage that a version was archived from. Fails for one that is not archived, or that was not
/// archived through this server.
fn stage_before(db: &mut Db, model: Model, row: &ModelVersionRow) -> Result<Stage> {
    let (name, version) = (model.name, row.version);
    let stage = row.stage();
    if stage != Stage::Archived {
        return Err(Error::invalid_parameter(format!(
            "Version {version} of model '{name}' is in {}. Only an archived version can be restored.",
            stage.as_str()
        )));
    }
    let archived = Stage::Archived.as_str();
    for StageRow { stage, before } in history::stages_of(db, model.id, version)? {
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
