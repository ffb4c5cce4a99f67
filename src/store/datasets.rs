//! The data sets of experiments: one row for each name and digest.

use std::collections::HashMap;

use diesel::prelude::*;
use uuid::Uuid;

use super::in_list::in_list;
use super::schema::{datasets, input_tags, inputs};
use super::statement_size::statements;
use super::{Db, on_backend};
use crate::error::Result;
use crate::wire::{Dataset, DatasetSummary};

/// Returns data sets by their ids. Ids of no data set are left out.
pub fn by_id(db: &mut Db, dataset_ids: &[&str]) -> Result<HashMap<String, Dataset>> {
    let mut found = HashMap::new();
    for dataset_ids in statements(dataset_ids, 1) {
        let rows: Vec<DatasetRow> = datasets::table
            .filter(in_list(datasets::dataset_uuid, dataset_ids))
            .load(db)?;
        found.extend(rows.into_iter().map(|row| {
            let dataset = Dataset {
                name: Some(row.name),
                digest: Some(row.digest),
                source_type: Some(row.source_type),
                source: Some(row.source),
                schema: row.schema.filter(|schema| !schema.is_empty()),
                profile: row.profile.filter(|profile| !profile.is_empty()),
            };
            (row.dataset_id, dataset)
        }));
    }
    Ok(found)
}

#[derive(Queryable)]
struct DatasetRow {
    dataset_id: String,
    _experiment_id: i32,
    name: String,
    digest: String,
    source_type: String,
    source: String,
    schema: Option<String>,
    profile: Option<String>,
}

/// Adds the data sets that an experiment does not have yet, and returns the ids of all of them by name and digest.
/// Existing data sets are not changed. The caller limits the number of data sets to what one statement can bind.
pub fn ensure(
    db: &mut Db,
    experiment_id: i32,
    wanted: &[&Dataset],
) -> Result<HashMap<(String, String), String>> {
    let known = ids_of(db, experiment_id, wanted)?;
    let rows: Vec<_> = wanted
        .iter()
        .filter(|dataset| !known.contains_key(&key(dataset)))
        .map(|dataset| {
            (
                datasets::dataset_uuid.eq(Uuid::new_v4().simple().to_string()),
                datasets::experiment_id.eq(experiment_id),
                datasets::name.eq(dataset.name()),
                datasets::digest.eq(dataset.digest()),
                datasets::dataset_source_type.eq(dataset.source_type()),
                datasets::dataset_source.eq(dataset.source()),
                datasets::dataset_schema.eq(dataset.schema.as_deref()),
                datasets::dataset_profile.eq(dataset.profile.as_deref()),
            )
        })
        .collect();
    if rows.is_empty() {
        return Ok(known);
    }
    on_backend!(db, |connection| diesel::insert_into(datasets::table)
        .values(&rows)
        .on_conflict_do_nothing()
        .execute(connection))?;
    // Read again: another request may have been the one that added a data set.
    ids_of(db, experiment_id, wanted)
}

fn ids_of(
    db: &mut Db,
    experiment_id: i32,
    wanted: &[&Dataset],
) -> Result<HashMap<(String, String), String>> {
    let rows: Vec<(String, String, String)> = datasets::table
        .filter(datasets::experiment_id.eq(experiment_id))
        .filter(datasets::name.eq_any(wanted.iter().map(|dataset| dataset.name())))
        .filter(datasets::digest.eq_any(wanted.iter().map(|dataset| dataset.digest())))
        .select((datasets::name, datasets::digest, datasets::dataset_uuid))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(name, digest, dataset_id)| ((name, digest), dataset_id))
        .collect())
}

fn key(dataset: &Dataset) -> (String, String) {
    (dataset.name().to_owned(), dataset.digest().to_owned())
}

/// Returns the data sets that runs of the experiments have used, once for each context in which they did: at most 1,000.
pub fn search(db: &mut Db, experiment_ids: &[i32]) -> Result<Vec<DatasetSummary>> {
    const MOST_SUMMARIES: i64 = 1_000;
    const CONTEXT_TAG: &str = "mlflow.data.context";

    let context = input_tags::input_uuid
        .eq(inputs::input_uuid)
        .and(input_tags::name.eq(CONTEXT_TAG));
    let rows: Vec<(i32, String, String, Option<String>)> = datasets::table
        .inner_join(inputs::table.on(inputs::source_id.eq(datasets::dataset_uuid)))
        .left_join(input_tags::table.on(context))
        .filter(in_list(datasets::experiment_id, experiment_ids))
        .order((
            datasets::experiment_id,
            datasets::name,
            datasets::digest,
            input_tags::value.nullable(),
        ))
        .select((
            datasets::experiment_id,
            datasets::name,
            datasets::digest,
            input_tags::value.nullable(),
        ))
        .distinct()
        .limit(MOST_SUMMARIES)
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(experiment_id, name, digest, context)| DatasetSummary {
            experiment_id: Some(experiment_id.to_string()),
            name: Some(name),
            digest: Some(digest),
            context,
        })
        .collect())
}
