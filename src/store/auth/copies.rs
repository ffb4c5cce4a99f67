//! Keeps a copy of an auth database before its schema is changed.

use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::config::DatabaseUri;
use crate::store::Db;
use crate::store::open::{OpenError, table_names};

/// The tables of an older auth database.
const TABLES: [&str; 12] = [
    "alembic_version_auth",
    "users",
    "experiment_permissions",
    "registered_model_permissions",
    "scorer_permissions",
    "gateway_secret_permissions",
    "gateway_endpoint_permissions",
    "gateway_model_definition_permissions",
    "workspace_permissions",
    "roles",
    "role_permissions",
    "user_role_assignments",
];

/// Copies what is about to be changed, and says where the copy is: on SQLite a file beside the database. In PostgreSQL,
/// and in a file that holds more than users, tables with another name.
pub fn keep_copy(db: &mut Db, uri: &DatabaseUri, revision: &str) -> Result<String, OpenError> {
    let tables = table_names(db)?;
    let is_tracking = tables.iter().any(|table| table == "experiments");
    match uri {
        DatabaseUri::Sqlite(path) if !is_tracking => copy_file(path, uri, revision),
        _ => copy_tables(db, &tables, revision),
    }
}

/// Copies through a connection of its own, because the one that holds the lock is in a transaction.
fn copy_file(path: &Path, uri: &DatabaseUri, revision: &str) -> Result<String, OpenError> {
    let copy = free_path(path, revision);
    let failed = |reason: String| OpenError::Copy {
        database: uri.clone(),
        reason,
    };
    let mut reader = SqliteConnection::establish(&path.display().to_string())
        .map_err(|error| failed(error.to_string()))?;
    let target = copy.display().to_string().replace('\'', "''");
    reader
        .batch_execute(&format!(
            "PRAGMA busy_timeout = 20000; VACUUM INTO '{target}';"
        ))
        .map_err(|error| failed(error.to_string()))?;
    Ok(copy.display().to_string())
}

/// Returns the name for a copy beside a file. An older copy stays.
fn free_path(path: &Path, revision: &str) -> PathBuf {
    let name = format!("{}.before_{revision}", path.display());
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    std::iter::once(name.clone())
        .chain(numbered)
        .map(PathBuf::from)
        .find(|path| !path.exists())
        .unwrap_or_else(|| PathBuf::from(name))
}

fn copy_tables(db: &mut Db, tables: &[String], revision: &str) -> Result<String, OpenError> {
    let is_there = |name: &str| tables.iter().any(|table| table == name);
    let mut suffix = format!("before_{revision}");
    let mut copies = 1;
    while is_there(&format!("users_{suffix}")) {
        copies += 1;
        suffix = format!("before_{revision}_{copies}");
    }
    for table in TABLES.into_iter().filter(|table| is_there(table)) {
        db.batch_execute(&format!(
            "CREATE TABLE {table}_{suffix} AS SELECT * FROM {table};"
        ))?;
    }
    Ok(format!("the tables …_{suffix}"))
}
