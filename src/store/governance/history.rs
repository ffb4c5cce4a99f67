//! The log of decisions. Rows are added, and never changed or removed.

#![expect(
    clippy::ref_option_ref,
    reason = "Diesel's derive takes references to the fields"
)]

use diesel::prelude::*;

use crate::error::Result;
use crate::store::in_list::in_list;
use crate::store::schema::flowkeep_history as table;
use crate::store::search::{VisibleModels, history_entries};
use crate::store::statement_size::statements;
use crate::store::{Db, on_backend};

/// A row that is to be added to `flowkeep_history`.
#[derive(Insertable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
pub struct NewHistoryRow<'a> {
    pub time_ms: i64,
    pub actor: &'a str,
    pub claimed: Option<&'a str>,
    pub action: &'a str,
    pub outcome: &'a str,
    pub model: Option<&'a str>,
    pub model_id: Option<&'a str>,
    pub version: Option<i32>,
    pub stage: Option<&'a str>,
    pub alias: Option<&'a str>,
    pub before: Option<String>,
    pub after: Option<String>,
    pub policy: Option<&'a str>,
    pub policy_hash: Option<&'a str>,
    pub report: Option<&'a str>,
    pub how: Option<&'a str>,
}

/// A row of `flowkeep_history`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = table)]
pub struct HistoryRow {
    pub id: i64,
    pub time_ms: i64,
    pub actor: String,
    pub claimed: Option<String>,
    pub action: String,
    pub outcome: String,
    pub model: Option<String>,
    pub model_id: Option<String>,
    pub version: Option<i32>,
    pub stage: Option<String>,
    pub alias: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
    pub policy: Option<String>,
    pub policy_hash: Option<String>,
    pub report: Option<String>,
    pub how: Option<String>,
}

/// Adds rows to the log.
pub fn insert(db: &mut Db, rows: &[NewHistoryRow]) -> Result<()> {
    for rows in statements(rows, 16) {
        on_backend!(db, |connection| diesel::insert_into(table::table)
            .values(rows)
            .execute(connection))?;
    }
    Ok(())
}

/// What part of the log is wanted.
#[derive(Clone, Debug, Default)]
pub struct HistoryFilter {
    /// All models that ever had this name, with what they were called before and after.
    pub model: Option<String>,
    pub version: Option<i32>,
    pub from_ms: Option<i64>,
    /// Not included.
    pub to_ms: Option<i64>,
    /// The models whose entries the reader may see; none for a reader who may see everything.
    pub visible: Option<VisibleModels>,
}

/// Entries that came after `after`, oldest first.
pub fn page(
    db: &mut Db,
    filter: &HistoryFilter,
    after: i64,
    limit: i64,
) -> Result<Vec<HistoryRow>> {
    let mut query = table::table.filter(table::id.gt(after)).into_boxed();
    if let Some(model) = &filter.model {
        let ids = ids_of_name(db, model)?;
        query = query.filter(table::model.eq(model).or(in_list(table::model_id, ids)));
    }
    if let Some(visible) = &filter.visible {
        query = query.filter(history_entries(visible));
    }
    if let Some(version) = filter.version {
        query = query.filter(table::version.eq(version));
    }
    if let Some(from) = filter.from_ms {
        query = query.filter(table::time_ms.ge(from));
    }
    if let Some(to) = filter.to_ms {
        query = query.filter(table::time_ms.lt(to));
    }
    Ok(query
        .order(table::id)
        .limit(limit)
        .select(HistoryRow::as_select())
        .load(db)?)
}

/// Whether a reader who sees these models sees the history of one.
pub fn shows(db: &mut Db, model_id: &str, visible: &VisibleModels) -> Result<bool> {
    let entry: Option<i64> = table::table
        .filter(table::model_id.eq(model_id))
        .filter(history_entries(visible))
        .select(table::id)
        .first(db)
        .optional()?;
    Ok(entry.is_some())
}

/// The ids of all models that ever had a name.
pub fn ids_of_name(db: &mut Db, name: &str) -> Result<Vec<String>> {
    Ok(table::table
        .filter(table::model.eq(name))
        .filter(table::model_id.is_not_null())
        .select(table::model_id.assume_not_null())
        .distinct()
        .load(db)?)
}

