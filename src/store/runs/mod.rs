//! Runs: create, look up, change, delete and restore.

mod batch;
mod logged_models;
mod messages;
mod params;
mod rows;
mod tags;

use diesel::prelude::*;
use uuid::Uuid;

pub use self::batch::log_batch;
pub use self::logged_models::log_model;
pub use self::messages::assemble;
pub use self::params::log_param;
use self::rows::lock;
pub use self::rows::{NAME_TAG, RunRow, find, find_active, id, lock_active};
pub use self::tags::{delete_tag, get as get_tag, set_tag};
use super::random_name::random_name;
use super::schema::runs;
use super::{ACTIVE, DELETED, Db, experiments};
use crate::artifact_uri;
use crate::error::{Error, Result};
use crate::validation::{self, Checked};
use crate::wire::{CreateRun, Run, RunData, RunInfo, RunInputs, RunStatus, RunTag, UpdateRun};

/// Creates a run in an active experiment. Its name and its tags are checked after the experiment was found, as MLflow
/// does: of several faults a client sees the first.
pub fn create(db: &mut Db, request: &Checked<CreateRun>) -> Result<Run> {
    let experiment_id = validation::experiment_id(request.experiment_id())?;
    let experiment = experiments::find_active(db, experiment_id)?;
    let (name, tags) = name_and_tags(request)?;
    if let Some(key) = tags::repeated(&tags) {
        return Err(Error::bad_request(format!(
            "The tag '{key}' is given twice."
        )));
    }
    let run_id = Uuid::new_v4().simple().to_string();
    let location = experiment.artifact_location.unwrap_or_default();
    let row = RunRow {
        artifact_uri: Some(artifact_uri::append(
            &location,
            &format!("{run_id}/artifacts"),
        )),
        run_id,
        name: Some(name),
        experiment_id: Some(experiment_id),
        user_id: Some(request.user_id().to_owned()),
        status: Some(RunStatus::Running.as_str_name().to_owned()),
        start_time: Some(request.start_time()),
        end_time: None,
        lifecycle_stage: Some(ACTIVE.to_owned()),
    };
    insert(db, &row)?;
    tags::insert(db, &row.run_id, &tags)?;
    Ok(Run {
        info: Some(row.into_info()),
        data: Some(RunData {
            tags,
            ..RunData::default()
        }),
        inputs: Some(RunInputs::default()),
        outputs: None,
    })
}

/// A run's name stands in its row and in a tag; whichever is given makes the other.
fn name_and_tags(request: &CreateRun) -> Result<(String, Vec<RunTag>)> {
    let mut tags: Vec<RunTag> = request
        .tags
        .iter()
        .map(|tag| RunTag {
            key: Some(tag.key().to_owned()),
            value: Some(tag.value().to_owned()),
        })
        .collect();
    let given = request.run_name();
    let by_tag = messages::name_from_tags(&tags).unwrap_or_default();
    if !given.is_empty() && !by_tag.is_empty() && given != by_tag {
        return Err(Error::invalid_parameter(format!(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values \
             (run_name='{given}', mlflow.runName='{by_tag}')."
        )));
    }
    let name = match (given, by_tag.as_str()) {
        ("", "") => random_name(),
        ("", by_tag) => by_tag.to_owned(),
        (given, _) => given.to_owned(),
    };
    if by_tag.is_empty() {
        tags.push(RunTag {
            key: Some(NAME_TAG.to_owned()),
            value: Some(name.clone()),
        });
    }
    Ok((name, tags))
}

fn insert(db: &mut Db, row: &RunRow) -> Result<()> {
    diesel::insert_into(runs::table)
        .values((
            runs::run_uuid.eq(&row.run_id),
            runs::name.eq(&row.name),
            runs::experiment_id.eq(row.experiment_id),
            runs::user_id.eq(&row.user_id),
            runs::status.eq(&row.status),
            runs::start_time.eq(row.start_time),
            runs::artifact_uri.eq(&row.artifact_uri),
            runs::lifecycle_stage.eq(&row.lifecycle_stage),
            // Columns from MLflow's first versions, which it fills like this.
            runs::source_type.eq("UNKNOWN"),
            runs::source_name.eq(""),
            runs::entry_point_name.eq(""),
            runs::source_version.eq(""),
        ))
        .execute(db)?;
    Ok(())
}

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
