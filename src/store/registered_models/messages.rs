//! Registered models as messages: a page of them in a fixed number of queries.

use std::collections::HashMap;

use super::aliases::distribute;
use super::{RegisteredModelRow, aliases, tags};
use crate::error::Result;
use crate::store::Db;
use crate::store::model_versions;
use crate::wire::{ModelVersion, RegisteredModel};

/// The messages of these rows, in their order, with the latest version of each stage, tags and
/// aliases.
pub fn assemble(db: &mut Db, rows: Vec<RegisteredModelRow>) -> Result<Vec<RegisteredModel>> {
    let names: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
    let mut aliases = aliases::of_models(db, &names)?;
    let mut versions = model_versions::latest_of_stages(db, &names)?;
    distribute(&aliases, &mut versions);
    let mut latest: HashMap<String, Vec<ModelVersion>> = HashMap::new();
    for version in versions {
        latest
            .entry(version.name().to_owned())
            .or_default()
            .push(version);
    }
    let mut tags = tags::of_models(db, &names)?;
    Ok(rows
        .into_iter()
        .map(|row| RegisteredModel {
            latest_versions: latest.remove(&row.name).unwrap_or_default(),
            tags: tags.remove(&row.name).unwrap_or_default(),
            aliases: aliases.remove(&row.name).unwrap_or_default(),
            name: Some(row.name),
            creation_timestamp: row.creation_time,
            last_updated_timestamp: row.last_updated_time,
            description: row
                .description
                .filter(|description| !description.is_empty()),
            ..RegisteredModel::default()
        })
        .collect())
}
