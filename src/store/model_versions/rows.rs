//! Rows of model versions: looked up, and locked for a change.

use diesel::prelude::*;

use super::{DELETED, Stage};
use crate::error::{Error, Result, found};
use crate::store::in_list::in_list;
use crate::store::registered_models;
use crate::store::schema::model_versions as table;
use crate::store::statement_size::statements;
use crate::store::{Db, WORKSPACE};
use crate::validation::registry_names;
use crate::wire::ModelVersionTag;

/// A row of `model_versions`.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = table)]
pub struct ModelVersionRow {
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

/// A version that is to be created, its source checked and resolved.
#[derive(Debug, Default)]
pub struct NewVersion<'a> {
    pub name: &'a str,
    pub source: &'a str,
    pub storage_location: &'a str,
    pub run_id: Option<&'a str>,
    pub run_link: &'a str,
    pub description: &'a str,
    pub tags: &'a [ModelVersionTag],
}

impl ModelVersionRow {
    /// The address of the artifacts: where they are stored, else the source.
    pub fn location(&self) -> Option<&str> {
        self.storage_location
            .as_deref()
            .filter(|location| !location.is_empty())
            .or(self.source.as_deref())
    }

    /// The stage. What is written there and is no stage counts as none.
    pub fn stage(&self) -> Stage {
        let written = self.current_stage.as_deref().unwrap_or_default();
        Stage::parse(written).unwrap_or(Stage::None)
    }

    pub(super) fn key(&self) -> (String, i32) {
        (self.name.clone(), self.version)
    }
}

/// The row of a version that was not deleted.
pub fn find(db: &mut Db, name: &str, version: &str) -> Result<ModelVersionRow> {
    registry_names::check_model(name)?;
    let version = registry_names::version(version)?;
    let missing = || Error::model_version_not_found(name, &version.written);
    table::table
        .find((WORKSPACE, name, version.number.ok_or_else(missing)?))
        .filter(table::current_stage.ne(DELETED))
        .select(ModelVersionRow::as_select())
        .get_result(db)
        .optional()?
        .ok_or_else(missing)
}

/// The rows of all versions of a model that were not deleted.
pub fn all(db: &mut Db, name: &str) -> Result<Vec<ModelVersionRow>> {
    Ok(table::table
        .filter(table::workspace.eq(WORKSPACE))
        .filter(table::name.eq(name))
        .filter(table::current_stage.ne(DELETED))
        .order(table::version)
        .select(ModelVersionRow::as_select())
        .load(db)?)
}

/// The rows of these versions, as far as they were not deleted.
pub fn some(db: &mut Db, name: &str, versions: &[i32]) -> Result<Vec<ModelVersionRow>> {
    if let [version] = versions {
        // Mostly there is one, and then the statement is known.
        return Ok(table::table
            .find((WORKSPACE, name, version))
            .filter(table::current_stage.ne(DELETED))
            .select(ModelVersionRow::as_select())
            .load(db)?);
    }
    let mut rows = Vec::new();
    for versions in statements(versions, 1) {
        let query = table::table
            .filter(table::workspace.eq(WORKSPACE))
            .filter(table::name.eq(name))
            .filter(in_list(table::version, versions))
            .filter(table::current_stage.ne(DELETED))
            .order(table::version)
            .select(ModelVersionRow::as_select());
        rows.extend(query.load::<ModelVersionRow>(db)?);
    }
    Ok(rows)
}

/// The numbers of a model's versions in a stage.
pub fn in_stage(db: &mut Db, name: &str, stage: Stage) -> Result<Vec<i32>> {
    Ok(table::table
        .filter(table::workspace.eq(WORKSPACE))
        .filter(table::name.eq(name))
        .filter(table::current_stage.eq(stage.as_str()))
        .order(table::version)
        .select(table::version)
        .load(db)?)
}

/// The rows of a model's versions in a stage.
pub fn rows_in_stage(db: &mut Db, name: &str, stage: Stage) -> Result<Vec<ModelVersionRow>> {
    Ok(table::table
        .filter(table::workspace.eq(WORKSPACE))
        .filter(table::name.eq(name))
        .filter(table::current_stage.eq(stage.as_str()))
        .order(table::version)
        .select(ModelVersionRow::as_select())
        .load(db)?)
}

/// The numbers and stages of all versions of a model that are neither archived nor deleted.
pub fn active(db: &mut Db, name: &str) -> Result<Vec<(i32, Option<String>)>> {
    Ok(table::table
        .filter(table::workspace.eq(WORKSPACE))
        .filter(table::name.eq(name))
        .filter(table::current_stage.ne(Stage::Archived.as_str()))
        .filter(table::current_stage.ne(DELETED))
        .order(table::version)
        .select((table::version, table::current_stage))
        .load(db)?)
}

/// Where the artifacts of a version are.
pub fn download_uri(db: &mut Db, name: &str, version: &str) -> Result<Option<String>> {
    Ok(find(db, name, version)?.location().map(str::to_owned))
}

/// Returns the row of a version that exists, read when no other change of its model is under way any more.
pub fn row_locked(db: &mut Db, name: &str, version: &str) -> Result<ModelVersionRow> {
    registry_names::check_model(name)?;
    registry_names::version(version)?;
    // Of a model that is not there, MLflow says that the version is not.
    found(registered_models::lock(db, name))?;
    find(db, name, version)
}
