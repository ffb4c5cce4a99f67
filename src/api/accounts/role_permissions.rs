//! What roles grant.

use actix_web::web::Json;
use serde_json::{Value, json};

use super::account::{Account, may_manage, may_view};
use super::json;
use super::parameters::Parameters;
use super::refusal::Result;
use super::roles::role_for;
use crate::access::{User, check_grant, check_permission, check_resource_type};
use crate::error::{self, found};
use crate::store::Db;
use crate::store::auth::role_permissions::{self as table, NewGrant, RolePermissionRow};

pub async fn add(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    parameters.require_role(account.user.is_admin)?;
    let id = parameters.integer("role_id")?;
    let grant = NewGrant {
        resource_type: parameters.text("resource_type")?,
        resource_pattern: parameters.text("resource_pattern")?,
        permission: parameters.text("permission")?,
    };
    let added = account
        .write(move |db, caller| {
            let role = match role_for(db, caller, id, may_manage) {
                Ok(None) => return Ok(None),
                role => role,
            };
            // What is wrong with the grant is told before that there is no such role, as MLflow does.
            check_grant(
                &grant.resource_type,
                &grant.resource_pattern,
                &grant.permission,
            )?;
            let Some(role) = role? else {
                return Ok(None);
            };
            table::add(db, role.id, &grant).map(Some)
        })
        .await?;
    Ok(Json(
        json!({"role_permission": json::role_permission(&added)}),
    ))
}

pub async fn remove(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    parameters.require_role(account.user.is_admin)?;
    let id = parameters.integer("role_permission_id")?;
    account
        .write(move |db, caller| {
            let Some(row) = row_for(db, caller, id)? else {
                return Ok(None);
            };
            table::remove(db, row.id).map(Some)
        })
        .await?;
    Ok(Json(json!({})))
}

pub async fn list(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    parameters.require_role(account.user.is_admin)?;
    let id = parameters.integer("role_id")?;
    let rows = account
        .read(move |db, caller| {
            let Some(role) = role_for(db, caller, id, may_view)? else {
                return Ok(None);
            };
            table::list(db, role.id).map(Some)
        })
        .await?;
    let rows: Vec<Value> = rows.iter().map(json::role_permission).collect();
    Ok(Json(json!({"role_permissions": rows})))
}

pub async fn update(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    parameters.require_role(account.user.is_admin)?;
    let id = parameters.integer("role_permission_id")?;
    let permission = parameters.text("permission")?;
    let updated = account
        .write(move |db, caller| {
            let Some(row) = row_for(db, caller, id)? else {
                return Ok(None);
            };
            check_permission(&permission, check_resource_type(&row.resource_type)?)?;
            table::set_permission(db, row.id, &permission).map(Some)
        })
        .await?;
    Ok(Json(
        json!({"role_permission": json::role_permission(&updated)}),
    ))
}

/// Returns a grant if the caller may change it. Its own role decides, whichever role a request may name beside it.
fn row_for(db: &mut Db, caller: &User, id: i32) -> error::Result<Option<RolePermissionRow>> {
    if caller.is_admin {
        return table::get(db, id).map(Some);
    }
    let Some(row) = found(table::get(db, id))? else {
        return Ok(None);
    };
    let role = role_for(db, caller, row.role_id, may_manage)?;
    Ok(role.map(|_| row))
}
