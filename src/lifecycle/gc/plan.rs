//! Plans a garbage collection: which runs, logged models and experiments it looks at.

use std::collections::HashSet;

use super::super::retention::moment;
use crate::error::{Error, Result};
use crate::store::gc::{self, Candidate, ExperimentCandidate};
use crate::store::governance::retained::Deletable;
use crate::store::{DELETED, Db};

/// What is to be removed. Where nothing is named, it is everything that was deleted.
#[derive(Clone, Debug, Default)]
pub struct GcSelection {
    /// How long ago it must have been deleted, in milliseconds.
    pub older_than_ms: Option<i64>,
    pub run_ids: Option<Vec<String>>,
    pub logged_model_ids: Option<Vec<String>>,
    pub experiment_ids: Option<Vec<String>>,
}

impl GcSelection {
    fn names_nothing(&self) -> bool {
        self.run_ids.is_none() && self.logged_model_ids.is_none() && self.experiment_ids.is_none()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ItemKind {
    Run(String),
    LoggedModel(String),
    Experiment(i32),
}

/// One thing that may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    kind: ItemKind,
    pub name: Option<String>,
    pub experiment_id: Option<i32>,
    /// Where its artifacts are. Experiments have none of their own.
    pub location: Option<String>,
    /// Why it is not even asked whether it may go.
    pub stays: Option<String>,
}

impl Item {
    /// What it is, for the rules of retention.
    pub fn deletable(&self) -> Deletable<'_> {
        match &self.kind {
            ItemKind::Run(id) => Deletable::Run(id),
            ItemKind::LoggedModel(id) => Deletable::LoggedModel(id),
            ItemKind::Experiment(id) => Deletable::Experiment(*id),
        }
    }

    /// What reports call it.
    pub fn what(&self) -> String {
        match &self.kind {
            ItemKind::Run(id) => format!("Run with ID {id}"),
            ItemKind::LoggedModel(id) => format!("Logged model with ID {id}"),
            ItemKind::Experiment(id) => format!("Experiment with ID {id}"),
        }
    }

    fn of(kind: ItemKind, candidate: Candidate) -> Self {
        Self {
            kind,
            name: candidate.name,
            experiment_id: candidate.experiment_id,
            location: candidate.location,
            stays: None,
        }
    }
}

/// In the order in which it goes: an experiment goes last.
pub struct Plan {
    pub items: Vec<Item>,
}

/// Looks up what is to be removed, in the order in which it goes.
pub fn make(db: &mut Db, selection: &GcSelection, now_ms: i64) -> Result<Plan> {
    let before = now_ms.saturating_sub(selection.older_than_ms.unwrap_or(0));
    let age = selection.older_than_ms.map(|_| before);
    let experiments = experiments(db, selection, age)?;
    let experiment_ids: Vec<i32> = experiments.iter().map(|one| one.id).collect();
    let mut items = Vec::new();

    let mut seen = HashSet::new();
    let named = match &selection.run_ids {
        Some(ids) => check_named("Run", gc::runs(db, ids)?, ids, age)?,
        None if selection.names_nothing() => gc::deleted_runs(db, before)?,
        None => Vec::new(),
    };
    let of_experiments = gc::runs_of(db, &experiment_ids)?;
    for run in named.into_iter().chain(of_experiments) {
        if seen.insert(run.id.clone()) {
            items.push(run_item(run, age));
        }
    }

    let mut seen = HashSet::new();
    let named = match &selection.logged_model_ids {
        Some(ids) => check_named("Logged model", gc::logged_models(db, ids)?, ids, age)?,
        None if selection.names_nothing() => gc::deleted_logged_models(db, before)?,
        None => Vec::new(),
    };
    let of_experiments = gc::logged_models_of(db, &experiment_ids)?;
    for model in named.into_iter().chain(of_experiments) {
        if seen.insert(model.id.clone()) {
            items.push(Item::of(ItemKind::LoggedModel(model.id.clone()), model));
        }
    }

    items.extend(experiments.into_iter().map(|experiment| Item {
        kind: ItemKind::Experiment(experiment.id),
        name: Some(experiment.name),
        experiment_id: None,
        location: None,
        stays: None,
    }));
    Ok(Plan { items })
}

/// A run of an experiment that goes stays where it is in use or too young, and with it the experiment.
fn run_item(run: Candidate, age: Option<i64>) -> Item {
    let stays = if run.stage.as_deref() == Some(DELETED) {
        age.filter(|age| run.since.is_none_or(|since| since > *age))
            .map(|age| format!("it was not deleted before {}", moment(age)))
    } else {
        Some("it was not deleted".to_owned())
    };
    Item {
        stays,
        ..Item::of(ItemKind::Run(run.id.clone()), run)
    }
}

fn experiments(
    db: &mut Db,
    selection: &GcSelection,
    age: Option<i64>,
) -> Result<Vec<ExperimentCandidate>> {
    let Some(ids) = &selection.experiment_ids else {
        return if selection.names_nothing() {
            gc::deleted_experiments(db, age)
        } else {
            Ok(Vec::new())
        };
    };
    let mut numbers = Vec::new();
    for id in ids {
        numbers.push(crate::validation::experiment_id(id)?);
    }
    let found = gc::experiments(db, &numbers)?;
    if let Some(missing) = numbers
        .iter()
        .find(|id| found.iter().all(|one| one.id != **id))
    {
        return Err(Error::experiment_not_found(missing));
    }
    for one in &found {
        check_state("Experiment", &one.id.to_string(), one.stage.as_deref())?;
        check_age("Experiment", &one.id.to_string(), one.since, age)?;
    }
    Ok(found)
}

/// What was named must be there, deleted, and old enough.
fn check_named(
    kind: &str,
    found: Vec<Candidate>,
    ids: &[String],
    age: Option<i64>,
) -> Result<Vec<Candidate>> {
    if let Some(missing) = ids.iter().find(|id| found.iter().all(|one| one.id != **id)) {
        return Err(Error::does_not_exist(format!(
            "{kind} with id={missing} not found"
        )));
    }
    for one in &found {
        check_state(kind, &one.id, one.stage.as_deref())?;
        check_age(kind, &one.id, one.since, age)?;
    }
    Ok(found)
}

fn check_state(kind: &str, id: &str, stage: Option<&str>) -> Result<()> {
    if stage == Some(DELETED) {
        return Ok(());
    }
    Err(Error::invalid_parameter(format!(
        "{kind} {id} is not in `deleted` lifecycle stage. Only what is in `deleted` lifecycle stage can be deleted for good."
    )))
}

fn check_age(kind: &str, id: &str, since: Option<i64>, age: Option<i64>) -> Result<()> {
    let Some(age) = age else {
        return Ok(());
    };
    if since.is_some_and(|since| since <= age) {
        return Ok(());
    }
    Err(Error::invalid_parameter(format!(
        "{kind} {id} is not older than the required age. Only what was deleted before {} can be deleted for good.",
        moment(age)
    )))
}
