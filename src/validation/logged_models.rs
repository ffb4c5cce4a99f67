//! Requests that create logged models.

use super::{Check, experiment_id};
use crate::config::Limits;
use crate::error::{Error, Result};
use crate::wire::{CreateLoggedModel, python};

impl Check for CreateLoggedModel {
    fn check(&mut self, _: &Limits) -> Result<()> {
        if self.name().contains(['/', ':', '.', '%', '"', '\'']) {
            return Err(Error::invalid_parameter(format!(
                "Invalid model name ({}) provided. Model name must be a non-empty string and cannot \
                 contain the following characters: ('/', ':', '.', '%', '\"', \"'\")",
                python::repr(self.name())
            )));
        }
        experiment_id(self.experiment_id())?;
        Ok(())
    }
}
