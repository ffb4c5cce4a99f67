//! Versions that are kept by retention or legal holds. Triggers in the database refuse to shorten the term of a row,
//! and to release it early.

#![expect(
    clippy::ref_option_ref,
    reason = "Diesel's derive takes references to the fields"
)]

use std::fmt::Write;

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::error::Result;
use crate::store::WORKSPACE;
use crate::store::in_list::in_list;
use crate::store::model_versions::DELETED;
use crate::store::schema::{
    flowkeep_legal_holds as holds, flowkeep_models as models, flowkeep_retained as table,
    model_versions as versions,
};
use crate::store::statement_size::statements;
use crate::store::{Condition, Db, on_backend};

/// A row of `flowkeep_retained`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = table)]
pub struct RetainedRow {
    pub id: i64,
    pub model_id: String,
    pub version: i32,
    /// What the model is called now.
    pub name: String,
    pub run_id: Option<String>,
    pub logged_model_id: Option<String>,
    pub run_experiment_id: Option<i32>,
    pub model_experiment_id: Option<i32>,
    pub address: Option<String>,
    pub archived_at: Option<i64>,
    pub keep_until: Option<i64>,
    pub released_at: Option<i64>,
}

/// A row that is to be added to `flowkeep_retained`.
#[derive(Clone, Debug, Default, Insertable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
pub struct NewRetainedRow<'a> {
    pub model_id: &'a str,
    pub version: i32,
    pub name: &'a str,
    pub run_id: Option<&'a str>,
    pub logged_model_id: Option<&'a str>,
    pub run_experiment_id: Option<i32>,
    pub model_experiment_id: Option<i32>,
    pub address: Option<&'a str>,
    pub archived_at: Option<i64>,
    pub keep_until: Option<i64>,
}

/// From when and until when a version is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    pub archived_at: i64,
    pub keep_until: i64,
}

