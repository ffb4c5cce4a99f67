//! Tags of experiments.

use std::collections::HashSet;

use diesel::prelude::*;

use super::lookup::find_for_change;
use crate::error::{Error, Result};
use crate::store::schema::experiment_tags;
use crate::store::{Db, on_backend};
use crate::validation;
use crate::wire::{DeleteExperimentTag, ExperimentTag, SetExperimentTag};

/// The stock UI keeps the views that people make of an experiment in tags.
const VIEW_PREFIX: &str = "mlflow.customView.view";
const MOST_VIEWS: usize = 50;

#[derive(Insertable)]
#[diesel(table_name = experiment_tags, treat_none_as_default_value = false)]
struct NewTag<'a> {
    key: &'a str,
    value: &'a str,
    experiment_id: i32,
}

/// The tags of a new experiment.
pub fn insert(db: &mut Db, experiment_id: i32, tags: &[ExperimentTag]) -> Result<()> {
    let rows: Vec<NewTag> = tags
        .iter()
        .map(|tag| NewTag {
            key: tag.key(),
            value: tag.value(),
            experiment_id,
        })
        .collect();
    on_backend!(db, |connection| diesel::insert_into(experiment_tags::table)
        .values(&rows)
        .execute(connection))?;
    Ok(())
}

/// What a new experiment may be given: no more views than it may have.
pub fn validate(tags: &[ExperimentTag]) -> Result<()> {
    if tags.iter().filter(|tag| is_view(tag.key())).count() > MOST_VIEWS {
        return Err(too_many_views(""));
    }
    for tag in tags {
        validation::experiment_tag(tag)?;
    }
    Ok(())
}

/// A key that is given twice.
pub fn repeated(tags: &[ExperimentTag]) -> Option<&str> {
    let mut seen = HashSet::new();
    let mut keys = tags.iter().map(ExperimentTag::key);
    keys.find(|key| !seen.insert(*key))
}

pub fn set_tag(db: &mut Db, request: &SetExperimentTag) -> Result<()> {
    let tag = ExperimentTag {
        key: request.key.clone(),
        value: request.value.clone(),
    };
    validation::experiment_tag(&tag)?;
    let experiment = find_for_change(db, request.experiment_id())?;
    experiment.require_active()?;
    let id = experiment.experiment_id;
    if is_view(tag.key()) {
        limit_views(db, id, tag.key())?;
    }
    let row = NewTag {
        key: tag.key(),
        value: tag.value(),
        experiment_id: id,
    };
    on_backend!(db, |connection| diesel::insert_into(experiment_tags::table)
        .values(&row)
        .on_conflict((experiment_tags::key, experiment_tags::experiment_id))
        .do_update()
        .set(experiment_tags::value.eq(row.value))
        .execute(connection))?;
    Ok(())
}

pub fn delete_tag(db: &mut Db, request: &DeleteExperimentTag) -> Result<()> {
    let experiment = find_for_change(db, request.experiment_id())?;
    experiment.require_active()?;
    let key = request.key();
    let tag = experiment_tags::table.find((key, experiment.experiment_id));
    if diesel::delete(tag).execute(db)? == 0 {
        return Err(Error::does_not_exist(format!(
            "No tag with name: {key} in experiment with id {}",
            request.experiment_id()
        )));
    }
    Ok(())
}

fn is_view(key: &str) -> bool {
    key.starts_with(VIEW_PREFIX)
}

/// A view that is there may be changed; another one must still fit in.
fn limit_views(db: &mut Db, experiment_id: i32, key: &str) -> Result<()> {
    let views: Vec<String> = experiment_tags::table
        .filter(experiment_tags::experiment_id.eq(experiment_id))
        .filter(experiment_tags::key.like(format!("{VIEW_PREFIX}%")))
        .select(experiment_tags::key)
        .load(db)?;
    if views.len() >= MOST_VIEWS && !views.iter().any(|view| view == key) {
        return Err(too_many_views(&format!(" for experiment {experiment_id}")));
    }
    Ok(())
}

fn too_many_views(place: &str) -> Error {
    Error::invalid_parameter(format!(
        "Unable to create another custom view{place}; the maximum number of custom views per experiment \
         is {MOST_VIEWS}. Delete an existing custom view before creating a new one."
    ))
}
