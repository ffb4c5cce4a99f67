//! Model versions: the numbered models under a registered name. What changes their life is called
//! by [`crate::lifecycle`] only.

mod at_once;
mod changes;
mod latest;
mod messages;
mod of_pairs;
mod rows;
mod stage;
mod statements;
pub mod tags;

pub use self::at_once::VersionToChange;
pub use self::changes::{
    InsertedVersion, delete, insert, put_in_stage, set_status_message, update,
};
pub use self::latest::{latest, latest_of_stages, latest_versions, newest};
pub use self::messages::{assemble, with_tags_and_aliases};
pub use self::rows::{
    ModelVersionRow, NewVersion, active, all, download_uri, find, in_stage, row_locked,
    rows_in_stage, some,
};
pub use self::stage::{DELETED, Stage};
use super::Db;
use crate::error::Result;
use crate::wire::ModelVersion;

/// A version with its tags and aliases.
pub fn get(db: &mut Db, name: &str, version: &str) -> Result<ModelVersion> {
    let row = find(db, name, version)?;
    with_tags_and_aliases(db, row)
}
