//! Turns the grants of MLflow up to 3.12, which stood in a table for each kind of resource, into the roles of 3.13: each
//! user gets a hidden role in each workspace. The old tables stay as they are.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::roles::hidden_role_name;
use super::schema::{role_permissions, roles, user_role_assignments, users};
use crate::store::Db;
use crate::store::open::OpenError;

/// The kinds of resources that had a table of grants.
const KINDS: [&str; 6] = [
    "experiment",
    "registered_model",
    "scorer",
    "gateway_secret",
    "gateway_endpoint",
    "gateway_model_definition",
];

/// The old tables, in MLflow's order: it decides which of two grants on the same thing stays.
const TABLES: [(&str, &str); 7] = [
    (
        "workspace",
        "SELECT user_id, workspace, '*' AS resource, NULL AS part, permission FROM workspace_permissions",
    ),
    (
        "experiment",
        "SELECT user_id, 'default' AS workspace, experiment_id AS resource, NULL AS part, permission \
         FROM experiment_permissions",
    ),
    (
        "registered_model",
        "SELECT user_id, workspace, name AS resource, NULL AS part, permission FROM registered_model_permissions",
    ),
    (
        "scorer",
        "SELECT user_id, 'default' AS workspace, experiment_id AS resource, scorer_name AS part, permission \
         FROM scorer_permissions",
    ),
    (
        "gateway_secret",
        "SELECT user_id, 'default' AS workspace, secret_id AS resource, NULL AS part, permission \
         FROM gateway_secret_permissions",
    ),
    (
        "gateway_endpoint",
        "SELECT user_id, 'default' AS workspace, endpoint_id AS resource, NULL AS part, permission \
         FROM gateway_endpoint_permissions",
    ),
    (
        "gateway_model_definition",
        "SELECT user_id, 'default' AS workspace, model_definition_id AS resource, NULL AS part, permission \
         FROM gateway_model_definition_permissions",
    ),
];

#[derive(QueryableByName)]
struct LegacyGrant {
    #[diesel(sql_type = Integer)]
    user_id: i32,
    #[diesel(sql_type = Text)]
    workspace: String,
    #[diesel(sql_type = Text)]
    resource: String,
    /// The name of a scorer, whose experiment is the resource.
    #[diesel(sql_type = Nullable<Text>)]
    part: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    permission: Option<String>,
}

/// A grant as a row of `role_permissions`, before its role is known.
#[derive(Debug, PartialEq, Eq)]
struct NewGrant<'a> {
    kind: &'a str,
    pattern: String,
    permission: &'a str,
}

/// Copies all old grants into hidden roles. Fails if a role of that name is somebody else's.
pub fn become_roles(db: &mut Db) -> Result<(), OpenError> {
    let mut hidden = HiddenRoles::read(db)?;
    for (kind, select) in TABLES {
        let rows: Vec<LegacyGrant> = diesel::sql_query(select).load(db)?;
        for row in &rows {
            for grant in translate(kind, row) {
                // MLflow took care of no foreign keys on SQLite: a grant to nobody would go to the next user who gets
                // the number.
                if hidden.users.contains(&row.user_id) {
                    hidden.grant(db, row.user_id, &row.workspace, grant)?;
                }
            }
        }
    }
    Ok(())
}

/// Returns what a grant becomes: nothing, one row, or on a whole workspace several.
fn translate<'a>(kind: &'a str, row: &'a LegacyGrant) -> Vec<NewGrant<'a>> {
    let permission = row.permission.as_deref().unwrap_or_default();
    if kind == "workspace" {
        return on_workspace(permission);
    }
    if !["READ", "USE", "EDIT", "MANAGE"].contains(&permission) {
        return Vec::new();
    }
    let pattern = match &row.part {
        Some(scorer) => format!("{}/{}", row.resource, quoted(scorer)),
        None => row.resource.clone(),
    };
    vec![NewGrant {
        kind,
        pattern,
        permission,
    }]
}

fn on_workspace(permission: &str) -> Vec<NewGrant<'_>> {
    let on_all = |kind, permission| NewGrant {
        kind,
        pattern: "*".to_owned(),
        permission,
    };
    match permission {
        "READ" | "USE" => vec![on_all("workspace", "USE")],
        "MANAGE" => vec![on_all("workspace", "MANAGE")],
        "EDIT" => [on_all("workspace", "USE")]
            .into_iter()
            .chain(KINDS.into_iter().map(|kind| on_all(kind, "EDIT")))
            .collect(),
        _ => Vec::new(),
    }
}

