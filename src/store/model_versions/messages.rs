//! Model versions as messages: a page of them in a fixed number of queries.

use diesel::prelude::*;

use super::tags;
use crate::error::Result;
use crate::store::Db;
use crate::store::schema::model_versions as table;
use crate::wire::{ModelVersion, ModelVersionStatus};

pub const COLUMNS: Columns = (
    table::name,
    table::version,
    table::creation_time,
    table::last_updated_time,
    table::description,
    table::user_id,
    table::current_stage,
    table::source,
    table::run_id,
    table::status,
    table::status_message,
    table::run_link,
    table::storage_location,
);

pub type Columns = (
    table::name,
    table::version,
    table::creation_time,
    table::last_updated_time,
    table::description,
    table::user_id,
    table::current_stage,
    table::source,
    table::run_id,
    table::status,
    table::status_message,
    table::run_link,
    table::storage_location,
);

/// What [`COLUMNS`] select.
#[derive(Clone, Queryable)]
pub struct Row {
    pub name: String,
    pub version: i32,
    pub creation_time: Option<i64>,
    pub last_updated_time: Option<i64>,
    pub description: Option<String>,
    pub user_id: Option<String>,
    pub current_stage: Option<String>,
    pub source: Option<String>,
    pub run_id: Option<String>,
    pub status: Option<String>,
    pub status_message: Option<String>,
    pub run_link: Option<String>,
    pub storage_location: Option<String>,
}

impl Row {
    /// Where the artifacts are.
    pub fn location(self) -> Option<String> {
        self.storage_location
            .filter(|location| !location.is_empty())
            .or(self.source)
    }

    fn key(&self) -> (String, i32) {
        (self.name.clone(), self.version)
    }
}

/// The messages of these rows, in their order, with tags. Aliases are in the replies about single
/// versions only: see [`super::aliases::add_to`].
pub fn assemble(db: &mut Db, rows: Vec<Row>) -> Result<Vec<ModelVersion>> {
    let keys: Vec<(String, i32)> = rows.iter().map(Row::key).collect();
    let mut tags = tags::of_versions(db, &keys)?;
    Ok(rows
        .into_iter()
        .map(|row| ModelVersion {
            tags: tags.remove(&row.key()).unwrap_or_default(),
            name: Some(row.name),
            version: Some(row.version.to_string()),
            creation_timestamp: row.creation_time,
            last_updated_timestamp: row.last_updated_time,
            user_id: row.user_id,
            current_stage: row.current_stage,
            description: row.description,
            source: row.source,
            run_id: row.run_id,
            status: row
                .status
                .and_then(|status| ModelVersionStatus::from_str_name(&status))
                .map(i32::from),
            status_message: row.status_message.filter(|message| !message.is_empty()),
            run_link: row.run_link,
            ..ModelVersion::default()
        })
        .collect())
}
