//! Tags of experiments.

use std::collections::HashSet;

use diesel::prelude::*;

use super::lookup::find_for_change;
use crate::error::{Error, Result};
use crate::store::schema::experiment_tags;
use crate::store::{Db, on_backend};
use crate::validation::Checked;
use crate::validation::experiments::{MOST_VIEWS, VIEW_PREFIX, too_many_views};
use crate::wire::{DeleteExperimentTag, ExperimentTag, SetExperimentTag};

#[derive(Insertable)]
#[diesel(table_name = experiment_tags, treat_none_as_default_value = false)]
struct NewTag<'a> {
    key: &'a str,
    value: &'a str,
    experiment_id: i32,
}

/// Adds the tags of a new experiment, which have different keys.
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

/// Returns a key that occurs twice, if there is one.
pub fn repeated(tags: &[ExperimentTag]) -> Option<&str> {
    let mut seen = HashSet::new();
    let mut keys = tags.iter().map(ExperimentTag::key);
    keys.find(|key| !seen.insert(*key))
}

/// Sets a tag of an active experiment. Fails if the tag is one view more than an experiment can have.
pub fn set_tag(db: &mut Db, request: &Checked<SetExperimentTag>) -> Result<()> {
    let experiment = find_for_change(db, request.experiment_id())?;
    experiment.require_active()?;
    let id = experiment.experiment_id;
    if request.key().starts_with(VIEW_PREFIX) {
        limit_views(db, id, request.key())?;
    }
    let row = NewTag {
        key: request.key(),
        value: request.value(),
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

/// Deletes a tag of an active experiment. Fails if there is no such tag.
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

/// Fails if a view would be one too many. A view that exists can always be changed.
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
