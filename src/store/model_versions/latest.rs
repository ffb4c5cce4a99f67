//! The newest versions of models, by stage.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{Row, Stage, assemble};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::registered_models::{self, WORKSPACE, aliases};
use crate::wire::ModelVersion;

/// SQLite binds at most 32,766 values in a statement.
const NAMES_PER_STATEMENT: usize = 10_000;

/// The newest version in each stage of each of the models. Those of one model come in the order in
/// which its stages had their first versions.
pub fn latest_of_stages(db: &mut Db, names: &[String]) -> Result<Vec<ModelVersion>> {
    let mut rows: Vec<Row> = Vec::new();
    for names in names.chunks(NAMES_PER_STATEMENT) {
        let parameters: Vec<String> = (1..=names.len())
            .map(|number| format!("${number}"))
            .collect();
        // Looks up the ends of each stage in an index: it does not matter how many versions there are.
        let query = format!(
            "SELECT version.* FROM (\
               SELECT model.name AS model_name, \
                 (SELECT MIN(version) FROM model_versions WHERE workspace = '{WORKSPACE}' \
                    AND name = model.name AND current_stage = stage.column1) AS first, \
                 (SELECT MAX(version) FROM model_versions WHERE workspace = '{WORKSPACE}' \
                    AND name = model.name AND current_stage = stage.column1) AS last \
               FROM registered_models model \
               CROSS JOIN (VALUES ('None'), ('Staging'), ('Production'), ('Archived')) AS stage \
               WHERE model.workspace = '{WORKSPACE}' AND model.name IN ({})\
             ) AS ends \
             JOIN model_versions version ON version.workspace = '{WORKSPACE}' \
               AND version.name = ends.model_name AND version.version = ends.last \
             ORDER BY ends.model_name, ends.first",
            parameters.join(", ")
        );
        let mut query = diesel::sql_query(query).into_boxed();
        for name in names {
            query = query.bind::<Text, _>(name);
        }
        rows.extend(query.load::<Row>(db)?);
    }
    assemble(db, rows)
}

/// The newest versions of one model in these stages, or in each stage where none are given.
pub fn latest_versions(db: &mut Db, name: &str, stages: &[String]) -> Result<Vec<ModelVersion>> {
    registered_models::check_exists(db, name)?;
    let stages = stages
        .iter()
        .map(|stage| Stage::parse(stage).map(Stage::as_str))
        .collect::<Result<Vec<_>>>()?;
    let mut versions = latest_of_stages(db, &[name.to_owned()])?;
    versions.retain(|version| stages.is_empty() || stages.contains(&version.current_stage()));
    aliases::add_to(db, name, &mut versions)?;
    Ok(versions)
}

/// The newest version of a model, whatever its stage.
pub fn latest(db: &mut Db, name: &str) -> Result<ModelVersion> {
    newest(latest_versions(db, name, &[])?)
        .ok_or_else(|| Error::does_not_exist(format!("Latest version not found for model {name}.")))
}

/// The one with the highest number.
pub fn newest(versions: Vec<ModelVersion>) -> Option<ModelVersion> {
    versions
        .into_iter()
        .max_by_key(|version| version.version().parse::<i32>().ok())
}
