//! Who sends a request, and what the roles of that user grant.

use std::sync::Arc;

use super::permission::Permission;

/// Who sends a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user whom the server has authenticated. Nobody on a server without logins, where everybody may do
    /// everything.
    pub user: Option<User>,
    pub how: Authenticated,
}

/// How the server knows who sends a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authenticated {
    /// It does not: the server has no logins.
    Open,
    Password,
    /// A token of the user, by its id.
    Token(i32),
}

/// A user of the auth database, as it was when the request came.
#[derive(Clone, Debug)]
pub struct User {
    pub id: i32,
    pub name: String,
    pub is_admin: bool,
    pub grants: Arc<Grants>,
}

/// All grants of all roles that a user has.
#[derive(Debug, Default)]
pub struct Grants {
    pub rows: Vec<Grant>,
    /// The workspaces in which the user has a role, also one without grants. Sorted.
    pub workspaces: Vec<String>,
}

/// One row of `role_permissions`, with its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub role_id: i32,
    pub role_name: String,
    pub workspace: String,
    pub resource_type: String,
    /// The id or the name of a resource, or `*`.
    pub resource_pattern: String,
    pub permission: Permission,
}

impl Caller {
    /// Whoever calls a server without logins.
    pub const fn open() -> Self {
        Self {
            user: None,
            how: Authenticated::Open,
        }
    }

    /// The user's name, if the server has authenticated one.
    pub fn name(&self) -> Option<&str> {
        self.user.as_ref().map(|user| user.name.as_str())
    }
}

impl Grants {
    /// Whether the user administers a workspace: a role there has MANAGE on the workspace.
    pub fn administers(&self, workspace: &str) -> bool {
        self.administered().any(|name| name == workspace)
    }

    /// The workspaces that the user administers.
    pub fn administered(&self) -> impl Iterator<Item = &str> {
        self.rows
            .iter()
            .filter(|grant| {
                grant.resource_type == "workspace"
                    && grant.resource_pattern == "*"
                    && grant.permission == Permission::Manage
            })
            .map(|grant| grant.workspace.as_str())
    }

    /// What the roles of a workspace grant on a resource: its own grants and those on all of its kind together, of which
    /// a veto wins, else the highest. Who administers the workspace may do everything in it, vetoes or not. `None`
    /// without a grant.
    pub fn on(&self, workspace: &str, resource_type: &str, id: &str) -> Option<Permission> {
        if self.administers(workspace) {
            return Some(Permission::Manage);
        }
        let granted = self.rows.iter().filter(|grant| {
            grant.workspace == workspace
                && grant.resource_type == resource_type
                && (grant.resource_pattern == "*" || grant.resource_pattern == id)
        });
        granted
            .map(|grant| grant.permission)
            .max_by_key(|permission| match permission {
                Permission::Deny => i8::MAX,
                permission => permission.priority(),
            })
    }

    /// Whether the user has any role in a workspace.
    pub fn is_present_in(&self, workspace: &str) -> bool {
        self.workspaces.iter().any(|name| name == workspace)
    }
}
