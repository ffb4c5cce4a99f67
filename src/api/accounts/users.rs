//! Users: created, listed, changed and deleted.

use std::collections::HashMap;

use actix_web::web::Json;
use serde_json::{Value, json};

use super::account::Account;
use super::json;
use super::parameters::{Parameters, invalid};
use super::refusal::{Refusal, Result};
use crate::access::{User, passwords};
use crate::error::Error;
use crate::store::auth::roles::{self, RoleWithGrants};
use crate::store::auth::users;

/// Creates a user. Admins of a workspace may, because they give their workspace's roles to new users.
pub async fn create(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    if !account.user.is_admin && account.user.grants.administered().next().is_none() {
        return Err(Refusal::Denied);
    }
    if !parameters.is_json {
        return Err(Refusal::Text(
            "Invalid content type. Must be application/json",
        ));
    }
    let name = parameters.text("username")?;
    let password = parameters.text("password")?;
    if name.is_empty() || password.is_empty() {
        return Err(Refusal::Text("Username and password cannot be empty."));
    }
    let hash = passwords::hash_new(&password).await?;
    let created = account
        .write(move |db, _| users::create(db, &name, &hash, false).map(Some))
        .await?;
    Ok(Json(json!({"user": json::user(&created)})))
}

pub async fn get(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    let name = parameters.text("username")?;
    require_self_or_admin(&account.user, &name)?;
    let found = account
        .read(move |db, _| users::get(db, &name).map(Some))
        .await?;
    Ok(Json(json!({"user": json::user(&found)})))
}

/// Lists all users. Of others, the caller sees the roles in workspaces that the caller administers.
pub async fn list(account: Account) -> Result<Json<Value>> {
    let (all, mut roles) = account
        .read(|db, _| Ok(Some((users::list(db)?, roles::of_all_users(db)?))))
        .await?;
    let users: Vec<Value> = all
        .iter()
        .map(|user| {
            let mut written = json::user(user);
            written["roles"] = visible_roles(&account.user, user.id, &mut roles);
            written
        })
        .collect();
    Ok(Json(json!({"users": users})))
}

fn visible_roles(
    caller: &User,
    user_id: i32,
    roles: &mut HashMap<i32, Vec<RoleWithGrants>>,
) -> Value {
    let sees_all = caller.is_admin || caller.id == user_id;
    roles
        .remove(&user_id)
        .unwrap_or_default()
        .iter()
        .filter(|role| sees_all || caller.grants.administers(&role.role.workspace))
        .map(json::role)
        .collect()
}

pub async fn current(account: Account) -> Result<Json<Value>> {
    let User {
        id, name, is_admin, ..
    } = &account.user;
    Ok(Json(json!({
        "user": {"id": id, "username": name, "is_admin": is_admin},
        "is_basic_auth": true,
    })))
}

/// Changes a password. Who changes the own one shows the old one.
pub async fn update_password(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    let name = parameters.text("username")?;
    require_self_or_admin(&account.user, &name)?;
    let password = parameters.text("password")?;
    if name == account.user.name {
        check_current_password(&account, &parameters, &password).await?;
    }
    let hash = passwords::hash_new(&password).await?;
    account
        .write(move |db, _| users::set_password_hash(db, &name, &hash).map(Some))
        .await?;
    Ok(Json(json!({})))
}

async fn check_current_password(
    account: &Account,
    parameters: &Parameters,
    password: &str,
) -> Result<()> {
    let complaint = "Current password does not match.";
    let current = parameters
        .optional_text("current_password", complaint)?
        .filter(|current| !current.is_empty())
        .ok_or_else(|| invalid("Current password is required when changing your own password."))?;
    let is_right = account
        .logins
        .is_password(&account.user.name, &current, account.address)
        .await?;
    if !is_right {
        return Err(invalid(complaint));
    }
    if current == password {
        return Err(invalid(
            "New password must differ from the current password.",
        ));
    }
    Ok(())
}

pub async fn update_admin(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    account.require_admin()?;
    let name = parameters.text("username")?;
    let is_admin = parameters.boolean("is_admin")?;
    account
        .write(move |db, _| users::set_admin(db, &name, is_admin).map(Some))
        .await?;
    Ok(Json(json!({})))
}

pub async fn delete(account: Account, parameters: Parameters) -> Result<Json<Value>> {
    account.require_admin()?;
    let name = parameters.text("username")?;
    if name == account.user.name {
        return Err(Refusal::Error(Error::bad_request(
            "Users cannot delete their own account. Ask another admin to delete this user instead.",
        )));
    }
    account
        .write(move |db, _| users::delete(db, &name).map(Some))
        .await?;
    Ok(Json(json!({})))
}

fn require_self_or_admin(caller: &User, name: &str) -> Result<()> {
    if caller.is_admin || caller.name == name {
        Ok(())
    } else {
        Err(Refusal::Denied)
    }
}
