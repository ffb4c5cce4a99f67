//! Requests that log what runs have used.

use std::collections::HashSet;

use super::{Check, run_id};
use crate::config::Limits;
use crate::error::{Error, Result};
use crate::wire::names::check_length;
use crate::wire::{Dataset, DatasetInput, LogInputs};

impl Check for LogInputs {
    fn check(&mut self, _: &Limits) -> Result<()> {
        run_id(self.run_id())?;
        self.datasets.iter().try_for_each(dataset_input)
    }
}

fn dataset_input(input: &DatasetInput) -> Result<()> {
    const LONGEST_TAG_KEY: usize = 255;
    const LONGEST_TAG_VALUE: usize = 500;

    if let Some(input) = &input.dataset {
        dataset(input)?;
    }
    let mut keys = HashSet::new();
    for tag in &input.tags {
        check_length("key", tag.key(), LONGEST_TAG_KEY)?;
        check_length("value", tag.value(), LONGEST_TAG_VALUE)?;
        if !keys.insert(tag.key()) {
            return Err(Error::bad_request(format!(
                "The tag '{}' is given twice for one dataset.",
                tag.key()
            )));
        }
    }
    Ok(())
}

fn dataset(dataset: &Dataset) -> Result<()> {
    const LONGEST_NAME: usize = 500;
    const LONGEST_DIGEST: usize = 36;
    const LONGEST_SOURCE: usize = 65_535;
    const LONGEST_SCHEMA: usize = 1_048_575;
    const LONGEST_PROFILE: usize = 16_777_215;

    check_length("name", dataset.name(), LONGEST_NAME)?;
    check_length("digest", dataset.digest(), LONGEST_DIGEST)?;
    check_length("source", dataset.source(), LONGEST_SOURCE)?;
    check_length("schema", dataset.schema(), LONGEST_SCHEMA)?;
    check_length("profile", dataset.profile(), LONGEST_PROFILE)
}
