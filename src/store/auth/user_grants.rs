//! What is granted to one user alone: rows of a hidden role, which each user has in each workspace.

use diesel::prelude::*;

use super::role_permissions::{self, NewGrant, RolePermissionRow};
use super::roles::{self, RoleRow, hidden_role_name, is_hidden};
use super::schema::{role_permissions as table, roles as role_table, user_role_assignments};
use super::users;
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::in_list::in_list;

/// Adds a grant to a user, or changes the one that there is.
pub fn set(db: &mut Db, user_name: &str, workspace: &str, grant: &NewGrant) -> Result<()> {
    let user = users::get(db, user_name)?;
    let role = hidden_role(db, user.id, workspace)?;
    let found = role_permissions::find(db, role.id, &grant.resource_type, &grant.resource_pattern)?;
    match found {
        Some(row) => role_permissions::set_permission(db, row.id, &grant.permission)?,
        None => role_permissions::add(db, role.id, grant)?,
    };
    Ok(())
}

/// Adds a grant to a user. `None` if the user has one on the same resources.
pub fn add(
    db: &mut Db,
    user_name: &str,
    workspace: &str,
    grant: &NewGrant,
) -> Result<Option<RolePermissionRow>> {
    let user = users::get(db, user_name)?;
    let role = hidden_role(db, user.id, workspace)?;
    let found = role_permissions::find(db, role.id, &grant.resource_type, &grant.resource_pattern)?;
    if found.is_some() {
        return Ok(None);
    }
    role_permissions::add(db, role.id, grant).map(Some)
}

/// Returns what is granted to a user alone on exactly these resources.
pub fn find(
    db: &mut Db,
    user_id: i32,
    workspace: &str,
    resource_type: &str,
    pattern: &str,
) -> Result<Option<RolePermissionRow>> {
    match roles::find_by_name(db, workspace, &hidden_role_name(user_id))? {
        Some(role) => role_permissions::find(db, role.id, resource_type, pattern),
        None => Ok(None),
    }
}

/// Deletes what users were granted on a resource that is gone. Roles that people made keep their grants.
pub fn delete_of_resource(
    db: &mut Db,
    workspace: &str,
    resource_type: &str,
    id: &str,
) -> Result<()> {
    for grant in of_resource(db, workspace, resource_type, id)? {
        role_permissions::remove(db, grant)?;
    }
    Ok(())
}

/// Lets what users were granted on a resource follow its new name. A grant that is there under the new name already was
/// meant for another resource, and gives way.
pub fn rename_resource(
    db: &mut Db,
    workspace: &str,
    resource_type: &str,
    old: &str,
    new: &str,
) -> Result<()> {
    if old == new {
        return Ok(());
    }
    delete_of_resource(db, workspace, resource_type, new)?;
    let moved = of_resource(db, workspace, resource_type, old)?;
    diesel::update(table::table)
        .filter(in_list(table::id, moved))
        .set(table::resource_pattern.eq(new))
        .execute(db)?;
    Ok(())
}

/// Returns the ids of what users were granted on a resource.
fn of_resource(db: &mut Db, workspace: &str, resource_type: &str, id: &str) -> Result<Vec<i32>> {
    let found: Vec<(i32, String)> = table::table
        .inner_join(role_table::table)
        .filter(role_table::workspace.eq(workspace))
        .filter(table::resource_type.eq(resource_type))
        .filter(table::resource_pattern.eq(id))
        .select((table::id, role_table::name))
        .load(db)?;
    Ok(found
        .into_iter()
        .filter(|(_, role)| is_hidden(role))
        .map(|(id, _)| id)
        .collect())
}

/// Returns the hidden role of a user in a workspace, and makes it if it is not there. Fails if somebody else has it.
fn hidden_role(db: &mut Db, user_id: i32, workspace: &str) -> Result<RoleRow> {
    let name = hidden_role_name(user_id);
    let role = match roles::find_by_name(db, workspace, &name)? {
        Some(role) => role,
        None => diesel::insert_into(role_table::table)
            .values((
                role_table::name.eq(&name),
                role_table::workspace.eq(workspace),
            ))
            .returning((
                role_table::id,
                role_table::name,
                role_table::workspace,
                role_table::description,
            ))
            .get_result(db)?,
    };
    let assigned: Vec<i32> = user_role_assignments::table
        .filter(user_role_assignments::role_id.eq(role.id))
        .select(user_role_assignments::user_id)
        .load(db)?;
    if let Some(other) = assigned.iter().find(|other| **other != user_id) {
        return Err(Error::invalid_parameter(format!(
            "Role '{name}' in workspace '{workspace}' collides with the reserved '__user_<id>__' synthetic namespace \
             but is already assigned to user_id={other}. Rename or delete the conflicting role before granting \
             per-user permissions."
        )));
    }
    if assigned.is_empty() {
        roles::assign(db, user_id, role.id)?;
    }
    Ok(role)
}
