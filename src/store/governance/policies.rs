//! The policies in force, and every text that was ever one of them.

use diesel::prelude::*;

use crate::error::Result;
use crate::store::schema::{flowkeep_policies as current, flowkeep_policy_texts as texts};
use crate::store::{Db, on_backend};

/// A policy that is to be in force.
pub struct NewPolicy<'a> {
    pub name: &'a str,
    pub hash: &'a str,
    pub text: &'a str,
}

/// A policy that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct PolicyRow {
    pub name: String,
    pub hash: String,
    pub applied_at: i64,
    pub text: String,
}

/// Returns the hashes of the policies in force.
pub fn hashes(db: &mut Db) -> Result<Vec<String>> {
    Ok(current::table
        .order(current::name)
        .select(current::hash)
        .load(db)?)
}

/// Returns all policies in force, sorted by name.
pub fn list(db: &mut Db) -> Result<Vec<PolicyRow>> {
    Ok(current::table
        .inner_join(texts::table.on(texts::hash.eq(current::hash)))
        .order(current::name)
        .select((
            current::name,
            current::hash,
            current::applied_at,
            texts::text,
        ))
        .load(db)?)
}

/// The text of a policy that is or was in force.
pub fn text(db: &mut Db, hash: &str) -> Result<Option<String>> {
    Ok(texts::table
        .find(hash)
        .select(texts::text)
        .first(db)
        .optional()?)
}

/// Waits for changes that were decided by what is in force now, and keeps others from being decided
/// until the transaction ends.
pub fn lock(db: &mut Db) -> Result<()> {
    if let Db::Postgres(connection) = db {
        diesel::sql_query("LOCK TABLE flowkeep_policies IN ACCESS EXCLUSIVE MODE")
            .execute(connection)?;
    }
    // A transaction that writes to SQLite is alone.
    Ok(())
}

/// Puts a policy in force in the place of the one of its name, and returns the hash of that one.
pub fn put(db: &mut Db, policy: &NewPolicy, now_ms: i64) -> Result<Option<String>> {
    let before: Option<String> = current::table
        .find(policy.name)
        .select(current::hash)
        .first(db)
        .optional()?;
    let known = diesel::select(diesel::dsl::exists(texts::table.find(policy.hash)));
    if !known.get_result::<bool>(db)? {
        diesel::insert_into(texts::table)
            .values((
                texts::hash.eq(policy.hash),
                texts::name.eq(policy.name),
                texts::text.eq(policy.text),
                texts::first_applied_at.eq(now_ms),
            ))
            .execute(db)?;
    }
    if before.as_deref() == Some(policy.hash) {
        return Ok(before);
    }
    let row = (
        current::name.eq(policy.name),
        current::hash.eq(policy.hash),
        current::applied_at.eq(now_ms),
    );
    on_backend!(db, |connection| diesel::insert_into(current::table)
        .values(row)
        .on_conflict(current::name)
        .do_update()
        .set((row.1, row.2))
        .execute(connection))?;
    Ok(before)
}

/// Takes a policy out of force, and returns its hash.
pub fn delete(db: &mut Db, name: &str) -> Result<Option<String>> {
    Ok(diesel::delete(current::table.find(name))
        .returning(current::hash)
        .get_result(db)
        .optional()?)
}
