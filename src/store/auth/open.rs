//! Makes an auth database ready: creates MLflow's tables of users, brings older ones to the revision that flowkeep works
//! with, and refuses newer ones.

use diesel::prelude::*;

use super::copies::keep_copy;
use super::revisions::{self, ALL, FIRST, HEAD, OWN_VERSION};
use super::schema::{alembic_version_auth, flowkeep_auth_schema};
use crate::config::DatabaseUri;
use crate::store::Db;
use crate::store::executor::connections::Access;
use crate::store::open::{OpenError, connect, lock_out_others, table_names};

/// What an auth database held before anything was done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthDatabaseState {
    /// No table of users, or no file.
    Empty,
    /// MLflow's tables at an older revision, and where the copy is that was made of them.
    Older {
        revision: String,
        copy: Option<String>,
    },
    /// MLflow's tables, perhaps without flowkeep's.
    Ready,
}

/// Says what an auth database holds, and changes nothing.
pub fn check(uri: &DatabaseUri) -> Result<AuthDatabaseState, OpenError> {
    if let DatabaseUri::Sqlite(path) = uri
        && !path.exists()
    {
        return Ok(AuthDatabaseState::Empty);
    }
    inspect(&mut connect(uri, Access::Inspect)?, uri)
}

/// Makes an auth database ready for the server. Several servers may do it at once. What is changed of an older one is
/// copied before.
pub fn prepare(uri: &DatabaseUri, now_ms: i64) -> Result<AuthDatabaseState, OpenError> {
    // A database that is refused must stay as it is, so it is looked at before it is opened to write.
    check(uri)?;
    let mut db = connect(uri, Access::Write)?;
    lock_out_others(&mut db, |db| {
        let mut found = inspect(db, uri)?;
        let reached = match &mut found {
            AuthDatabaseState::Empty => 0,
            AuthDatabaseState::Older { revision, copy } => {
                *copy = Some(keep_copy(db, uri, revision)?);
                position(revision).map_or(0, |position| position + 1)
            }
            AuthDatabaseState::Ready => ALL.len(),
        };
        for revision in &ALL[reached..] {
            revision.reach(db)?;
        }
        if reached < ALL.len() {
            revisions::stamp(db, HEAD)?;
        }
        let is_new = !has_own_tables(db)?;
        revisions::add_own_tables(db, is_new, now_ms)?;
        Ok(found)
    })
}

fn inspect(db: &mut Db, uri: &DatabaseUri) -> Result<AuthDatabaseState, OpenError> {
    let tables = table_names(db)?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    if has("flowkeep_auth_schema") {
        let own: Vec<String> = flowkeep_auth_schema::table
            .select(flowkeep_auth_schema::version)
            .load(db)?;
        if let Some(version) = own.into_iter().find(|version| version != OWN_VERSION) {
            return Err(OpenError::NewerFlowkeep {
                database: uri.clone(),
                version,
            });
        }
    }
    if !has("alembic_version_auth") {
        return match (has("users"), has("experiment_permissions")) {
            (false, _) => Ok(AuthDatabaseState::Empty),
            (true, true) => Ok(older(FIRST)),
            (true, false) => Err(OpenError::ForeignTables {
                database: uri.clone(),
                example: "users".to_owned(),
            }),
        };
    }
    let found: Vec<String> = alembic_version_auth::table
        .select(alembic_version_auth::version_num)
        .load(db)?;
    match found.as_slice() {
        // Alembic makes its table first; where that was all, nothing is there yet.
        [] if !has("users") => Ok(AuthDatabaseState::Empty),
        [revision] if revision == HEAD => Ok(AuthDatabaseState::Ready),
        [revision] if position(revision).is_some() => Ok(older(revision)),
        _ => Err(OpenError::UnknownAuthHead {
            database: uri.clone(),
            found: found.join(", "),
        }),
    }
}

fn older(revision: &str) -> AuthDatabaseState {
    AuthDatabaseState::Older {
        revision: revision.to_owned(),
        copy: None,
    }
}

fn position(revision: &str) -> Option<usize> {
    ALL.iter().position(|known| known.name == revision)
}

fn has_own_tables(db: &mut Db) -> QueryResult<bool> {
    Ok(table_names(db)?
        .iter()
        .any(|table| table == "flowkeep_auth_schema"))
}
