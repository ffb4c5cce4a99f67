//! Moves between stages, as the gates take them.

use serde_json::json;

use super::super::decision::Model;
use super::super::gates::{Move, MovingVersion};
use super::super::policy::Target;
use crate::audit::{Action, Entry};
use crate::store::model_versions::{ModelVersionRow, Stage};

/// Describes the move of a version from the stage that it is in to another one.
pub fn to_stage(model: Model, row: ModelVersionRow, stage: Stage) -> Move {
    let before = row.stage();
    Move {
        target: (before != stage).then_some(Target::Stage(stage)),
        entry: Entry::of_model(Action::VersionTransitioned, model.name, model.id)
            .version(row.version)
            .stage(stage.as_str())
            .before(json!({"stage": before.as_str()}))
            .after(json!({"stage": stage.as_str()})),
        version: MovingVersion::Existing(row),
    }
}
