//! Model versions as messages: a page of them in a fixed number of queries.

use super::{ModelVersionRow, tags};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::registered_models::aliases;
use crate::wire::{ModelVersion, ModelVersionStatus, ModelVersionTag};

/// The messages of these rows, in their order, with tags and aliases.
pub fn assemble(db: &mut Db, rows: Vec<ModelVersionRow>) -> Result<Vec<ModelVersion>> {
    let mut versions = with_tags(db, rows)?;
    aliases::add_to(db, &mut versions)?;
    Ok(versions)
}

/// The same without aliases, for callers that know them already.
pub fn with_tags(db: &mut Db, rows: Vec<ModelVersionRow>) -> Result<Vec<ModelVersion>> {
    let keys: Vec<(String, i32)> = rows.iter().map(ModelVersionRow::key).collect();
    let mut tags = tags::of_versions(db, &keys)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let tags = tags.remove(&row.key()).unwrap_or_default();
            message_of(row, tags)
        })
        .collect())
}

/// The message of a row with its tags. It has no aliases yet.
pub fn message_of(row: ModelVersionRow, tags: Vec<ModelVersionTag>) -> ModelVersion {
    ModelVersion {
        tags,
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
    }
}

/// The message of a row that was read, with its tags and aliases.
pub fn with_tags_and_aliases(db: &mut Db, row: ModelVersionRow) -> Result<ModelVersion> {
    let (name, number) = (row.name.clone(), row.version);
    assemble(db, vec![row])?
        .pop()
        .ok_or_else(|| Error::model_version_not_found(&name, &number.to_string()))
}
