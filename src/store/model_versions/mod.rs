//! Model versions: the numbered models under a registered name. What changes their life is called
//! by [`crate::lifecycle`] only.

mod changes;
mod latest;
mod messages;
pub mod names;
mod of_pairs;
mod stage;
pub mod tags;

use diesel::prelude::*;

pub use self::changes::{
    Made, NewVersion, delete, find_locked, insert, put_in_stage, row_locked, set_status_message,
    update,
};
pub use self::latest::{latest, latest_of_stages, latest_versions, newest};
pub use self::messages::{COLUMNS, Row, assemble};
pub use self::stage::{DELETED, Stage};
use super::Db;
use super::registered_models::{WORKSPACE, aliases};
use super::schema::model_versions as table;
use crate::error::{Error, Result};
use crate::wire::ModelVersion;

/// A version with its tags and aliases.
pub fn get(db: &mut Db, name: &str, version: &str) -> Result<ModelVersion> {
    let row = find(db, name, version)?;
    let mut versions = assemble(db, vec![row])?;
    aliases::add_to(db, name, &mut versions)?;
    versions.pop().ok_or_else(|| not_found(name, version))
}

/// The row of a version that was not deleted.
pub fn find(db: &mut Db, name: &str, version: &str) -> Result<Row> {
    names::check_model(name)?;
    let version = names::version(version)?;
    let missing = || not_found(name, &version.written);
    table::table
        .find((WORKSPACE, name, version.number.ok_or_else(missing)?))
        .filter(table::current_stage.ne(DELETED))
        .select(COLUMNS)
        .get_result(db)
        .optional()?
        .ok_or_else(missing)
}

/// The rows of all versions of a model that were not deleted.
pub fn all(db: &mut Db, name: &str) -> Result<Vec<Row>> {
    Ok(table::table
        .filter(table::workspace.eq(WORKSPACE))
        .filter(table::name.eq(name))
        .filter(table::current_stage.ne(DELETED))
        .order(table::version)
        .select(COLUMNS)
        .load(db)?)
}

/// The rows of these versions, as far as they were not deleted.
pub fn some(db: &mut Db, name: &str, versions: &[i32]) -> Result<Vec<Row>> {
    if let [version] = versions {
        // Mostly there is one, and then the statement is known.
        return Ok(table::table
            .find((WORKSPACE, name, version))
            .filter(table::current_stage.ne(DELETED))
            .select(COLUMNS)
            .load(db)?);
    }
    Ok(table::table
        .filter(table::workspace.eq(WORKSPACE))
        .filter(table::name.eq(name))
        .filter(table::version.eq_any(versions))
        .filter(table::current_stage.ne(DELETED))
        .order(table::version)
        .select(COLUMNS)
        .load(db)?)
}

/// The numbers of a model's versions in a stage.
pub fn in_stage(db: &mut Db, name: &str, stage: Stage) -> Result<Vec<i32>> {
    Ok(table::table
        .filter(table::workspace.eq(WORKSPACE))
        .filter(table::name.eq(name))
        .filter(table::current_stage.eq(stage.as_str()))
        .order(table::version)
        .select(table::version)
        .load(db)?)
}

/// The numbers and stages of all versions of a model that are neither archived nor deleted.
pub fn active(db: &mut Db, name: &str) -> Result<Vec<(i32, Option<String>)>> {
    Ok(table::table
        .filter(table::workspace.eq(WORKSPACE))
        .filter(table::name.eq(name))
        .filter(table::current_stage.ne(Stage::Archived.as_str()))
        .filter(table::current_stage.ne(DELETED))
        .order(table::version)
        .select((table::version, table::current_stage))
        .load(db)?)
}

/// Where the artifacts of a version are.
pub fn download_uri(db: &mut Db, name: &str, version: &str) -> Result<Option<String>> {
    Ok(find(db, name, version)?.location())
}

fn not_found(name: &str, version: &str) -> Error {
    Error::does_not_exist(format!(
        "Model Version (name={name}, version={version}) not found"
    ))
}
