//! Creates runs, many together where many are asked for at once.

use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use uuid::Uuid;

use super::rows::{NAME_TAG, RunRow};
use super::{messages, tags};
use crate::artifact_uri;
use crate::error::{Error, Result};
use crate::store::experiments::{self, ExperimentRow};
use crate::store::prepared::{PairOfRun, Statement, prepared};
use crate::store::random_name::random_name;
use crate::store::{ACTIVE, Db, Mergeable};
use crate::validation::{self, Checked};
use crate::wire::{CreateRun, Run, RunData, RunInputs, RunStatus, RunTag};

/// The columns that MLflow's first versions had are filled as MLflow fills them.
macro_rules! insert_run {
    () => {
        "INSERT INTO runs (source_type, source_name, entry_point_name, source_version, run_uuid, name, \
         experiment_id, user_id, status, start_time, artifact_uri, lifecycle_stage) "
    };
}

impl Mergeable for Checked<CreateRun> {
    type Output = Run;

    fn run_together(db: &mut Db, requests: &[Self]) -> Result<Vec<Result<Run>>> {
        create(db, requests)
    }
}

/// A run that is to be written.
struct NewRun {
    row: RunRow,
    tags: Vec<RunTag>,
}

/// Creates a run for each request. Names and tags are checked after the experiment was found, as MLflow does: of
/// several faults a client sees the first.
fn create(db: &mut Db, requests: &[Checked<CreateRun>]) -> Result<Vec<Result<Run>>> {
    let ids: Vec<Result<i32>> = requests
        .iter()
        .map(|request| validation::experiment_id(request.experiment_id()))
        .collect();
    let known = ids.iter().filter_map(|id| id.as_ref().ok()).copied();
    let experiments = experiments::find_all_for_runs(db, &known.collect())?;
    let new: Vec<Result<NewRun>> = ids
        .into_iter()
        .zip(requests)
        .map(|(id, request)| {
            let id = id?;
            let experiment = experiments
                .get(&id)
                .ok_or_else(|| Error::experiment_not_found(id))?;
            experiment.require_active()?;
            NewRun::of(experiment, request)
        })
        .collect();
    let accepted: Vec<&NewRun> = new.iter().filter_map(|run| run.as_ref().ok()).collect();
    if !accepted.is_empty() {
        insert(db, &accepted)?;
        let tags = accepted.iter().flat_map(|run| run.pairs());
        tags::insert(db, &tags.collect::<Vec<_>>())?;
    }
    let runs = new.into_iter().map(|run| run.map(NewRun::into_message));
    Ok(runs.collect())
}

impl NewRun {
    fn of(experiment: &ExperimentRow, request: &CreateRun) -> Result<Self> {
        let (name, tags) = name_and_tags(request)?;
        if let Some(key) = tags::repeated(&tags) {
            return Err(Error::bad_request(format!(
                "The tag '{key}' is given twice."
            )));
        }
        let run_id = Uuid::new_v4().simple().to_string();
        let location = experiment.artifact_location.as_deref().unwrap_or_default();
        let artifacts = artifact_uri::append(location, &format!("{run_id}/artifacts"));
        let row = RunRow {
            artifact_uri: Some(artifacts),
            run_id,
            name: Some(name),
            experiment_id: Some(experiment.experiment_id),
            user_id: Some(request.user_id().to_owned()),
            status: Some(RunStatus::Running.as_str_name().to_owned()),
            start_time: Some(request.start_time()),
            end_time: None,
            lifecycle_stage: Some(ACTIVE.to_owned()),
        };
        Ok(Self { row, tags })
    }

    fn pairs(&self) -> impl Iterator<Item = PairOfRun<'_>> {
        self.tags.iter().map(|tag| PairOfRun {
            run_id: &self.row.run_id,
            key: tag.key(),
            value: tag.value(),
        })
    }

    fn into_message(self) -> Run {
        Run {
            info: Some(self.row.into_info()),
            data: Some(RunData {
                tags: self.tags,
                ..RunData::default()
            }),
            inputs: Some(RunInputs::default()),
            outputs: None,
        }
    }
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

struct InsertRun;

impl Statement for InsertRun {
    const BEFORE_VALUES: &'static str = concat!(insert_run!(), "VALUES ('UNKNOWN', '', '', '', ");
    const AFTER_VALUES: &'static str = ")";
}

struct InsertRuns;

impl Statement for InsertRuns {
    const BEFORE_VALUES: &'static str = concat!(
        insert_run!(),
        "SELECT 'UNKNOWN', '', '', '', * FROM unnest("
    );
    const AFTER_VALUES: &'static str = ")";
}

fn insert(db: &mut Db, new: &[&NewRun]) -> Result<()> {
    match db {
        Db::Sqlite(connection) => {
            for NewRun { row, .. } in new {
                let values = (
                    row.run_id.as_str().into_sql::<Text>(),
                    row.name.as_deref().into_sql::<Nullable<Text>>(),
                    row.experiment_id.into_sql::<Nullable<Integer>>(),
                    row.user_id.as_deref().into_sql::<Nullable<Text>>(),
                    row.status.as_deref().into_sql::<Nullable<Text>>(),
                    row.start_time.into_sql::<Nullable<BigInt>>(),
                    row.artifact_uri.as_deref().into_sql::<Nullable<Text>>(),
                    row.lifecycle_stage.as_deref().into_sql::<Nullable<Text>>(),
                );
                prepared::<InsertRun, _>(values).execute(connection)?;
            }
        }
        Db::Postgres(connection) => {
            fn column<'a, T>(new: &[&'a NewRun], of: impl Fn(&'a RunRow) -> T) -> Vec<T> {
                new.iter().map(|run| of(&run.row)).collect()
            }
            let values = (
                column(new, |row| row.run_id.as_str()).into_sql::<Array<Text>>(),
                column(new, |row| row.name.as_deref()).into_sql::<Array<Nullable<Text>>>(),
                column(new, |row| row.experiment_id).into_sql::<Array<Nullable<Integer>>>(),
                column(new, |row| row.user_id.as_deref()).into_sql::<Array<Nullable<Text>>>(),
                column(new, |row| row.status.as_deref()).into_sql::<Array<Nullable<Text>>>(),
                column(new, |row| row.start_time).into_sql::<Array<Nullable<BigInt>>>(),
                column(new, |row| row.artifact_uri.as_deref()).into_sql::<Array<Nullable<Text>>>(),
                column(new, |row| row.lifecycle_stage.as_deref())
                    .into_sql::<Array<Nullable<Text>>>(),
            );
            prepared::<InsertRuns, _>(values).execute(connection)?;
        }
    }
    Ok(())
}
