//! Model versions: the numbered models under a registered name. What changes their life is called
//! by [`crate::lifecycle`] only.

mod changes;
mod latest;
mod messages;
pub mod names;
mod stage;
pub mod tags;

use diesel::prelude::*;

pub use self::changes::{NewVersion, delete, find_locked, insert, transition, update};
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
        .first(db)
        .optional()?
        .ok_or_else(missing)
}

/// Where the artifacts of a version are.
pub fn download_uri(db: &mut Db, name: &str, version: &str) -> Result<Option<String>> {
    let row = find(db, name, version)?;
    Ok(row
        .storage_location
        .filter(|location| !location.is_empty())
        .or(row.source))
}

fn not_found(name: &str, version: &str) -> Error {
    Error::does_not_exist(format!(
        "Model Version (name={name}, version={version}) not found"
    ))
}
