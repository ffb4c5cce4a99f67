//! The first look of each change at its model: the model is locked, and what every change asks is read with it.

use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use super::{identity, policies};
use crate::error::{Result, found};
use crate::store::prepared::{RowStatement, Statement, prepared};
use crate::store::schema::webhooks;
use crate::store::{Db, registered_models};

/// A model that nobody else changes until the end of the transaction.
pub struct LockedModel {
    /// `None` if history has not met the model yet.
    pub id: Option<String>,
    /// The hashes of the policies in force.
    pub policy_hashes: Vec<String>,
    /// Whether somebody is told of changes.
    pub has_webhooks: bool,
}

/// Locks a model; `None` if there is none of this name.
pub fn lock(db: &mut Db, name: &str) -> Result<Option<LockedModel>> {
    let Db::Postgres(connection) = db else {
        if found(registered_models::lock(db, name))?.is_none() {
            return Ok(None);
        }
        return Ok(Some(LockedModel {
            id: identity::find(db, name)?,
            policy_hashes: policies::hashes(db)?,
            has_webhooks: diesel::select(diesel::dsl::exists(
                webhooks::table.select(webhooks::webhook_id),
            ))
            .get_result(db)?,
        }));
    };
    let values = (name.into_sql::<Text>(),);
    let row: Option<LockedRow> = prepared::<LockModel, _>(values)
        .get_result(connection)
        .optional()?;
    let Some(row) = row else {
        return Ok(None);
    };
    let mut id = row
        .id
        .filter(|_| row.creation_time == row.creation_time_of_id);
    if id.is_none() {
        // Where the lock was waited for, the statement does not see what its holder has written.
        id = identity::find(db, name)?;
    }
    Ok(Some(LockedModel {
        id,
        policy_hashes: row.policy_hashes,
        has_webhooks: row.has_webhooks,
    }))
}

#[derive(Queryable)]
struct LockedRow {
    creation_time: Option<i64>,
    id: Option<String>,
    creation_time_of_id: Option<i64>,
    policy_hashes: Vec<String>,
    has_webhooks: bool,
}

struct LockModel;

// What is read of policies is what holds until the end of the transaction: who changes them locks their table first,
// which waits for those that have read it.
impl Statement for LockModel {
    const BEFORE_VALUES: &'static str = "SELECT model.creation_time, known.model_id, known.creation_time, \
        ARRAY(SELECT hash::text FROM flowkeep_policies ORDER BY name), EXISTS (SELECT 1 FROM webhooks) \
        FROM registered_models AS model LEFT JOIN flowkeep_models AS known ON known.name = model.name \
        WHERE model.workspace = 'default' AND model.name = ";
    const AFTER_VALUES: &'static str = " FOR UPDATE OF model";
}

impl RowStatement for LockModel {
    type Columns = (
        Nullable<BigInt>,
        Nullable<Text>,
        Nullable<BigInt>,
        Array<Text>,
        Bool,
    );
}
