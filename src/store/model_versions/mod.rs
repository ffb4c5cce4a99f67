//! Model versions: the numbered models under a registered name. What changes their life is called
//! by [`crate::lifecycle`] only.

mod changes;
mod latest;
mod messages;
pub mod names;
mod of_pairs;
mod rows;
mod stage;
pub mod tags;

pub use self::changes::{
    Made, NewVersion, delete, insert, put_in_stage, set_status_message, update,
};
pub use self::latest::{latest, latest_of_stages, latest_versions, newest};
pub use self::messages::assemble;
use self::rows::not_found;
pub use self::rows::{
    COLUMNS, Row, active, all, download_uri, find, find_locked, in_stage, row_locked, some,
};
pub use self::stage::{DELETED, Stage};
use super::Db;
use super::registered_models::aliases;
use crate::error::Result;
use crate::wire::ModelVersion;

/// A version with its tags and aliases.
pub fn get(db: &mut Db, name: &str, version: &str) -> Result<ModelVersion> {
    let row = find(db, name, version)?;
    let mut versions = assemble(db, vec![row])?;
    aliases::add_to(db, name, &mut versions)?;
    versions.pop().ok_or_else(|| not_found(name, version))
}
