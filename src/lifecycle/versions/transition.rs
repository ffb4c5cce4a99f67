//! Moves a version to another stage, and archives those that it replaces there.

use super::super::decision::{Change, Decision, Done};
use super::super::gates::{self, Admitted};
use super::super::in_force;
use super::archive::archive;
use super::moves;
use crate::config::Limits;
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::model_versions::{self, Stage, VersionToChange};
use crate::validation::{Check, Checked, registry_names};
use crate::wire::{ModelVersion, TransitionModelVersionStage};

/// Moves a version to the stage that the request names, through the gate of that stage.
pub fn transition(
    db: &mut Db,
    change: &Change,
    request: &Checked<TransitionModelVersionStage>,
) -> Decision<ModelVersion> {
    let name = request.name();
    let stage = Stage::parse(request.stage())?;
    let written = registry_names::version(request.version())?.written;
    // Of a model that is not there, MLflow says that the version is not.
    let opened = in_force::open(db, change, name)?
        .ok_or_else(|| Error::model_version_not_found(name, &written))?;
    let governed = opened.governed(name);
    let model = governed.model;
    let mut version = VersionToChange::load(db, name, request.version(), "")?;
    let number = version.row.version;
    let before = version.row.stage();
    let mut replaced = Vec::new();
    if request.archive_existing_versions() {
        replaced = model_versions::rows_in_stage(db, name, stage)?;
        replaced.retain(|other| other.version != number);
    }
    let replaced_numbers: Vec<i32> = replaced.iter().map(|other| other.version).collect();
    let mut asked = vec![moves::to_stage(model, version.row.clone(), stage)];
    asked.extend(
        replaced
            .into_iter()
            .map(|other| moves::to_stage(model, other, Stage::Archived)),
    );
    let Admitted {
        entries, warnings, ..
    } = gates::admit(db, change, governed, asked)?;
    change.write(db, &entries)?;
    if !replaced_numbers.is_empty() {
        archive(db, change, governed, &replaced_numbers)?;
    }
    if stage == Stage::Archived && before != stage {
        archive(db, change, governed, &[number])?;
    } else {
        model_versions::put_in_stage(db, name, &[number], stage, change.now_ms)?;
    }
    version.row.current_stage = Some(stage.as_str().to_owned());
    version.row.last_updated_time = Some(change.now_ms);
    Ok(Done::with_warnings(version.into_message(db)?, warnings))
}

impl Check for TransitionModelVersionStage {
    fn check(&mut self, _: &Limits) -> Result<()> {
        let stage = Stage::parse(self.stage())?;
        if self.archive_existing_versions() && !stage.is_active() {
            return Err(Error::invalid_parameter(format!(
                "Model version transition cannot archive existing model versions because '{}' is not an \
                 Active stage. Valid stages are ['Staging', 'Production']",
                self.stage()
            )));
        }
        registry_names::check_model(self.name())?;
        registry_names::version(self.version())?;
        Ok(())
    }
}
