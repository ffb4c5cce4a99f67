//! The tokens of users, of which only hashes are kept.

use diesel::prelude::*;

use super::conflicts::unless_taken;
use super::schema::flowkeep_user_tokens as table;
use crate::error::{Error, Result};
use crate::store::Db;

/// A token that is to be kept.
pub struct NewToken<'a> {
    pub user_id: i32,
    pub name: &'a str,
    /// SHA-256 in hexadecimal.
    pub hash: &'a str,
    pub created_ms: i64,
    pub expires_ms: Option<i64>,
}

/// A row of `flowkeep_user_tokens`, without the hash.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = table)]
pub struct TokenRow {
    pub id: i32,
    pub user_id: i32,
    pub name: String,
    pub created_ms: i64,
    pub expires_ms: Option<i64>,
    pub last_used_ms: Option<i64>,
}

/// Keeps a token. Fails if the user has one of this name.
pub fn create(db: &mut Db, token: &NewToken) -> Result<i32> {
    let name_exists =
        || Error::already_exists(format!("The user has a token '{}' already.", token.name));
    diesel::insert_into(table::table)
        .values((
            table::user_id.eq(token.user_id),
            table::name.eq(token.name),
            table::token_hash.eq(token.hash),
            table::created_ms.eq(token.created_ms),
            table::expires_ms.eq(token.expires_ms),
        ))
        .returning(table::id)
        .get_result(db)
        .map_err(|error| unless_taken(error, name_exists))
}

/// Returns the tokens of a user, the oldest first.
pub fn list(db: &mut Db, user_id: i32) -> Result<Vec<TokenRow>> {
    Ok(table::table
        .filter(table::user_id.eq(user_id))
        .order(table::id)
        .select(TokenRow::as_select())
        .load(db)?)
}

/// Deletes a token. Fails if the user has none of this name.
pub fn delete(db: &mut Db, user_id: i32, name: &str) -> Result<()> {
    let deleted = diesel::delete(table::table)
        .filter(table::user_id.eq(user_id))
        .filter(table::name.eq(name))
        .execute(db)?;
    if deleted == 0 {
        return Err(Error::does_not_exist(format!(
            "The user has no token '{name}'."
        )));
    }
    Ok(())
}

/// Notes that a token was used.
pub fn note_use(db: &mut Db, id: i32, now_ms: i64) -> Result<()> {
    diesel::update(table::table.find(id))
        .set(table::last_used_ms.eq(now_ms))
        .execute(db)?;
    Ok(())
}
