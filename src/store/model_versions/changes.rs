//! What changes the life of a version.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::messages::message_of;
use super::{DELETED, ModelVersionRow, NewVersion, Stage, statements, tags, with_tags_and_aliases};
use crate::error::{Error, Result};
use crate::store::in_list::in_list;
use crate::store::registered_models::{self, aliases};
use crate::store::schema::model_versions as table;
use crate::store::statement_size::statements as parts;
use crate::store::{Db, WORKSPACE};
use crate::wire::{ModelVersion, ModelVersionStatus, ModelVersionTag};

/// A version that was just made. It has no alias yet.
pub struct InsertedVersion {
    pub row: ModelVersionRow,
    pub version: ModelVersion,
}

/// Creates a version with the next number of its model, which is locked. Numbers of deleted versions do not return.
pub fn insert(db: &mut Db, new: &NewVersion, now_ms: i64) -> Result<InsertedVersion> {
    // Where a key is given twice, the last value counts.
    let tags: BTreeMap<&str, &str> = new
        .tags
        .iter()
        .map(|tag| (tag.key(), tag.value()))
        .collect();
    let number = match db {
        Db::Postgres(connection) => statements::insert(connection, new, &tags, now_ms)?,
        Db::Sqlite(_) => insert_step_by_step(db, new, now_ms)?,
    };
    let version = number.ok_or_else(|| {
        Error::invalid_parameter(format!("Model {} can have no more versions.", new.name))
    })?;
    let row = new.row(version, now_ms);
    let tags = tags.into_iter().map(|(key, value)| ModelVersionTag {
        key: Some(key.to_owned()),
        value: Some(value.to_owned()),
    });
    Ok(InsertedVersion {
        version: message_of(row.clone(), tags.collect()),
        row,
    })
}

/// Returns the number of the version; `None` if there is none left.
fn insert_step_by_step(db: &mut Db, new: &NewVersion, now_ms: i64) -> Result<Option<i32>> {
    registered_models::touch(db, new.name, now_ms)?;
    let last: Option<i32> = table::table
        .filter(table::workspace.eq(WORKSPACE))
        .filter(table::name.eq(new.name))
        .select(diesel::dsl::max(table::version))
        .get_result(db)?;
    let Some(version) = last.unwrap_or(0).checked_add(1) else {
        return Ok(None);
    };
    let row = (
        table::name.eq(new.name),
        table::version.eq(version),
        table::creation_time.eq(now_ms),
        table::last_updated_time.eq(now_ms),
        table::description.eq(new.description),
        table::current_stage.eq(Stage::None.as_str()),
        table::source.eq(new.source),
        table::storage_location.eq(new.storage_location),
        table::run_id.eq(new.run_id),
        table::run_link.eq(new.run_link),
        table::status.eq(ModelVersionStatus::Ready.as_str_name()),
        table::workspace.eq(WORKSPACE),
    );
    diesel::insert_into(table::table).values(row).execute(db)?;
    tags::insert(db, new.name, version, new.tags)?;
    Ok(Some(version))
}

impl NewVersion<'_> {
    /// The row that the version gets.
    fn row(&self, version: i32, now_ms: i64) -> ModelVersionRow {
        ModelVersionRow {
            name: self.name.to_owned(),
            version,
            creation_time: Some(now_ms),
            last_updated_time: Some(now_ms),
            description: Some(self.description.to_owned()),
            user_id: None,
            current_stage: Some(Stage::None.as_str().to_owned()),
            source: Some(self.source.to_owned()),
            run_id: self.run_id.map(str::to_owned),
            status: Some(ModelVersionStatus::Ready.as_str_name().to_owned()),
            status_message: None,
            run_link: Some(self.run_link.to_owned()),
            storage_location: Some(self.storage_location.to_owned()),
        }
    }
}

/// Gives a version another description, and returns it as it is then.
pub fn update(
    db: &mut Db,
    mut row: ModelVersionRow,
    description: Option<&str>,
    now_ms: i64,
) -> Result<ModelVersion> {
    diesel::update(table::table.find((WORKSPACE, &row.name, row.version)))
        .set((
            table::description.eq(description),
            table::last_updated_time.eq(now_ms),
        ))
        .execute(db)?;
    row.description = description.map(str::to_owned);
    row.last_updated_time = Some(now_ms);
    with_tags_and_aliases(db, row)
}

/// Puts versions of a model that is locked into a stage.
pub fn put_in_stage(
    db: &mut Db,
    name: &str,
    versions: &[i32],
    stage: Stage,
    now_ms: i64,
) -> Result<()> {
    if let Db::Postgres(connection) = db {
        return Ok(statements::put_in_stage(
            connection, name, versions, stage, now_ms,
        )?);
    }
    for versions in parts(versions, 1) {
        diesel::update(table::table)
            .filter(table::workspace.eq(WORKSPACE))
            .filter(table::name.eq(name))
            .filter(in_list(table::version, versions))
            .set((
                table::current_stage.eq(stage.as_str()),
                table::last_updated_time.eq(now_ms),
            ))
            .execute(db)?;
    }
    registered_models::touch(db, name, now_ms)
}

/// Keeps what there is to say of the status of a version.
pub fn set_status_message(db: &mut Db, name: &str, version: i32, message: &str) -> Result<()> {
    diesel::update(table::table.find((WORKSPACE, name, version)))
        .set(table::status_message.eq(message))
        .execute(db)?;
    Ok(())
}

/// Deletes a version of a model that is locked. Its row stays without what it said, so that its number is
/// not given again.
pub fn delete(db: &mut Db, name: &str, version: i32, now_ms: i64) -> Result<()> {
    registered_models::touch(db, name, now_ms)?;
    aliases::delete_of_version(db, name, version)?;
    diesel::update(table::table.find((WORKSPACE, name, version)))
        .set((
            table::current_stage.eq(DELETED),
            table::last_updated_time.eq(now_ms),
            table::description.eq(None::<String>),
            table::user_id.eq(None::<String>),
            table::source.eq("REDACTED-SOURCE-PATH"),
            table::run_id.eq("REDACTED-RUN-ID"),
            table::run_link.eq("REDACTED-RUN-LINK"),
            table::status_message.eq(None::<String>),
        ))
        .execute(db)?;
    Ok(())
}