/// A name as Python's `quote` writes it, slashes included.
fn quoted(name: &str) -> String {
    const QUOTED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'_')
        .remove(b'.')
        .remove(b'-')
        .remove(b'~');
    utf8_percent_encode(name, QUOTED).to_string()
}

/// The hidden roles, as far as they are known.
struct HiddenRoles {
    users: HashSet<i32>,
    /// By user and workspace.
    roles: HashMap<(i32, String), i32>,
    granted: HashSet<(i32, String, String)>,
}

impl HiddenRoles {
    fn read(db: &mut Db) -> Result<Self, OpenError> {
        let granted: Vec<(i32, String, String)> = role_permissions::table
            .select((
                role_permissions::role_id,
                role_permissions::resource_type,
                role_permissions::resource_pattern,
            ))
            .load(db)?;
        let users: Vec<i32> = users::table.select(users::id).load(db)?;
        Ok(Self {
            users: users.into_iter().collect(),
            roles: HashMap::new(),
            granted: granted.into_iter().collect(),
        })
    }

    fn grant(
        &mut self,
        db: &mut Db,
        user_id: i32,
        workspace: &str,
        grant: NewGrant<'_>,
    ) -> Result<(), OpenError> {
        let key = (user_id, workspace.to_owned());
        let role_id = if let Some(role_id) = self.roles.get(&key) {
            *role_id
        } else {
            let role_id = role_of(db, user_id, workspace)?;
            self.roles.insert(key, role_id);
            role_id
        };
        let granted = (role_id, grant.kind.to_owned(), grant.pattern.clone());
        if self.granted.insert(granted) {
            diesel::insert_into(role_permissions::table)
                .values((
                    role_permissions::role_id.eq(role_id),
                    role_permissions::resource_type.eq(grant.kind),
                    role_permissions::resource_pattern.eq(grant.pattern),
                    role_permissions::permission.eq(grant.permission),
                ))
                .execute(db)?;
        }
        Ok(())
    }
}

/// Returns the hidden role of a user in a workspace, and makes it if it is not there.
fn role_of(db: &mut Db, user_id: i32, workspace: &str) -> Result<i32, OpenError> {
    let name = hidden_role_name(user_id);
    let found: Option<i32> = roles::table
        .filter(roles::workspace.eq(workspace))
        .filter(roles::name.eq(&name))
        .select(roles::id)
        .first(db)
        .optional()?;
    let role_id = match found {
        Some(role_id) => role_id,
        None => diesel::insert_into(roles::table)
            .values((roles::name.eq(&name), roles::workspace.eq(workspace)))
            .returning(roles::id)
            .get_result(db)?,
    };
    let assigned: Vec<i32> = user_role_assignments::table
        .filter(user_role_assignments::role_id.eq(role_id))
        .select(user_role_assignments::user_id)
        .load(db)?;
    if assigned.iter().any(|other| *other != user_id) {
        return Err(OpenError::SharedHiddenRole {
            role: name,
            workspace: workspace.to_owned(),
        });
    }
    if assigned.is_empty() {
        diesel::insert_into(user_role_assignments::table)
            .values((
                user_role_assignments::user_id.eq(user_id),
                user_role_assignments::role_id.eq(role_id),
            ))
            .execute(db)?;
    }
    Ok(role_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(kind: &str, part: Option<&str>, permission: &str) -> Vec<String> {
        let row = LegacyGrant {
            user_id: 1,
            workspace: "default".to_owned(),
            resource: "7".to_owned(),
            part: part.map(str::to_owned),
            permission: Some(permission.to_owned()),
        };
        translate(kind, &row)
            .into_iter()
            .map(|grant| format!("{} {} {}", grant.kind, grant.pattern, grant.permission))
            .collect()
    }

    #[test]
    fn grants_become_what_mlflow_makes_of_them() {
        assert_eq!(rows("experiment", None, "EDIT"), ["experiment 7 EDIT"]);
        assert_eq!(
            rows("scorer", Some("a/b c~ü"), "READ"),
            ["scorer 7/a%2Fb%20c~%C3%BC READ"]
        );
        assert!(rows("experiment", None, "NO_PERMISSIONS").is_empty());
        assert!(rows("experiment", None, "DENY").is_empty());
    }

    #[test]
    fn grants_on_workspaces_become_two_levels() {
        assert_eq!(rows("workspace", None, "READ"), ["workspace * USE"]);
        assert_eq!(rows("workspace", None, "MANAGE"), ["workspace * MANAGE"]);
        assert_eq!(rows("workspace", None, "EDIT").len(), 7);
        assert!(rows("workspace", None, "NO_PERMISSIONS").is_empty());
    }
}
