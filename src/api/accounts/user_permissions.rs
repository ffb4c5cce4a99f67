//! What is granted to users: by all their roles, and to one user alone.

use actix_web::web::Json;
use serde_json::{Value, json};

use super::account::{Account, may_manage};
use super::parameters::Parameters;
use super::refusal::{Refusal, Result};
use super::roles::user_for;
use crate::access::{Permission, ResourceType, User, check_grant, check_resource_type};
use crate::error::{self, Error};
use crate::store::WORKSPACE;
use crate::store::auth::role_permissions::{self, NewGrant};
use crate::store::auth::roles::{self, RoleWithGrants};
use crate::store::auth::{user_grants, users};

/// Lists what the caller's roles grant.
pub async fn current(account: Account) -> Result<Json<Value>> {
    let (user, roles) = account
        .read(|db, caller| {
            let roles = roles::of_user(db, caller.id)?;
            Ok(Some((users::get(db, &caller.name)?, roles)))
        })
        .await?;
    Ok(Json(listed(user.is_admin, &roles)))
}

/// Lists what a user's roles grant, of others in workspaces that the caller administers.
pub async fn list(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    let name = parameters.text("username")?;
    let (user, roles) = account
        .read(move |db, caller| {
            let Some(user) = user_for(db, caller, &name)? else {
                return Ok(None);
            };
            let mut roles = roles::of_user(db, user.id)?;
            roles.retain(|role| caller.id == user.id || may_manage(caller, &role.role.workspace));
            Ok(Some((user, roles)))
        })
        .await?;
    Ok(Json(listed(user.is_admin, &roles)))
}

fn listed(is_admin: bool, roles: &[RoleWithGrants]) -> Value {
    let rows = roles.iter().flat_map(|role| {
        role.permissions.iter().map(|row| {
            json!({
                "role_id": role.role.id,
                "role_name": role.role.name,
                "workspace": role.role.workspace,
                "resource_type": row.resource_type,
                "resource_pattern": row.resource_pattern,
                "permission": row.permission,
            })
        })
    });
    json!({"is_admin": is_admin, "permissions": rows.collect::<Vec<_>>()})
}

/// A resource that a request is about.
struct Named {
    user: String,
    resource_type: String,
    resource_id: String,
}

impl Named {
    fn read(parameters: &Parameters) -> Result<Self> {
        // MLflow asks for these in the order in which it decides who may.
        let resource_type = parameters.text("resource_type")?;
        let resource_id = parameters.text("resource_id")?;
        Ok(Self {
            user: parameters.text("username")?,
            resource_type,
            resource_id,
        })
    }
}

/// Grants a permission to one user. Who manages a resource may grant it to others.
pub async fn grant(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    require_manage(&account, &parameters)?;
    let named = Named::read(&parameters)?;
    let permission = parameters.text("permission")?;
    account
        .write(move |db, _| {
            users::get(db, &named.user)?;
            refuse_workspace(&named.resource_type)?;
            check_grant(&named.resource_type, &named.resource_id, &permission)?;
            let grant = NewGrant {
                resource_type: named.resource_type.clone(),
                resource_pattern: named.resource_id.clone(),
                permission: permission.clone(),
            };
            let added = user_grants::add(db, &named.user, WORKSPACE, &grant)?;
            added.map(Some).ok_or_else(|| {
                Error::already_exists(format!(
                    "Permission for user={} on resource_type={}, resource_id={} already exists.",
                    named.user, named.resource_type, named.resource_id
                ))
            })
        })
        .await?;
    Ok(Json(json!({})))
}

/// Takes back what was granted to one user.
pub async fn revoke(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    require_manage(&account, &parameters)?;
    let named = Named::read(&parameters)?;
    account
        .write(move |db, _| {
            let user = users::get(db, &named.user)?;
            refuse_workspace(&named.resource_type)?;
            check_resource_type(&named.resource_type)?;
            let (kind, id) = (named.resource_type.as_str(), named.resource_id.as_str());
            let row = user_grants::find(db, user.id, WORKSPACE, kind, id)?.ok_or_else(|| {
                Error::does_not_exist(format!(
                    "Permission for user={} on resource_type={kind}, resource_id={id} not found.",
                    named.user
                ))
            })?;
            role_permissions::remove(db, row.id).map(Some)
        })
        .await?;
    Ok(Json(json!({})))
}

/// Fails unless the caller manages the resource that a request names.
fn require_manage(account: &Account, parameters: &Parameters) -> Result<()> {
    if account.user.is_admin {
        return Ok(());
    }
    let resource_type = parameters.text("resource_type")?;
    let resource_id = parameters.text("resource_id")?;
    let is_allowed = if resource_id == "*" {
        refuse_workspace(&resource_type)?;
        check_resource_type(&resource_type)?;
        account.user.grants.administers(WORKSPACE)
    } else {
        let default = account.logins.default_permission;
        effective(&account.user, default, &resource_type, &resource_id)?.can_manage()
    };
    if is_allowed {
        Ok(())
    } else {
        Err(Refusal::Denied)
    }
}

/// Says what a user may do with a resource.
pub async fn get(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    let resource_type = parameters.text("resource_type")?;
    let caller = &account.user;
    if !caller.is_admin {
        refuse_workspace(&resource_type)?;
    }
    let name = parameters.text("username")?;
    let may_ask = caller.is_admin || caller.name == name || caller.grants.administers(WORKSPACE);
    if !may_ask {
        return Err(Refusal::Denied);
    }
    let resource_id = parameters.text("resource_id")?;
    let Some(user) = account.logins.user_now(&name).await? else {
        // Who administers a workspace is not told which users there are outside of it.
        if !caller.is_admin {
            return Err(Refusal::Denied);
        }
        let message = format!("User with username={name} not found");
        return Err(Refusal::Error(Error::does_not_exist(message)));
    };
    let default = account.logins.default_permission;
    let permission = effective(&user, default, &resource_type, &resource_id)?;
    Ok(Json(json!({
        "allowed": permission.can_use(),
        "permission": permission.name(),
    })))
}

/// Returns what a user may do with a resource. A grant that gives something is raised to the default permission.
pub fn effective(
    user: &User,
    default: Permission,
    resource_type: &str,
    resource_id: &str,
) -> error::Result<Permission> {
    refuse_workspace(resource_type)?;
    let kind = check_resource_type(resource_type)?;
    if resource_id != "*" && (!kind.takes_ids() || kind == ResourceType::Prompt) {
        return Err(Error::invalid_parameter(format!(
            "resource_type '{resource_type}' is not supported by the per-user permission convenience APIs."
        )));
    }
    if kind == ResourceType::Scorer && resource_id != "*" && !resource_id.contains('/') {
        return Err(Error::invalid_parameter(
            "Invalid scorer resource_id. Expected '<experiment_id>/<scorer_name>'.",
        ));
    }
    Ok(
        match user.grants.on(WORKSPACE, resource_type, resource_id) {
            None => default,
            Some(granted) if granted.priority() <= 0 => granted,
            Some(granted) if granted.priority() < default.priority() => default,
            Some(granted) => granted,
        },
    )
}

fn refuse_workspace(resource_type: &str) -> error::Result<()> {
    if resource_type == ResourceType::Workspace.name() {
        return Err(Error::invalid_parameter(
            "resource_type 'workspace' is not supported by the per-user permission convenience APIs. Use \
             set_workspace_permission / delete_workspace_permission for workspace-wide grants.",
        ));
    }
    Ok(())
}
