//! Looks up the rows of experiments, for reading and for a change.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;

use super::ExperimentRow;
use crate::error::{Error, Result};
use crate::store::schema::experiments;
use crate::store::{Db, WORKSPACE, locked};
use crate::validation;

/// Returns the row of an active experiment. On PostgreSQL nobody deletes it until the end of the transaction.
pub fn find_active(db: &mut Db, id: i32) -> Result<ExperimentRow> {
    let row = locked!(
        db,
        experiments::table.find(id),
        for_key_share,
        ExperimentRow
    )?
    .ok_or_else(|| Error::experiment_not_found(id))?;
    row.require_active()?;
    Ok(row)
}

/// Returns the rows of experiments by their ids, as far as there are such experiments. On PostgreSQL nobody deletes
/// them until the end of the transaction.
pub fn find_all_for_runs(db: &mut Db, ids: &BTreeSet<i32>) -> Result<HashMap<i32, ExperimentRow>> {
    let rows: Vec<ExperimentRow> = match db {
        Db::Postgres(connection) => experiments::table
            .filter(experiments::experiment_id.eq_any(ids))
            .order(experiments::experiment_id)
            .select(ExperimentRow::as_select())
            .for_key_share()
            .load(connection)?,
        // A look-up by key is a statement that stays prepared.
        Db::Sqlite(_) => {
            let rows = ids.iter().map(|id| find(db, *id));
            rows.filter_map(Result::transpose).collect::<Result<_>>()?
        }
    };
    Ok(rows
        .into_iter()
        .map(|row| (row.experiment_id, row))
        .collect())
}

/// Returns the row of an experiment, which on PostgreSQL nobody else changes until the end of the transaction.
pub(super) fn find_for_change(db: &mut Db, experiment_id: &str) -> Result<ExperimentRow> {
    let id = validation::experiment_id(experiment_id)?;
    locked!(db, experiments::table.find(id), for_update, ExperimentRow)?
        .ok_or_else(|| Error::experiment_not_found(id))
}

pub(super) fn find(db: &mut Db, id: i32) -> Result<Option<ExperimentRow>> {
    let row = experiments::table
        .find(id)
        .select(ExperimentRow::as_select())
        .get_result(db);
    Ok(row.optional()?)
}

pub(super) fn id_of_name(db: &mut Db, name: &str) -> Result<Option<i32>> {
    let id = experiments::table
        .filter(experiments::workspace.eq(WORKSPACE))
        .filter(experiments::name.eq(name))
        .select(experiments::experiment_id)
        .get_result(db);
    Ok(id.optional()?)
}
