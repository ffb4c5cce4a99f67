//! Runs: create, look up, change, delete and restore.

mod at_once;
mod batch;
mod create;
mod logged_models;
mod messages;
mod params;
mod rows;
mod tags;

use diesel::prelude::*;

pub use self::batch::log_batch;
pub use self::logged_models::log_model;
pub use self::messages::assemble;
pub use self::params::log_param;
use self::rows::lock;
pub use self::rows::{NAME_TAG, RunRow, find, find_active, find_all, id, lock_active};
pub use self::tags::{delete_tag, get as get_tag, set_tag};
use super::schema::runs;
use super::{ACTIVE, DELETED, Db};
use crate::error::{Error, Result};
use crate::wire::{Run, RunInfo, RunStatus, UpdateRun};

/// A run with all that was logged to it.
pub fn get(db: &mut Db, run_id: &str) -> Result<Run> {
    let row = find(db, run_id)?;
    assemble(db, vec![row])?
        .pop()
        .ok_or_else(|| Error::run_not_found(run_id))
}

pub fn update(db: &mut Db, request: &UpdateRun) -> Result<RunInfo> {
    let mut row = lock_active(db, id(request.run_id(), request.run_uuid()))?;
    if let Some(status) = request.status {
        let status = RunStatus::try_from(status).map_err(|_| {
            Error::invalid_parameter(format!("There is no status of runs with number {status}."))
        })?;
        row.status = Some(status.as_str_name().to_owned());
    }
    row.end_time = request.end_time.or(row.end_time);
    diesel::update(runs::table.find(&row.run_id))
        .set((
            runs::status.eq(&row.status),
            runs::end_time.eq(row.end_time),
        ))
        .execute(db)?;
    if !request.run_name().is_empty() {
        tags::rename(db, &row.run_id, request.run_name())?;
        row.name = Some(request.run_name().to_owned());
    }
    if row.name.as_deref().is_none_or(str::is_empty) {
        row.name = tags::get(db, &row.run_id, NAME_TAG)?.or(row.name);
    }
    Ok(row.into_info())
}

/// Deletes a run. It can be restored.
pub fn delete(db: &mut Db, run_id: &str, now_ms: i64) -> Result<()> {
    let row = lock(db, run_id)?;
    diesel::update(runs::table.find(&row.run_id))
        .set((
            runs::lifecycle_stage.eq(DELETED),
            runs::deleted_time.eq(now_ms),
        ))
        .execute(db)?;
    Ok(())
}

pub fn restore(db: &mut Db, run_id: &str) -> Result<()> {
    let row = lock(db, run_id)?;
    diesel::update(runs::table.find(&row.run_id))
        .set((
            runs::lifecycle_stage.eq(ACTIVE),
            runs::deleted_time.eq(None::<i64>),
        ))
        .execute(db)?;
    Ok(())
}
