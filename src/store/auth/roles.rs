//! Roles, and who has them.

use std::collections::HashMap;

use diesel::prelude::*;

use super::conflicts::unless_taken;
use super::role_permissions::{self, RolePermissionRow};
use super::schema::{
    role_permissions as grants, roles, user_role_assignments as assignments, users,
};
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::in_list::in_list;

/// How the names begin of the roles that MLflow keeps for single users.
const HIDDEN_PREFIX: &str = "__user_";

/// A row of `roles`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = roles)]
pub struct RoleRow {
    pub id: i32,
    pub name: String,
    pub workspace: String,
    pub description: Option<String>,
}

/// A role with what it grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleWithGrants {
    pub role: RoleRow,
    pub permissions: Vec<RolePermissionRow>,
}

/// A row of `user_role_assignments`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = assignments)]
pub struct AssignmentRow {
    pub id: i32,
    pub user_id: i32,
    pub role_id: i32,
}

/// The name of the role that holds what was granted to one user alone.
pub fn hidden_role_name(user_id: i32) -> String {
    format!("{HIDDEN_PREFIX}{user_id}__")
}

/// Whether a role is kept for one user: only the number stands between the marks.
pub fn is_hidden(name: &str) -> bool {
    name.strip_prefix(HIDDEN_PREFIX)
        .and_then(|rest| rest.strip_suffix("__"))
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Adds a role. Fails if its name is taken or reserved.
pub fn create(
    db: &mut Db,
    name: &str,
    workspace: &str,
    description: Option<&str>,
) -> Result<RoleRow> {
    check_name(name)?;
    check_length("Workspace", workspace, 63)?;
    check_length("Role description", description.unwrap_or_default(), 1024)?;
    let taken = || {
        Error::already_exists(format!(
            "Role (name={name}, workspace={workspace}) already exists."
        ))
    };
    if find_by_name(db, workspace, name)?.is_some() {
        return Err(taken());
    }
    diesel::insert_into(roles::table)
        .values((
            roles::name.eq(name),
            roles::workspace.eq(workspace),
            roles::description.eq(description),
        ))
        .returning((roles::id, roles::name, roles::workspace, roles::description))
        .get_result(db)
        .map_err(|error| unless_taken(error, taken))
}

fn check_name(name: &str) -> Result<()> {
    if name.starts_with(HIDDEN_PREFIX) {
        return Err(Error::invalid_parameter(format!(
            "Role name '{name}' uses the reserved '__user_' prefix, which is held for the per-user permission \
             representation. Choose a different name."
        )));
    }
    if name != name.trim() {
        return Err(Error::invalid_parameter(
            "Role name cannot begin or end with a space.",
        ));
    }
    check_length("Role name", name, 255)
}

fn check_length(what: &str, text: &str, longest: usize) -> Result<()> {
    if text.chars().count() > longest {
        return Err(Error::invalid_parameter(format!(
            "{what} cannot be longer than {longest} characters."
        )));
    }
    Ok(())
}

/// Returns a role. Fails in MLflow's words if there is none with this id.
pub fn get(db: &mut Db, id: i32) -> Result<RoleRow> {
    roles::table
        .find(id)
        .select(RoleRow::as_select())
        .first(db)
        .optional()?
        .ok_or_else(|| Error::does_not_exist(format!("Role with id={id} not found")))
}

/// Returns the role of a name in a workspace, if there is one.
pub fn find_by_name(db: &mut Db, workspace: &str, name: &str) -> Result<Option<RoleRow>> {
    Ok(roles::table
        .filter(roles::workspace.eq(workspace))
        .filter(roles::name.eq(name))
        .select(RoleRow::as_select())
        .first(db)
        .optional()?)
}

/// Returns a role with what it grants.
pub fn get_with_grants(db: &mut Db, id: i32) -> Result<RoleWithGrants> {
    let role = get(db, id)?;
    let permissions = role_permissions::list(db, id)?;
    Ok(RoleWithGrants { role, permissions })
}

/// Returns the roles of some workspaces, or of all.
pub fn list(db: &mut Db, workspaces: Option<&[String]>) -> Result<Vec<RoleWithGrants>> {
    let mut query = roles::table.order(roles::id).into_boxed();
    if let Some(workspaces) = workspaces {
        query = query.filter(in_list(roles::workspace, workspaces.to_vec()));
    }
    let rows = query.select(RoleRow::as_select()).load(db)?;
    with_grants(db, rows)
}

/// Returns the roles that a user has.
pub fn of_user(db: &mut Db, user_id: i32) -> Result<Vec<RoleWithGrants>> {
    let rows = assignments::table
        .inner_join(roles::table)
        .filter(assignments::user_id.eq(user_id))
        .order(roles::id)
        .select(RoleRow::as_select())
        .load(db)?;
    with_grants(db, rows)
}

/// Returns the roles of each user, by the user's id.
pub fn of_all_users(db: &mut Db) -> Result<HashMap<i32, Vec<RoleWithGrants>>> {
    let all: HashMap<i32, RoleWithGrants> = list(db, None)?
        .into_iter()
        .map(|role| (role.role.id, role))
        .collect();
    let pairs: Vec<(i32, i32)> = assignments::table
        .order(assignments::id)
        .select((assignments::user_id, assignments::role_id))
        .load(db)?;
    let mut of_users: HashMap<i32, Vec<RoleWithGrants>> = HashMap::new();
    for (user_id, role_id) in pairs {
        let roles = of_users.entry(user_id).or_default();
        roles.extend(all.get(&role_id).cloned());
    }
    Ok(of_users)
}

/// Returns the workspaces in which a user has a role.
pub fn workspaces_of(db: &mut Db, user_id: i32) -> Result<Vec<String>> {
    Ok(assignments::table
        .inner_join(roles::table)
        .filter(assignments::user_id.eq(user_id))
        .select(roles::workspace)
        .distinct()
        .load(db)?)
}

fn with_grants(db: &mut Db, rows: Vec<RoleRow>) -> Result<Vec<RoleWithGrants>> {
    let ids: Vec<i32> = rows.iter().map(|role| role.id).collect();
    let mut by_role: HashMap<i32, Vec<RolePermissionRow>> = HashMap::new();
    for row in role_permissions::of_roles(db, &ids)? {
        by_role.entry(row.role_id).or_default().push(row);
    }
    Ok(rows
        .into_iter()
        .map(|role| RoleWithGrants {
            permissions: by_role.remove(&role.id).unwrap_or_default(),
            role,
        })
        .collect())
}

/// Changes the name or the description of a role. What is `None` stays.
pub fn update(
    db: &mut Db,
    id: i32,
    name: Option<&str>,
    description: Option<&str>,
) -> Result<RoleWithGrants> {
    let role = get(db, id)?;
    if let Some(name) = name {
        check_name(name)?;
        let other = find_by_name(db, &role.workspace, name)?;
        if other.is_some_and(|other| other.id != id) {
            return Err(Error::already_exists(format!(
                "Role with name={name} already exists in workspace={}",
                role.workspace
            )));
        }
        diesel::update(roles::table.find(id))
            .set(roles::name.eq(name))
            .execute(db)?;
    }
    if let Some(description) = description {
        check_length("Role description", description, 1024)?;
        diesel::update(roles::table.find(id))
            .set(roles::description.eq(description))
            .execute(db)?;
    }
    get_with_grants(db, id)
}

/// Deletes a role with its grants and assignments.
pub fn delete(db: &mut Db, id: i32) -> Result<()> {
    get(db, id)?;
    diesel::delete(grants::table)
        .filter(grants::role_id.eq(id))
        .execute(db)?;
    diesel::delete(assignments::table)
        .filter(assignments::role_id.eq(id))
        .execute(db)?;
    diesel::delete(roles::table.find(id)).execute(db)?;
    Ok(())
}

/// Deletes the roles of a name in all workspaces.
pub fn delete_all_named(db: &mut Db, name: &str) -> Result<()> {
    let ids: Vec<i32> = roles::table
        .filter(roles::name.eq(name))
        .select(roles::id)
        .load(db)?;
    for id in ids {
        delete(db, id)?;
    }
    Ok(())
}

/// Gives a role to a user. Fails if the user has it.
pub fn assign(db: &mut Db, user_id: i32, role_id: i32) -> Result<AssignmentRow> {
    let user: Option<i32> = users::table
        .find(user_id)
        .select(users::id)
        .first(db)
        .optional()?;
    if user.is_none() {
        return Err(Error::does_not_exist(format!(
            "User with id={user_id} not found"
        )));
    }
    get(db, role_id)?;
    let taken = || {
        Error::already_exists(format!(
            "User role assignment (user_id={user_id}, role_id={role_id}) already exists"
        ))
    };
    let found: Option<i32> = assignments::table
        .filter(assignments::user_id.eq(user_id))
        .filter(assignments::role_id.eq(role_id))
        .select(assignments::id)
        .first(db)
        .optional()?;
    if found.is_some() {
        return Err(taken());
    }
    diesel::insert_into(assignments::table)
        .values((
            assignments::user_id.eq(user_id),
            assignments::role_id.eq(role_id),
        ))
        .returning((assignments::id, assignments::user_id, assignments::role_id))
        .get_result(db)
        .map_err(|error| unless_taken(error, taken))
}

/// Takes a role from a user. Fails if the user has it not.
pub fn unassign(db: &mut Db, user_id: i32, role_id: i32) -> Result<()> {
    let deleted = diesel::delete(assignments::table)
        .filter(assignments::user_id.eq(user_id))
        .filter(assignments::role_id.eq(role_id))
        .execute(db)?;
    if deleted == 0 {
        return Err(Error::does_not_exist(format!(
            "User role assignment (user_id={user_id}, role_id={role_id}) not found"
        )));
    }
    Ok(())
}

/// Takes all roles from a user.
pub fn unassign_all(db: &mut Db, user_id: i32) -> Result<()> {
    diesel::delete(assignments::table)
        .filter(assignments::user_id.eq(user_id))
        .execute(db)?;
    Ok(())
}

/// Returns who has a role.
pub fn assignments_of(db: &mut Db, role_id: i32) -> Result<Vec<AssignmentRow>> {
    get(db, role_id)?;
    Ok(assignments::table
        .filter(assignments::role_id.eq(role_id))
        .order(assignments::id)
        .select(AssignmentRow::as_select())
        .load(db)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_makes_a_role_hidden() {
        assert!(is_hidden(&hidden_role_name(17)));
        for name in [
            "__user_admin__",
            "__user___",
            "__user_1_",
            "user_1__",
            "__user_1__x",
        ] {
            assert!(!is_hidden(name), "{name}");
        }
    }
}
