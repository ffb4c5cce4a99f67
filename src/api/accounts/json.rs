//! Users, roles and grants as MLflow writes them.

use serde_json::{Value, json};

use crate::store::auth::role_permissions::RolePermissionRow;
use crate::store::auth::roles::{AssignmentRow, RoleRow, RoleWithGrants};
use crate::store::auth::users::UserRow;

pub fn user(user: &UserRow) -> Value {
    json!({"id": user.id, "username": user.name, "is_admin": user.is_admin})
}

pub fn new_role(role: &RoleRow) -> Value {
    json!({
        "id": role.id,
        "name": role.name,
        "workspace": role.workspace,
        "description": role.description,
        "permissions": [],
    })
}

pub fn role(role: &RoleWithGrants) -> Value {
    let mut written = new_role(&role.role);
    written["permissions"] = role.permissions.iter().map(role_permission).collect();
    written
}

pub fn role_permission(row: &RolePermissionRow) -> Value {
    json!({
        "id": row.id,
        "role_id": row.role_id,
        "resource_type": row.resource_type,
        "resource_pattern": row.resource_pattern,
        "permission": row.permission,
    })
}

pub fn assignment(row: &AssignmentRow) -> Value {
    json!({"id": row.id, "user_id": row.user_id, "role_id": row.role_id})
}
