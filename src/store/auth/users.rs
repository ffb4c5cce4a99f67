//! Users: their names, the hashes of their passwords, and who is an admin.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::conflicts::unless_taken;
use super::roles::{self, hidden_role_name};
use super::schema::{flowkeep_disabled_users, flowkeep_user_tokens, users};
use crate::error::{Error, ErrorCode, Result};
use crate::store::open::table_names;
use crate::store::{Db, on_backend};

/// The most letters of a user's name.
const LONGEST_NAME: usize = 255;

/// MLflow's tables of grants up to 3.12, which refer to users.
const OLD_TABLES: [&str; 7] = [
    "experiment_permissions",
    "registered_model_permissions",
    "scorer_permissions",
    "gateway_secret_permissions",
    "gateway_endpoint_permissions",
    "gateway_model_definition_permissions",
    "workspace_permissions",
];

/// A row of `users`, without the hash of its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    pub id: i32,
    pub name: String,
    pub is_admin: bool,
}

type Columns = (i32, Option<String>, Option<bool>);
const COLUMNS: (users::id, users::username, users::is_admin) =
    (users::id, users::username, users::is_admin);

fn row((id, name, is_admin): Columns) -> UserRow {
    UserRow {
        id,
        name: name.unwrap_or_default(),
        is_admin: is_admin.unwrap_or_default(),
    }
}

/// Adds a user. Fails if the name is taken, empty or too long.
pub fn create(db: &mut Db, name: &str, password_hash: &str, is_admin: bool) -> Result<UserRow> {
    check_name(name)?;
    if find(db, name)?.is_some() {
        return Err(taken(name));
    }
    let id = diesel::insert_into(users::table)
        .values((
            users::username.eq(name),
            users::password_hash.eq(password_hash),
            users::is_admin.eq(is_admin),
        ))
        .returning(users::id)
        .get_result(db)
        .map_err(|error| unless_taken(error, || taken(name)))?;
    Ok(UserRow {
        id,
        name: name.to_owned(),
        is_admin,
    })
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::invalid_parameter("Username cannot be empty."));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(Error::invalid_parameter(format!(
            "Username cannot be longer than {LONGEST_NAME} characters."
        )));
    }
    if name.contains(char::is_control) || name.contains(':') {
        // HTTP's basic authentication ends the name at the first colon.
        return Err(Error::invalid_parameter(
            "Username cannot contain a colon or control characters.",
        ));
    }
    Ok(())
}

fn taken(name: &str) -> Error {
    Error::already_exists(format!("User (username={name}) already exists."))
}

/// Returns a user, if there is one of this name.
pub fn find(db: &mut Db, name: &str) -> Result<Option<UserRow>> {
    let found: Option<Columns> = users::table
        .filter(users::username.eq(name))
        .select(COLUMNS)
        .first(db)
        .optional()?;
    Ok(found.map(row))
}

/// Returns a user. Fails in MLflow's words if there is none of this name.
pub fn get(db: &mut Db, name: &str) -> Result<UserRow> {
    find(db, name)?
        .ok_or_else(|| Error::does_not_exist(format!("User with username={name} not found")))
}

/// Returns the hash of a user's password.
pub fn password_hash(db: &mut Db, id: i32) -> Result<String> {
    let hash: Option<Option<String>> = users::table
        .find(id)
        .select(users::password_hash)
        .first(db)
        .optional()?;
    hash.flatten()
        .ok_or_else(|| Error::new(ErrorCode::InvalidState, "The user has no password."))
}

/// Returns all users, the oldest first.
pub fn list(db: &mut Db) -> Result<Vec<UserRow>> {
    let found: Vec<Columns> = users::table.order(users::id).select(COLUMNS).load(db)?;
    Ok(found.into_iter().map(row).collect())
}

pub fn set_password_hash(db: &mut Db, name: &str, hash: &str) -> Result<()> {
    let user = get(db, name)?;
    diesel::update(users::table.find(user.id))
        .set(users::password_hash.eq(hash))
        .execute(db)?;
    Ok(())
}

pub fn set_admin(db: &mut Db, name: &str, is_admin: bool) -> Result<()> {
    let user = get(db, name)?;
    diesel::update(users::table.find(user.id))
        .set(users::is_admin.eq(is_admin))
        .execute(db)?;
    Ok(())
}

/// Whether a user was disabled: no password and no token of that user counts.
pub fn is_disabled(db: &mut Db, id: i32) -> Result<bool> {
    let found: Option<i32> = flowkeep_disabled_users::table
        .find(id)
        .select(flowkeep_disabled_users::user_id)
        .first(db)
        .optional()?;
    Ok(found.is_some())
}

pub fn disable(db: &mut Db, id: i32, now_ms: i64) -> Result<()> {
    let row = (
        flowkeep_disabled_users::user_id.eq(id),
        flowkeep_disabled_users::disabled_ms.eq(now_ms),
    );
    on_backend!(db, |connection| diesel::insert_into(
        flowkeep_disabled_users::table
    )
    .values(row)
    .on_conflict_do_nothing()
    .execute(connection))?;
    Ok(())
}

pub fn enable(db: &mut Db, id: i32) -> Result<()> {
    diesel::delete(flowkeep_disabled_users::table.find(id)).execute(db)?;
    Ok(())
}

/// Deletes a user with all that only this user has: hidden roles, assignments, tokens, and rows of the old tables.
pub fn delete(db: &mut Db, name: &str) -> Result<()> {
    let user = get(db, name)?;
    roles::delete_all_named(db, &hidden_role_name(user.id))?;
    roles::unassign_all(db, user.id)?;
    let there = table_names(db)?;
    for table in OLD_TABLES {
        if there.iter().any(|name| name == table) {
            db.batch_execute(&format!("DELETE FROM {table} WHERE user_id = {}", user.id))?;
        }
    }
    diesel::delete(flowkeep_user_tokens::table)
        .filter(flowkeep_user_tokens::user_id.eq(user.id))
        .execute(db)?;
    enable(db, user.id)?;
    diesel::delete(users::table.find(user.id)).execute(db)?;
    Ok(())
}
