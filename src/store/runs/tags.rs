//! Tags of runs.

use std::collections::{BTreeMap, HashSet};

use diesel::prelude::*;

use super::rows::{NAME_TAG, find_active, id};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::prepared::{PairOfRun, Statement, run_for_pairs};
use crate::store::schema::{runs, tags};
use crate::validation::Checked;
use crate::wire::{DeleteTag, RunTag, SetTag};

struct UpsertTag;

impl Statement for UpsertTag {
    const BEFORE_VALUES: &'static str = "INSERT INTO tags (key, value, run_uuid) VALUES (";
    const AFTER_VALUES: &'static str = OVER_THE_OLD;
}

struct UpsertTags;

impl Statement for UpsertTags {
    const BEFORE_VALUES: &'static str =
        "INSERT INTO tags (key, value, run_uuid) SELECT * FROM unnest(";
    const AFTER_VALUES: &'static str = OVER_THE_OLD;
}

const OVER_THE_OLD: &str = ") ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value";

/// Sets a tag of an active run.
pub fn set_tag(db: &mut Db, request: &Checked<SetTag>) -> Result<()> {
    let run = find_active(db, id(request.run_id(), request.run_uuid()))?;
    set(db, &run.run_id, &[(request.key(), request.value())])
}

/// Sets tags, of which the last one with a key counts. The one that repeats the run's name renames it.
pub fn set(db: &mut Db, run_id: &str, tags: &[(&str, &str)]) -> Result<()> {
    let mut others = BTreeMap::new();
    let mut name = "";
    for &(key, value) in tags {
        if key != NAME_TAG {
            others.insert(key, value);
        } else if !value.is_empty() {
            name = value;
        }
    }
    if !name.is_empty() {
        rename(db, run_id, name)?;
    }
    let others: Vec<(&str, &str)> = others.into_iter().collect();
    upsert(db, run_id, &others)
}

/// Renames a run: its name stands in its row and in a tag.
pub(super) fn rename(db: &mut Db, run_id: &str, name: &str) -> Result<()> {
    diesel::update(runs::table.find(run_id))
        .set(runs::name.eq(name))
        .execute(db)?;
    upsert(db, run_id, &[(NAME_TAG, name)])
}

/// Writes tags with different keys, in the order of their keys: then no two requests wait for each
/// other.
pub fn upsert(db: &mut Db, run_id: &str, tags: &[(&str, &str)]) -> Result<()> {
    let pairs = tags
        .iter()
        .map(|&(key, value)| PairOfRun { run_id, key, value });
    insert(db, &pairs.collect::<Vec<_>>())
}

/// Writes tags of runs, each of which has another run or another key.
pub(super) fn insert(db: &mut Db, tags: &[PairOfRun]) -> Result<()> {
    if !tags.is_empty() {
        run_for_pairs::<UpsertTag, UpsertTags>(db, tags)?;
    }
    Ok(())
}

pub fn delete_tag(db: &mut Db, request: &DeleteTag) -> Result<()> {
    let run = find_active(db, request.run_id())?;
    let key = request.key();
    if diesel::delete(tags::table.find((key, &run.run_id))).execute(db)? == 0 {
        return Err(Error::does_not_exist(format!(
            "No tag with name: {key} in run with id {}",
            run.run_id
        )));
    }
    Ok(())
}

pub fn get(db: &mut Db, run_id: &str, key: &str) -> Result<Option<String>> {
    let value: Option<Option<String>> = tags::table
        .find((key, run_id))
        .select(tags::value)
        .get_result(db)
        .optional()?;
    Ok(value.flatten())
}

/// A key that is given twice.
pub fn repeated(tags: &[RunTag]) -> Option<&str> {
    let mut seen = HashSet::new();
    let mut keys = tags.iter().map(RunTag::key);
    keys.find(|key| !seen.insert(*key))
}