/// What one entry says about where versions and aliases are.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct HistoryStep {
    pub id: i64,
    pub action: String,
    pub model_id: String,
    pub model: String,
    pub version: Option<i32>,
    pub stage: Option<String>,
    pub alias: Option<String>,
}

/// What happened to these models up to a moment, of the given actions, oldest first.
pub fn steps(
    db: &mut Db,
    ids: &[String],
    actions: &[&str],
    at_ms: i64,
) -> Result<Vec<HistoryStep>> {
    Ok(table::table
        .filter(in_list(table::model_id, ids))
        .filter(in_list(table::action, actions))
        .filter(table::outcome.ne(super::REFUSED))
        .filter(table::time_ms.le(at_ms))
        .order(table::id)
        .select((
            table::id,
            table::action,
            table::model_id.assume_not_null(),
            table::model.assume_not_null(),
            table::version,
            table::stage,
            table::alias,
        ))
        .load(db)?)
}

/// Which version came into a stage.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct StageEntry {
    pub version: i32,
    pub model_id: String,
}

/// The version that was the last to come into a stage of a model, or of another model that had its
/// name.
pub fn last_to_enter(
    db: &mut Db,
    name: &str,
    model_id: Option<&str>,
    stage: &str,
) -> Result<Option<StageEntry>> {
    let of_model = table::model
        .eq(name)
        .or(table::model_id.eq(model_id.unwrap_or_default()));
    Ok(table::table
        .filter(of_model)
        .filter(table::stage.eq(stage))
        .filter(table::outcome.ne(super::REFUSED))
        .filter(table::version.is_not_null())
        .filter(table::model_id.is_not_null())
        .order(table::id.desc())
        .select((
            table::version.assume_not_null(),
            table::model_id.assume_not_null(),
        ))
        .first(db)
        .optional()?)
}

/// A stage that a version has had, and what the entry says of before, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct StageRow {
    pub stage: String,
    pub before: Option<String>,
}

/// Returns the stages that a version has had, the last first.
pub fn stages_of(db: &mut Db, model_id: &str, version: i32) -> Result<Vec<StageRow>> {
    Ok(table::table
        .filter(table::model_id.eq(model_id))
        .filter(table::version.eq(version))
        .filter(table::outcome.ne(super::REFUSED))
        .filter(table::stage.is_not_null())
        .order(table::id.desc())
        .select((table::stage.assume_not_null(), table::before))
        .load(db)?)
}

/// The time of the newest entry of all by its time.
pub fn newest(db: &mut Db) -> Result<Option<i64>> {
    Ok(table::table
        .select(diesel::dsl::max(table::time_ms))
        .first(db)?)
}

/// A stage or an alias that a version was given at some time.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct PastPlace {
    pub version: i32,
    pub stage: Option<String>,
    pub alias: Option<String>,
}

/// Where versions of a model have ever been.
pub fn places(db: &mut Db, model_id: &str, versions: &[i32]) -> Result<Vec<PastPlace>> {
    let mut found = Vec::new();
    for versions in statements(versions, 1) {
        let query = table::table
            .filter(table::model_id.eq(model_id))
            .filter(in_list(table::version, versions))
            .filter(table::outcome.ne(super::REFUSED))
            .filter(table::stage.is_not_null().or(table::alias.is_not_null()))
            .select((table::version.assume_not_null(), table::stage, table::alias))
            .distinct();
        found.extend(query.load::<PastPlace>(db)?);
    }
    Ok(found)
}

/// Returns who made versions and with what, as the entries of this action say.
pub fn creations(
    db: &mut Db,
    model_id: &str,
    action: &str,
    versions: &[i32],
) -> Result<Vec<CreationRow>> {
    let mut found = Vec::new();
    for versions in statements(versions, 1) {
        found.extend(
            table::table
                .filter(table::model_id.eq(model_id))
                .filter(table::action.eq(action))
                .filter(table::outcome.ne(super::REFUSED))
                .filter(in_list(table::version, versions))
                .order(table::id)
                .select((
                    table::version.assume_not_null(),
                    table::actor,
                    table::claimed,
                    table::after,
                ))
                .load(db)?,
        );
    }
    Ok(found)
}

/// What history says of the creation of a version.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct CreationRow {
    pub version: i32,
    pub actor: String,
    pub claimed: Option<String>,
    /// What it was made with, as JSON.
    pub after: Option<String>,
}
