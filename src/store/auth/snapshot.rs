//! A user as a request finds it, with all that its roles grant: one statement.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};

use crate::error::Result;
use crate::store::Db;

/// A user and what its roles grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSnapshot {
    pub id: i32,
    pub name: String,
    pub password_hash: String,
    pub is_admin: bool,
    pub is_disabled: bool,
    pub roles: Vec<RoleOfUser>,
    /// The token by which the user was found, if it was one.
    pub token: Option<TokenOfUser>,
}

/// A role of a user, once for each of its grants, or once without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleOfUser {
    pub id: i32,
    pub name: String,
    pub workspace: String,
    pub grant: Option<GrantOfRole>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantOfRole {
    pub resource_type: String,
    pub resource_pattern: String,
    pub permission: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOfUser {
    pub id: i32,
    pub expires_ms: Option<i64>,
    pub last_used_ms: Option<i64>,
}

const COLUMNS: &str = "SELECT u.id, u.username, u.password_hash, u.is_admin, d.user_id IS NOT NULL AS is_disabled,
        r.id AS role_id, r.name AS role_name, r.workspace, p.resource_type, p.resource_pattern, p.permission,";

const TABLES: &str = "LEFT JOIN flowkeep_disabled_users d ON d.user_id = u.id
    LEFT JOIN user_role_assignments a ON a.user_id = u.id
    LEFT JOIN roles r ON r.id = a.role_id
    LEFT JOIN role_permissions p ON p.role_id = r.id";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    id: i32,
    #[diesel(sql_type = Nullable<Text>)]
    username: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    password_hash: Option<String>,
    #[diesel(sql_type = Nullable<Bool>)]
    is_admin: Option<bool>,
    #[diesel(sql_type = Bool)]
    is_disabled: bool,
    #[diesel(sql_type = Nullable<Integer>)]
    role_id: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    role_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    workspace: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    resource_type: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    resource_pattern: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    permission: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    token_id: Option<i32>,
    #[diesel(sql_type = Nullable<BigInt>)]
    expires_ms: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_used_ms: Option<i64>,
}

/// Returns the user of a name.
pub fn by_name(db: &mut Db, name: &str) -> Result<Option<UserSnapshot>> {
    let query = format!(
        "{COLUMNS} NULL AS token_id, NULL AS expires_ms, NULL AS last_used_ms FROM users u {TABLES}
         WHERE u.username = $1 ORDER BY r.id, p.id"
    );
    let query = match db {
        Db::Sqlite(_) => query,
        // PostgreSQL asks what nothing is a value of.
        Db::Postgres(_) => query
            .replace("NULL AS token_id", "NULL::integer AS token_id")
            .replace("NULL AS expires_ms", "NULL::bigint AS expires_ms")
            .replace("NULL AS last_used_ms", "NULL::bigint AS last_used_ms"),
    };
    let rows = diesel::sql_query(query).bind::<Text, _>(name).load(db)?;
    Ok(assemble(rows))
}

/// Returns the user who has a token, by the token's hash.
pub fn by_token(db: &mut Db, token_hash: &str) -> Result<Option<UserSnapshot>> {
    let query = format!(
        "{COLUMNS} t.id AS token_id, t.expires_ms, t.last_used_ms
         FROM flowkeep_user_tokens t JOIN users u ON u.id = t.user_id {TABLES}
         WHERE t.token_hash = $1 ORDER BY r.id, p.id"
    );
    let rows = diesel::sql_query(query)
        .bind::<Text, _>(token_hash)
        .load(db)?;
    Ok(assemble(rows))
}

fn assemble(rows: Vec<Row>) -> Option<UserSnapshot> {
    let first = rows.first()?;
    let token = first.token_id.map(|id| TokenOfUser {
        id,
        expires_ms: first.expires_ms,
        last_used_ms: first.last_used_ms,
    });
    let mut snapshot = UserSnapshot {
        id: first.id,
        name: first.username.clone().unwrap_or_default(),
        password_hash: first.password_hash.clone().unwrap_or_default(),
        is_admin: first.is_admin.unwrap_or_default(),
        is_disabled: first.is_disabled,
        roles: Vec::new(),
        token,
    };
    snapshot.roles = rows.into_iter().filter_map(role).collect();
    Some(snapshot)
}

fn role(row: Row) -> Option<RoleOfUser> {
    let grant = match (row.resource_type, row.resource_pattern, row.permission) {
        (Some(resource_type), Some(resource_pattern), Some(permission)) => Some(GrantOfRole {
            resource_type,
            resource_pattern,
            permission,
        }),
        _ => None,
    };
    Some(RoleOfUser {
        id: row.role_id?,
        name: row.role_name?,
        workspace: row.workspace?,
        grant,
    })
}
