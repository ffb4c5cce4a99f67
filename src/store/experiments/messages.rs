//! Builds whole messages from rows of experiments, with a fixed number of queries for any number of rows.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::error::{Error, Result};
use crate::store::in_list::in_list;
use crate::store::schema::{experiment_tags, experiments};
use crate::store::statement_size::statements;
use crate::store::{ACTIVE, Db};
use crate::wire::{Experiment, ExperimentTag};

/// A row of `experiments`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = experiments)]
pub struct ExperimentRow {
    pub experiment_id: i32,
    pub name: String,
    pub artifact_location: Option<String>,
    pub lifecycle_stage: Option<String>,
    pub creation_time: Option<i64>,
    pub last_update_time: Option<i64>,
    pub workspace: String,
}

impl ExperimentRow {
    /// Returns whether the experiment was not deleted.
    pub fn is_active(&self) -> bool {
        self.lifecycle_stage.as_deref() == Some(ACTIVE)
    }

    /// Fails if the experiment was deleted.
    pub fn require_active(&self) -> Result<()> {
        if self.is_active() {
            return Ok(());
        }
        Err(Error::invalid_parameter(format!(
            "The experiment {} must be in the 'active' state. Current state is {}.",
            self.experiment_id,
            self.lifecycle_stage.as_deref().unwrap_or("None")
        )))
    }
}

/// Returns whole experiments with their tags, in the order of their rows.
pub fn assemble(db: &mut Db, rows: Vec<ExperimentRow>) -> Result<Vec<Experiment>> {
    let ids: Vec<i32> = rows.iter().map(|row| row.experiment_id).collect();
    let mut tags: HashMap<i32, Vec<ExperimentTag>> = HashMap::new();
    for ids in statements(&ids, 1) {
        let found: Vec<(i32, String, Option<String>)> = experiment_tags::table
            .filter(in_list(experiment_tags::experiment_id, ids))
            .select((
                experiment_tags::experiment_id,
                experiment_tags::key,
                experiment_tags::value,
            ))
            .load(db)?;
        for (id, key, value) in found {
            let key = Some(key);
            tags.entry(id)
                .or_default()
                .push(ExperimentTag { key, value });
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| Experiment {
            experiment_id: Some(row.experiment_id.to_string()),
            name: Some(row.name),
            artifact_location: row.artifact_location,
            lifecycle_stage: row.lifecycle_stage,
            creation_time: row.creation_time.filter(|time| *time != 0),
            last_update_time: row.last_update_time.filter(|time| *time != 0),
            tags: tags.remove(&row.experiment_id).unwrap_or_default(),
            workspace: Some(row.workspace),
            ..Experiment::default()
        })
        .collect())
}
