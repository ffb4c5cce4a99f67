//! Model versions as messages: a page of them in a fixed number of queries.

use super::{Row, tags};
use crate::error::Result;
use crate::store::Db;
use crate::wire::{ModelVersion, ModelVersionStatus};

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
