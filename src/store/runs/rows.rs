//! Rows of runs: looked up, and locked for a change.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;

use crate::error::{Error, Result, found};
use crate::store::schema::runs;
use crate::store::{ACTIVE, Db, locked};
use crate::wire::{RunInfo, RunStatus};

/// The tag that repeats a run's name.
pub const NAME_TAG: &str = "mlflow.runName";

/// A row of `runs`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = runs)]
pub struct RunRow {
    #[diesel(column_name = run_uuid)]
    pub run_id: String,
    pub name: Option<String>,
    pub experiment_id: Option<i32>,
    pub user_id: Option<String>,
    pub status: Option<String>,
    pub start_time: Option<i64>,
    pub end_time: Option<i64>,
    pub artifact_uri: Option<String>,
    pub lifecycle_stage: Option<String>,
}

impl RunRow {
    pub fn require_active(&self) -> Result<()> {
        if self.lifecycle_stage.as_deref() == Some(ACTIVE) {
            return Ok(());
        }
        Err(Error::invalid_parameter(format!(
            "The run {} must be in the 'active' state. Current state is {}.",
            self.run_id,
            self.lifecycle_stage.as_deref().unwrap_or("None")
        )))
    }

    pub fn into_info(self) -> RunInfo {
        RunInfo {
            run_uuid: Some(self.run_id.clone()),
            run_id: Some(self.run_id),
            run_name: self.name,
            experiment_id: self.experiment_id.map(|id| id.to_string()),
            user_id: self.user_id,
            status: self
                .status
                .and_then(|name| RunStatus::from_str_name(&name))
                .map(i32::from),
            start_time: self.start_time,
            end_time: self.end_time.filter(|time| *time != 0),
            artifact_uri: self.artifact_uri.filter(|uri| !uri.is_empty()),
            lifecycle_stage: self.lifecycle_stage,
        }
    }
}

/// Old clients name a run `run_uuid`.
pub fn id<'a>(run_id: &'a str, run_uuid: &'a str) -> &'a str {
    if run_id.is_empty() { run_uuid } else { run_id }
}

/// The row of a run, whatever its lifecycle stage.
pub fn find(db: &mut Db, run_id: &str) -> Result<RunRow> {
    runs::table
        .find(run_id)
        .select(RunRow::as_select())
        .get_result(db)
        .optional()?
        .ok_or_else(|| Error::run_not_found(run_id))
}

/// The rows of runs by their ids, as far as there are such runs.
pub fn find_all(db: &mut Db, run_ids: &BTreeSet<&str>) -> Result<HashMap<String, RunRow>> {
    let rows: Vec<RunRow> = match db {
        Db::Postgres(connection) => runs::table
            .filter(runs::run_uuid.eq_any(run_ids))
            .select(RunRow::as_select())
            .load(connection)?,
        // A look-up by key is a statement that stays prepared.
        Db::Sqlite(_) => {
            let rows = run_ids.iter().map(|run_id| found(find(db, run_id)));
            rows.filter_map(Result::transpose).collect::<Result<_>>()?
        }
    };
    Ok(rows
        .into_iter()
        .map(|row| (row.run_id.clone(), row))
        .collect())
}

/// The row of a run that something is logged to.
pub fn find_active(db: &mut Db, run_id: &str) -> Result<RunRow> {
    let row = find(db, run_id)?;
    row.require_active()?;
    Ok(row)
}

/// The same, and on PostgreSQL nobody else changes the run until the end of the transaction.
pub fn lock_active(db: &mut Db, run_id: &str) -> Result<RunRow> {
    let row = lock(db, run_id)?;
    row.require_active()?;
    Ok(row)
}

/// Returns the row of a run, whatever its lifecycle stage. On PostgreSQL nobody else changes it until the end of the
/// transaction.
pub(super) fn lock(db: &mut Db, run_id: &str) -> Result<RunRow> {
    locked!(db, runs::table.find(run_id), for_no_key_update, RunRow)?
        .ok_or_else(|| Error::run_not_found(run_id))
}
