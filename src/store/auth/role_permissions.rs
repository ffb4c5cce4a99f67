//! What roles grant.

use diesel::prelude::*;

use super::conflicts::unless_taken;
use super::schema::role_permissions as table;
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::in_list::in_list;

/// The most letters of a pattern.
const LONGEST_PATTERN: usize = 255;

/// A row of `role_permissions`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = table)]
pub struct RolePermissionRow {
    pub id: i32,
    pub role_id: i32,
    pub resource_type: String,
    pub resource_pattern: String,
    pub permission: String,
}

/// What is granted on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGrant {
    pub resource_type: String,
    pub resource_pattern: String,
    pub permission: String,
}

/// Adds a grant to a role. Fails if the role has one on the same resources.
pub fn add(db: &mut Db, role_id: i32, grant: &NewGrant) -> Result<RolePermissionRow> {
    if grant.resource_pattern.chars().count() > LONGEST_PATTERN {
        return Err(Error::invalid_parameter(format!(
            "A resource pattern cannot be longer than {LONGEST_PATTERN} characters."
        )));
    }
    let taken = || {
        Error::already_exists(format!(
            "Role permission (role_id={role_id}, resource_type={}, resource_pattern={}) already exists.",
            grant.resource_type, grant.resource_pattern
        ))
    };
    if find(db, role_id, &grant.resource_type, &grant.resource_pattern)?.is_some() {
        return Err(taken());
    }
    diesel::insert_into(table::table)
        .values((
            table::role_id.eq(role_id),
            table::resource_type.eq(&grant.resource_type),
            table::resource_pattern.eq(&grant.resource_pattern),
            table::permission.eq(&grant.permission),
        ))
        .returning((
            table::id,
            table::role_id,
            table::resource_type,
            table::resource_pattern,
            table::permission,
        ))
        .get_result(db)
        .map_err(|error| unless_taken(error, taken))
}

/// Returns what a role grants on exactly these resources.
pub fn find(
    db: &mut Db,
    role_id: i32,
    resource_type: &str,
    pattern: &str,
) -> Result<Option<RolePermissionRow>> {
    Ok(table::table
        .filter(table::role_id.eq(role_id))
        .filter(table::resource_type.eq(resource_type))
        .filter(table::resource_pattern.eq(pattern))
        .select(RolePermissionRow::as_select())
        .first(db)
        .optional()?)
}

/// Returns a grant. Fails in MLflow's words if there is none with this id.
pub fn get(db: &mut Db, id: i32) -> Result<RolePermissionRow> {
    table::table
        .find(id)
        .select(RolePermissionRow::as_select())
        .first(db)
        .optional()?
        .ok_or_else(|| Error::does_not_exist(format!("Role permission with id={id} not found")))
}

/// Returns all that a role grants.
pub fn list(db: &mut Db, role_id: i32) -> Result<Vec<RolePermissionRow>> {
    of_roles(db, &[role_id])
}

/// Returns all that some roles grant.
pub fn of_roles(db: &mut Db, role_ids: &[i32]) -> Result<Vec<RolePermissionRow>> {
    Ok(table::table
        .filter(in_list(table::role_id, role_ids.to_vec()))
        .order(table::id)
        .select(RolePermissionRow::as_select())
        .load(db)?)
}

pub fn set_permission(db: &mut Db, id: i32, permission: &str) -> Result<RolePermissionRow> {
    diesel::update(table::table.find(id))
        .set(table::permission.eq(permission))
        .execute(db)?;
    get(db, id)
}

pub fn remove(db: &mut Db, id: i32) -> Result<()> {
    get(db, id)?;
    diesel::delete(table::table.find(id)).execute(db)?;
    Ok(())
}
