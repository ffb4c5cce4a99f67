//! Experiments: create, look up, change, delete and restore.

mod lookup;
mod messages;
mod tags;

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DatabaseError};

use self::lookup::{find, find_for_change, id_of_name};
pub use self::lookup::{find_active, find_all_for_runs};
pub use self::messages::{ExperimentRow, assemble};
pub use self::tags::{delete_tag, set_tag};
use super::in_list::in_list;
use super::schema::{experiments, runs};
use super::{ACTIVE, DELETED, Db, WORKSPACE, on_backend};
use crate::artifact_uri;
use crate::error::{Error, ErrorCode, Result};
use crate::store::statement_size::statements;
use crate::validation::{self, Checked};
use crate::wire::{CreateExperiment, Experiment, UpdateExperiment};

/// Clients rely on the existence of experiment 0.
const DEFAULT_EXPERIMENT: (i32, &str) = (0, "Default");

/// Creates an experiment and returns its id. Without a location of its own, its artifacts are stored below
/// `artifact_root`. Fails if the name is taken, also by a deleted experiment.
pub fn create(
    db: &mut Db,
    request: &Checked<CreateExperiment>,
    artifact_root: &str,
    now_ms: i64,
) -> Result<i32> {
    let name = request.name();
    if let Some(id) = id_of_name(db, name)? {
        return Err(taken(name, &format!("Experiment {id} has this name.")));
    }
    if let Some(key) = tags::repeated(&request.tags) {
        return Err(taken(name, &format!("The tag '{key}' is given twice.")));
    }
    let location = request.artifact_location();
    let id = diesel::insert_into(experiments::table)
        .values((
            experiments::name.eq(name),
            experiments::artifact_location.eq(location),
            experiments::lifecycle_stage.eq(ACTIVE),
            experiments::creation_time.eq(now_ms),
            experiments::last_update_time.eq(now_ms),
            experiments::workspace.eq(WORKSPACE),
        ))
        .returning(experiments::experiment_id)
        .get_result(db)
        .map_err(|error| match error {
            // Another server has created an experiment with this name since the lookup.
            DatabaseError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                taken(name, "Another experiment has this name.")
            }
            error => error.into(),
        })?;
    if location.is_empty() {
        diesel::update(experiments::table.find(id))
            .set(experiments::artifact_location.eq(default_location(artifact_root, id)))
            .execute(db)?;
    }
    tags::insert(db, id, &request.tags)?;
    Ok(id)
}

/// Creates experiment 0 if it does not exist.
pub fn ensure_default(db: &mut Db, artifact_root: &str, now_ms: i64) -> Result<()> {
    let (id, name) = DEFAULT_EXPERIMENT;
    if find(db, id)?.is_some() {
        return Ok(());
    }
    let row = (
        experiments::experiment_id.eq(id),
        experiments::name.eq(name),
        experiments::artifact_location.eq(default_location(artifact_root, id)),
        experiments::lifecycle_stage.eq(ACTIVE),
        experiments::creation_time.eq(now_ms),
        experiments::last_update_time.eq(now_ms),
        experiments::workspace.eq(WORKSPACE),
    );
    // Two servers can start at the same time.
    on_backend!(db, |connection| diesel::insert_into(experiments::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(())
}

/// Returns an experiment, deleted or not. Fails if there is none with this id.
pub fn get(db: &mut Db, experiment_id: &str) -> Result<Experiment> {
    let id = validation::experiment_id(experiment_id)?;
    let row = find(db, id)?.ok_or_else(|| Error::experiment_not_found(id))?;
    one(db, row)
}

/// Returns the experiments that have these ids, in no order. An id that no experiment has is left out.
pub fn of_ids(db: &mut Db, ids: &[i32]) -> Result<Vec<Experiment>> {
    let mut rows = Vec::new();
    for ids in statements(ids, 1) {
        rows.extend(
            experiments::table
                .filter(in_list(experiments::experiment_id, ids))
                .select(ExperimentRow::as_select())
                .load::<ExperimentRow>(db)?,
        );
    }
    assemble(db, rows)
}

/// Returns the experiment with a name, deleted or not. Fails if there is none.
pub fn get_by_name(db: &mut Db, name: &str) -> Result<Experiment> {
    let row = experiments::table
        .filter(experiments::workspace.eq(WORKSPACE))
        .filter(experiments::name.eq(name))
        .select(ExperimentRow::as_select())
        .get_result(db)
        .optional()?
        .ok_or_else(|| {
            Error::does_not_exist(format!("Could not find experiment with name '{name}'"))
        })?;
    one(db, row)
}

/// Renames an active experiment. Fails if the name is taken.
pub fn rename(db: &mut Db, request: &Checked<UpdateExperiment>, now_ms: i64) -> Result<()> {
    let name = request.new_name();
    let row = find_for_change(db, request.experiment_id())?;
    if !row.is_active() {
        return Err(Error::new(
            ErrorCode::InvalidState,
            "Cannot rename a non-active experiment.",
        ));
    }
    let taken = || Error::bad_request(format!("Experiment(name={name}) already exists."));
    if id_of_name(db, name)?.is_some_and(|id| id != row.experiment_id) {
        return Err(taken());
    }
    diesel::update(experiments::table.find(row.experiment_id))
        .set((
            experiments::name.eq(name),
            experiments::last_update_time.eq(now_ms),
        ))
        .execute(db)
        .map_err(|error| match error {
            DatabaseError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => taken(),
            error => error.into(),
        })?;
    Ok(())
}

/// Deletes an experiment and its runs. They can be restored.
pub fn delete(db: &mut Db, experiment_id: &str, now_ms: i64) -> Result<()> {
    let id = set_stage(db, experiment_id, ACTIVE, DELETED, now_ms)?;
    diesel::update(runs::table.filter(runs::experiment_id.eq(id)))
        .set((
            runs::lifecycle_stage.eq(DELETED),
            runs::deleted_time.eq(now_ms),
        ))
        .execute(db)?;
    Ok(())
}

/// Restores an experiment and all its runs, also those that were deleted before it.
pub fn restore(db: &mut Db, experiment_id: &str, now_ms: i64) -> Result<()> {
    let id = set_stage(db, experiment_id, DELETED, ACTIVE, now_ms)?;
    diesel::update(runs::table.filter(runs::experiment_id.eq(id)))
        .set((
            runs::lifecycle_stage.eq(ACTIVE),
            runs::deleted_time.eq(None::<i64>),
        ))
        .execute(db)?;
    Ok(())
}

fn set_stage(db: &mut Db, experiment_id: &str, from: &str, to: &str, now_ms: i64) -> Result<i32> {
    let row = find_for_change(db, experiment_id)?;
    if row.lifecycle_stage.as_deref() != Some(from) {
        return Err(Error::experiment_not_found(row.experiment_id));
    }
    diesel::update(experiments::table.find(row.experiment_id))
        .set((
            experiments::lifecycle_stage.eq(to),
            experiments::last_update_time.eq(now_ms),
        ))
        .execute(db)?;
    Ok(row.experiment_id)
}

fn one(db: &mut Db, row: ExperimentRow) -> Result<Experiment> {
    let id = row.experiment_id;
    assemble(db, vec![row])?
        .pop()
        .ok_or_else(|| Error::experiment_not_found(id))
}

fn default_location(artifact_root: &str, id: i32) -> String {
    artifact_uri::append(artifact_root, &id.to_string())
}

fn taken(name: &str, reason: &str) -> Error {
    Error::already_exists(format!(
        "Experiment(name={name}) already exists. Error: {reason}"
    ))
}
