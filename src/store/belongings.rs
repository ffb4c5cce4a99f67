//! What the right to a row depends on: the experiments that runs and logged models belong to, and whether a name of
//! the registry is a prompt's.

use std::collections::HashSet;

use diesel::prelude::*;

use super::schema::{
    experiments, logged_models, registered_model_tags as tags, registered_models as models, runs,
};
use super::statement_size::statements;
use super::{Db, WORKSPACE};
use crate::error::Result;
use crate::validation::prompts::{IS_PROMPT_TAG, marks_prompt};

/// What a name of the registry stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistryEntry {
    Model,
    Prompt,
}

/// Whether the row stays as it is until the end of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It is only read.
    Read,
    /// On PostgreSQL it is locked. On SQLite, who writes is alone.
    UntilCommit,
}

/// Returns the experiments of runs. None if one of the runs does not exist.
pub fn experiments_of_runs(db: &mut Db, run_ids: &[String]) -> Result<Option<Vec<i32>>> {
    if let [id] = run_ids {
        let experiment: Option<Option<i32>> = runs::table
            .find(id)
            .select(runs::experiment_id)
            .get_result(db)
            .optional()?;
        return Ok(experiment.flatten().map(|id| vec![id]));
    }
    let mut missing: HashSet<&str> = run_ids.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    for ids in statements(run_ids, 1) {
        let rows: Vec<(String, Option<i32>)> = runs::table
            .filter(runs::run_uuid.eq_any(ids))
            .select((runs::run_uuid, runs::experiment_id))
            .load(db)?;
        for (id, experiment) in rows {
            if let Some(experiment) = experiment {
                missing.remove(id.as_str());
                found.push(experiment);
            }
        }
    }
    Ok(distinct(found, missing.is_empty()))
}

/// Returns the experiments of logged models, deleted ones among them. None if one of the models does not exist.
pub fn experiments_of_logged_models(db: &mut Db, model_ids: &[String]) -> Result<Option<Vec<i32>>> {
    if let [id] = model_ids {
        let experiment: Option<i32> = logged_models::table
            .find(id)
            .select(logged_models::experiment_id)
            .get_result(db)
            .optional()?;
        return Ok(experiment.map(|id| vec![id]));
    }
    let mut missing: HashSet<&str> = model_ids.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    for ids in statements(model_ids, 1) {
        let rows: Vec<(String, i32)> = logged_models::table
            .filter(logged_models::model_id.eq_any(ids))
            .select((logged_models::model_id, logged_models::experiment_id))
            .load(db)?;
        for (id, experiment) in rows {
            missing.remove(id.as_str());
            found.push(experiment);
        }
    }
    Ok(distinct(found, missing.is_empty()))
}

fn distinct(mut experiments: Vec<i32>, are_complete: bool) -> Option<Vec<i32>> {
    experiments.sort_unstable();
    experiments.dedup();
    are_complete.then_some(experiments)
}

/// Returns the id of the experiment of a name.
pub fn experiment_of_name(db: &mut Db, name: &str) -> Result<Option<i32>> {
    let id = experiments::table
        .filter(experiments::workspace.eq(WORKSPACE))
        .filter(experiments::name.eq(name))
        .select(experiments::experiment_id)
        .get_result(db);
    Ok(id.optional()?)
}

/// Returns what a name of the registry stands for. None if nothing has it.
pub fn registry_entry(db: &mut Db, name: &str, hold: Hold) -> Result<Option<RegistryEntry>> {
    if hold == Hold::UntilCommit
        && let Db::Postgres(connection) = db
    {
        let locked: Option<String> = models::table
            .find((WORKSPACE, name))
            .select(models::name)
            .for_update()
            .get_result(connection)
            .optional()?;
        if locked.is_none() {
            return Ok(None);
        }
    }
    let mark = tags::workspace
        .eq(models::workspace)
        .and(tags::name.eq(models::name))
        .and(tags::key.eq(IS_PROMPT_TAG));
    let found: Option<Option<String>> = models::table
        .left_join(tags::table.on(mark))
        .filter(models::workspace.eq(WORKSPACE))
        .filter(models::name.eq(name))
        .select(tags::value.nullable())
        .get_result(db)
        .optional()?;
    Ok(found.map(|value| match value {
        Some(value) if marks_prompt(&value) => RegistryEntry::Prompt,
        _ => RegistryEntry::Model,
    }))
}
