//! Params of runs, which keep their first value.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{find_active, id};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::prepared::{PairOfRun, Statement, run_for_pairs};
use crate::store::schema::params;
use crate::validation::Checked;
use crate::wire::LogParam;
use crate::wire::python::repr;

/// A param that has another value already.
struct Conflict<'a> {
    key: &'a str,
    old: String,
    new: &'a str,
}

/// Logs a param of an active run. Fails if the param has another value already.
pub fn log_param(db: &mut Db, request: &Checked<LogParam>) -> Result<()> {
    let run_id = find_active(db, id(request.run_id(), request.run_uuid()))?.run_id;
    match insert(db, &run_id, &[(request.key(), request.value())])?.first() {
        None => Ok(()),
        Some(Conflict { key, old, new }) => Err(Error::invalid_parameter(format!(
            "Changing param values is not allowed. Param with key='{key}' was already logged with \
             value='{old}' for run ID='{run_id}'. Attempted logging new value '{new}'."
        ))),
    }
}

/// Logs params with different keys.
pub fn log(db: &mut Db, run_id: &str, params: &[(&str, &str)]) -> Result<()> {
    let conflicts = insert(db, run_id, params)?;
    if conflicts.is_empty() {
        return Ok(());
    }
    let conflicts: Vec<String> = conflicts
        .iter()
        .map(|Conflict { key, old, new }| {
            format!(
                "{{'key': {}, 'old_value': {}, 'new_value': {}}}",
                repr(key),
                repr(old),
                repr(new)
            )
        })
        .collect();
    Err(Error::invalid_parameter(format!(
        "Changing param values is not allowed. Params were already logged='[{}]' for run ID='{run_id}'.",
        conflicts.join(", ")
    )))
}

struct InsertParam;

impl Statement for InsertParam {
    const BEFORE_VALUES: &'static str = "INSERT INTO params (key, value, run_uuid) VALUES (";
    const AFTER_VALUES: &'static str = ") ON CONFLICT DO NOTHING";
}

struct InsertParams;

impl Statement for InsertParams {
    const BEFORE_VALUES: &'static str =
        "INSERT INTO params (key, value, run_uuid) SELECT * FROM unnest(";
    const AFTER_VALUES: &'static str = ") ON CONFLICT DO NOTHING";
}

/// Inserts what is not there. Only when something was, its value is looked at.
fn insert<'a>(
    db: &mut Db,
    run_id: &str,
    params: &[(&'a str, &'a str)],
) -> Result<Vec<Conflict<'a>>> {
    if params.is_empty() {
        return Ok(Vec::new());
    }
    let pairs: Vec<PairOfRun> = params
        .iter()
        .map(|&(key, value)| PairOfRun { run_id, key, value })
        .collect();
    let inserted = run_for_pairs::<InsertParam, InsertParams>(db, &pairs)?;
    if inserted == params.len() {
        return Ok(Vec::new());
    }
    let keys: Vec<&str> = params.iter().map(|(key, _)| *key).collect();
    let mut stored: HashMap<String, String> = params::table
        .filter(params::run_uuid.eq(run_id))
        .filter(params::key.eq_any(keys))
        .select((params::key, params::value))
        .load::<(String, String)>(db)?
        .into_iter()
        .collect();
    Ok(params
        .iter()
        .filter_map(|&(key, new)| {
            let old = stored.remove(key)?;
            (old != new).then_some(Conflict { key, old, new })
        })
        .collect())
}
