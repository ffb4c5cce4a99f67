//! Roles, and who has them. A role belongs to a workspace, whose admins manage it.

use actix_web::web::Json;
use serde_json::{Value, json};

use super::account::{Account, may_manage, may_view};
use super::json;
use super::parameters::{Parameters, invalid};
use super::refusal::{Refusal, Result};
use crate::access::User;
use crate::error::{self, found};
use crate::store::Db;
use crate::store::auth::roles::{self, RoleRow};
use crate::store::auth::{roles as table, users};

pub async fn create(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    parameters.require_role(account.user.is_admin)?;
    let workspace = parameters.text("workspace")?;
    if workspace.trim().is_empty() {
        return Err(invalid(if account.user.is_admin {
            "Workspace cannot be empty."
        } else {
            "Parameter 'workspace' must be a non-empty string."
        }));
    }
    // A name with spaces around it would be another workspace.
    if workspace != workspace.trim() {
        return Err(invalid("Workspace cannot begin or end with a space."));
    }
    if !may_manage(&account.user, &workspace) {
        return Err(Refusal::Denied);
    }
    let name = parameters.text("name")?;
    if name.trim().is_empty() {
        return Err(invalid("Role name cannot be empty."));
    }
    let complaint = "Role description must be a string or null.";
    let description = parameters.optional_text("description", complaint)?;
    let created = account
        .write(move |db, _| table::create(db, &name, &workspace, description.as_deref()).map(Some))
        .await?;
    Ok(Json(json!({"role": json::new_role(&created)})))
}

pub async fn get(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    parameters.require_role(account.user.is_admin)?;
    let id = parameters.integer("role_id")?;
    let role = account
        .read(move |db, caller| {
            let Some(role) = role_for(db, caller, id, may_view)? else {
                return Ok(None);
            };
            table::get_with_grants(db, role.id).map(Some)
        })
        .await?;
    Ok(Json(json!({"role": json::role(&role)})))
}

/// Returns a role if the caller may do something with those of its workspace. Who may not is not told whether there is
/// one; an admin is.
pub fn role_for(
    db: &mut Db,
    caller: &User,
    id: i32,
    may: fn(&User, &str) -> bool,
) -> error::Result<Option<RoleRow>> {
    if caller.is_admin {
        return roles::get(db, id).map(Some);
    }
    let role = found(roles::get(db, id))?;
    Ok(role.filter(|role| may(caller, &role.workspace)))
}

/// Lists the roles of some workspaces, or for an admin of all.
pub async fn list(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    let workspaces = parameters.all("workspace");
    let named: Vec<&str> = workspaces
        .iter()
        .map(|workspace| workspace.trim())
        .filter(|workspace| !workspace.is_empty())
        .collect();
    let is_allowed = !named.is_empty() && named.iter().all(|name| may_view(&account.user, name));
    if !account.user.is_admin && !is_allowed {
        return Err(Refusal::Denied);
    }
    if named.len() < workspaces.len() {
        return Err(invalid(
            "Parameter 'workspace' must be a non-empty string when provided.",
        ));
    }
    let roles = account
        .read(move |db, _| {
            let workspaces = Some(workspaces.as_slice()).filter(|names| !names.is_empty());
            table::list(db, workspaces).map(Some)
        })
        .await?;
    let roles: Vec<Value> = roles.iter().map(json::role).collect();
    Ok(Json(json!({"roles": roles})))
}

pub async fn update(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    parameters.require_role(account.user.is_admin)?;
    let id = parameters.integer("role_id")?;
    let name = parameters.optional_text("name", "Role name cannot be empty.")?;
    let complaint = "Role description must be a string.";
    let description = parameters.optional_text("description", complaint)?;
    let updated = account
        .write(move |db, caller| {
            let Some(role) = role_for(db, caller, id, may_manage)? else {
                return Ok(None);
            };
            let (name, description) = (name.as_deref(), description.as_deref());
            if name.is_none() && description.is_none() {
                return Err(error::Error::invalid_parameter(
                    "At least one of 'name' or 'description' must be provided to update a role.",
                ));
            }
            if name.is_some_and(|name| name.trim().is_empty()) {
                return Err(error::Error::invalid_parameter(
                    "Role name cannot be empty.",
                ));
            }
            table::update(db, role.id, name, description).map(Some)
        })
        .await?;
    Ok(Json(json!({"role": json::role(&updated)})))
}

pub async fn delete(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    parameters.require_role(account.user.is_admin)?;
    let id = parameters.integer("role_id")?;
    account
        .write(move |db, caller| {
            let Some(role) = role_for(db, caller, id, may_manage)? else {
                return Ok(None);
            };
            table::delete(db, role.id).map(Some)
        })
        .await?;
    Ok(Json(json!({})))
}

pub async fn assign(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    parameters.require_role(account.user.is_admin)?;
    let name = parameters.text("username")?;
    let id = parameters.integer("role_id")?;
    let assignment = account
        .write(move |db, caller| {
            let Some(role) = role_for(db, caller, id, may_manage)? else {
                return Ok(None);
            };
            let user = users::get(db, &name)?;
            table::assign(db, user.id, role.id).map(Some)
        })
        .await?;
    Ok(Json(json!({"assignment": json::assignment(&assignment)})))
}

pub async fn unassign(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    parameters.require_role(account.user.is_admin)?;
    let name = parameters.text("username")?;
    let id = parameters.integer("role_id")?;
    account
        .write(move |db, caller| {
            let user = match role_for(db, caller, id, may_manage) {
                // The assignment is what is not there then.
                Err(error) if error.is_not_found() => users::get(db, &name)?,
                Ok(Some(_)) => users::get(db, &name)?,
                Ok(None) => return Ok(None),
                Err(error) => return Err(error),
            };
            table::unassign(db, user.id, id).map(Some)
        })
        .await?;
    Ok(Json(json!({})))
}

/// Lists the roles of a user, of others those in workspaces that the caller administers.
pub async fn of_user(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    let name = parameters.text("username")?;
    let roles = account
        .read(move |db, caller| {
            let Some(user) = user_for(db, caller, &name)? else {
                return Ok(None);
            };
            let mut roles = table::of_user(db, user.id)?;
            roles.retain(|role| caller.id == user.id || may_manage(caller, &role.role.workspace));
            Ok(Some(roles))
        })
        .await?;
    let roles: Vec<Value> = roles.iter().map(json::role).collect();
    Ok(Json(json!({"roles": roles})))
}

/// Returns a user whose roles the caller may see: oneself, or who has a role in a workspace that the caller administers.
pub fn user_for(db: &mut Db, caller: &User, name: &str) -> error::Result<Option<users::UserRow>> {
    if caller.is_admin || caller.name == name {
        return users::get(db, name).map(Some);
    }
    let Some(user) = users::find(db, name)? else {
        return Ok(None);
    };
    let workspaces = roles::workspaces_of(db, user.id)?;
    let administers = |workspace: &String| caller.grants.administers(workspace);
    Ok(Some(user).filter(|_| workspaces.iter().any(administers)))
}

/// Lists who has a role.
pub async fn users(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    parameters.require_role(account.user.is_admin)?;
    let id = parameters.integer("role_id")?;
    let assignments = account
        .read(move |db, caller| {
            let Some(role) = role_for(db, caller, id, may_manage)? else {
                return Ok(None);
            };
            table::assignments_of(db, role.id).map(Some)
        })
        .await?;
    let assignments: Vec<Value> = assignments.iter().map(json::assignment).collect();
    Ok(Json(json!({"assignments": assignments})))
}
