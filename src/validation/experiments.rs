//! Requests that create experiments or change them.

use super::{Check, experiment_id, experiment_name, keys};
use crate::config::Limits;
use crate::error::{Error, Result};
use crate::wire::{CreateExperiment, SetExperimentTag, UpdateExperiment};

/// The stock UI keeps the views that people make of an experiment in tags.
pub const VIEW_PREFIX: &str = "mlflow.customView.view";
/// The maximum number of views of one experiment.
pub const MOST_VIEWS: usize = 50;

impl Check for CreateExperiment {
    fn check(&mut self, _: &Limits) -> Result<()> {
        experiment_name(self.name())?;
        let is_view = |key: &str| key.starts_with(VIEW_PREFIX);
        if self.tags.iter().filter(|tag| is_view(tag.key())).count() > MOST_VIEWS {
            return Err(too_many_views(""));
        }
        self.tags
            .iter()
            .try_for_each(|tag| keys::experiment_tag(tag.key(), tag.value()))
    }
}

impl Check for UpdateExperiment {
    fn check(&mut self, _: &Limits) -> Result<()> {
        experiment_name(self.new_name())?;
        experiment_id(self.experiment_id())?;
        Ok(())
    }
}

impl Check for SetExperimentTag {
    fn check(&mut self, _: &Limits) -> Result<()> {
        keys::experiment_tag(self.key(), self.value())?;
        experiment_id(self.experiment_id())?;
        Ok(())
    }
}

/// Returns the error for one view too many. `place` follows the words "custom view", and may be empty.
pub fn too_many_views(place: &str) -> Error {
    Error::invalid_parameter(format!(
        "Unable to create another custom view{place}; the maximum number of custom views per experiment \
         is {MOST_VIEWS}. Delete an existing custom view before creating a new one."
    ))
}