/// An object that can be deleted, unless a kept version is this object or needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletable<'a> {
    Version(&'a str, i32),
    Model(&'a str),
    Run(&'a str),
    LoggedModel(&'a str),
    Experiment(i32),
}

impl Deletable<'_> {
    fn condition(self) -> Condition<table::table> {
        match self {
            Self::Version(name, version) => Box::new(
                table::name
                    .eq(name.to_owned())
                    .and(table::version.eq(version)),
            ),
            Self::Model(name) => Box::new(table::name.eq(name.to_owned())),
            Self::Run(id) => Box::new(table::run_id.eq(id.to_owned()).assume_not_null()),
            Self::LoggedModel(id) => {
                Box::new(table::logged_model_id.eq(id.to_owned()).assume_not_null())
            }
            Self::Experiment(id) => Box::new(
                table::run_experiment_id
                    .eq(id)
                    .or(table::model_experiment_id.eq(id))
                    .assume_not_null(),
            ),
        }
    }
}

/// Adds rows.
pub fn insert(db: &mut Db, rows: &[NewRetainedRow]) -> Result<()> {
    for rows in statements(rows, 10) {
        on_backend!(db, |connection| diesel::insert_into(table::table)
            .values(rows)
            .execute(connection))?;
    }
    Ok(())
}

/// The rows of versions that are not released, whether or not their time has passed.
pub fn live(db: &mut Db, model_id: &str, versions: &[i32]) -> Result<Vec<RetainedRow>> {
    let mut found = Vec::new();
    for versions in statements(versions, 1) {
        let query = table::table
            .filter(table::model_id.eq(model_id))
            .filter(in_list(table::version, versions))
            .filter(table::released_at.is_null())
            .order(table::version)
            .select(RetainedRow::as_select());
        found.extend(query.load(db)?);
    }
    Ok(found)
}

/// Returns the version that currently forbids a deletion, if there is one: of several, the one that is kept longest.
pub fn protecting(db: &mut Db, deletable: Deletable, now_ms: i64) -> Result<Option<RetainedRow>> {
    Ok(table::table
        .filter(deletable.condition())
        .filter(table::released_at.is_null())
        .filter(table::keep_until.gt(now_ms).assume_not_null().or(is_held()))
        .order((table::keep_until.desc(), table::id))
        .select(RetainedRow::as_select())
        .first(db)
        .optional()?)
}

/// Returns an existing version that needs this for as long as it is not deleted.
pub fn needing(db: &mut Db, deletable: Deletable) -> Result<Option<RetainedRow>> {
    Ok(table::table
        .filter(deletable.condition())
        .filter(table::released_at.is_null())
        .filter(is_there())
        .order(table::id)
        .select(RetainedRow::as_select())
        .first(db)
        .optional()?)
}

/// Rows whose time has passed and whose version was deleted by somebody who knows nothing of them.
pub fn abandoned(db: &mut Db, now_ms: i64) -> Result<Vec<RetainedRow>> {
    Ok(table::table
        .filter(table::released_at.is_null())
        .filter(table::keep_until.is_null().or(table::keep_until.le(now_ms)))
        .filter(not(is_held()))
        .filter(not(is_there()))
        .order(table::id)
        .select(RetainedRow::as_select())
        .load(db)?)
}

/// Whether the version of a row is there.
fn is_there() -> Condition<table::table> {
    Box::new(exists(
        versions::table
            .filter(versions::workspace.eq(WORKSPACE))
            .filter(versions::name.eq(table::name))
            .filter(versions::version.eq(table::version))
            .filter(versions::current_stage.ne(DELETED)),
    ))
}

/// Whether a hold lies on it.
fn is_held() -> Condition<table::table> {
    Box::new(exists(
        holds::table
            .filter(holds::retained_id.eq(table::id))
            .filter(holds::lifted_at.is_null()),
    ))
}

/// Rows that are not released, after an id.
pub fn page(db: &mut Db, model: Option<&str>, after: i64, limit: i64) -> Result<Vec<RetainedRow>> {
    let mut query = table::table
        .filter(table::id.gt(after))
        .filter(table::released_at.is_null())
        .into_boxed();
    if let Some(model) = model {
        query = query.filter(table::name.eq(model));
    }
    Ok(query
        .order(table::id)
        .limit(limit)
        .select(RetainedRow::as_select())
        .load(db)?)
}

/// All retentions that have begun and are not released, of models that are still there.
pub fn begun(db: &mut Db) -> Result<Vec<RetainedRow>> {
    let known = models::table
        .filter(models::model_id.eq(table::model_id))
        .filter(models::name.eq(table::name));
    Ok(table::table
        .filter(table::released_at.is_null())
        .filter(table::keep_until.is_not_null())
        .filter(exists(known))
        .order(table::id)
        .select(RetainedRow::as_select())
        .load(db)?)
}

/// A later term for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    pub id: i64,
    pub term: Term,
}

/// Gives rows a later term.
pub fn extend(db: &mut Db, extensions: &[Extension]) -> Result<()> {
    for extensions in statements(extensions, 16) {
        let mut values = String::new();
        for Extension { id, term } in extensions {
            let comma = if values.is_empty() { "" } else { ", " };
            // Writing to a String cannot fail. They are numbers, so that nothing needs to be quoted.
            let _ = write!(
                values,
                "{comma}({id}, {}, {})",
                term.archived_at, term.keep_until
            );
        }
        diesel::sql_query(format!(
            "UPDATE flowkeep_retained SET archived_at = term.column2, keep_until = term.column3 \
             FROM (VALUES {values}) AS term WHERE id = term.column1"
        ))
        .execute(db)?;
    }
    Ok(())
}

/// Releases rows. The database refuses it before their term has ended.
pub fn release(db: &mut Db, ids: &[i64], now_ms: i64) -> Result<()> {
    for ids in statements(ids, 1) {
        diesel::update(table::table)
            .filter(in_list(table::id, ids))
            .filter(table::released_at.is_null())
            .set(table::released_at.eq(now_ms))
            .execute(db)?;
    }
    Ok(())
}
