//! Makes a database ready: creates MLflow's tables in an empty one, adopts one that MLflow wrote, and
//! refuses any other without changing it.

mod error;
mod heads;
mod migrations;
mod tables;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::Db;
use super::executor::connections::{Access, begin_write, commit, open, reason, rollback};
use super::schema::alembic_version;
use crate::config::{DatabaseUri, MlflowSchema};

pub use self::error::OpenError;
pub use self::heads::Head;
use self::migrations::Plan;
pub use self::migrations::Step;
pub(in crate::store) use self::tables::table_names;

/// What a database held before anything was done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseState {
    /// SQLite's file does not exist.
    NoFile,
    Empty,
    /// MLflow's tables, as flowkeep needs them.
    Mlflow {
        head: Head,
        /// How many of flowkeep's migrations are still to be made.
        pending: usize,
    },
}

impl DatabaseState {
    /// Whether a server has nothing left to do before it can work with the database.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Mlflow { pending: 0, .. })
    }

    /// The head of a schema that came after this flowkeep.
    pub fn unknown_head(&self) -> Option<&str> {
        match self {
            Self::Mlflow {
                head: Head::Unknown(revision),
                ..
            } => Some(revision),
            _ => None,
        }
    }
}

/// Says whether flowkeep can work with a database, and changes nothing.
pub fn check(uri: &DatabaseUri) -> Result<DatabaseState, OpenError> {
    if let DatabaseUri::Sqlite(path) = uri
        && !path.exists()
    {
        return Ok(DatabaseState::NoFile);
    }
    let mut db = connect(uri, Access::Inspect)?;
    inspect(&mut db, uri)
}

/// Makes a database ready for the server, with MLflow's default schema if it is empty.
pub fn initialize(uri: &DatabaseUri) -> Result<DatabaseState, OpenError> {
    prepare(uri, MlflowSchema::default(), |_| {})
}

/// Makes a database ready for the server. Several servers may do it at once.
///
/// An empty one gets the schema that is named. Each step is told before it is taken, because on a large database
/// one can take long.
pub fn prepare(
    uri: &DatabaseUri,
    schema: MlflowSchema,
    before_step: impl FnMut(Step),
) -> Result<DatabaseState, OpenError> {
    // A database that is refused must stay as it is, so it is looked at before it is opened to write.
    check(uri)?;
    let mut db = connect(uri, Access::Write)?;
    lock_out_others(&mut db, |db| {
        let found = inspect(db, uri)?;
        let plan = match &found {
            DatabaseState::Mlflow { .. } => Plan::Adopt,
            DatabaseState::NoFile | DatabaseState::Empty => Plan::Create(schema),
        };
        let applied = migrations::applied(db)?;
        migrations::run(db, plan, &applied, before_step)?;
        Ok(found)
    })
}

/// Copies SQLite's log into the file itself, as far as nobody else is using it, so that after a stop
/// the file alone is a complete copy.
pub fn checkpoint(uri: &DatabaseUri) -> Result<(), OpenError> {
    if let Db::Sqlite(connection) = &mut connect(uri, Access::Write)? {
        connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE);")?;
    }
    Ok(())
}

pub(in crate::store) fn connect(uri: &DatabaseUri, access: Access) -> Result<Db, OpenError> {
    open(uri, access).map_err(|error| OpenError::Connection(uri.clone(), reason(&error)))
}

/// One transaction in which no other server can prepare the same database.
pub(in crate::store) fn lock_out_others<T>(
    db: &mut Db,
    work: impl FnOnce(&mut Db) -> Result<T, OpenError>,
) -> Result<T, OpenError> {
    // Any number, as long as every flowkeep server takes the same.
    const LOCK: i64 = 0x666c_6f77;
    begin_write(db)?;
    let outcome = match db {
        Db::Sqlite(_) => Ok(0),
        Db::Postgres(connection) => {
            diesel::sql_query(format!("SELECT pg_advisory_xact_lock({LOCK})")).execute(connection)
        }
    };
    match outcome.map_err(OpenError::from).and_then(|_| work(db)) {
        Ok(done) => {
            commit(db)?;
            Ok(done)
        }
        Err(error) => {
            rollback(db)?;
            Err(error)
        }
    }
}

fn inspect(db: &mut Db, uri: &DatabaseUri) -> Result<DatabaseState, OpenError> {
    let tables = table_names(db)?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    // Other programs use Alembic too.
    if !has("alembic_version") || !has("experiments") {
        // Users may be kept in the same database, and come first.
        let has_users = has("alembic_version_auth");
        let mut others = tables.iter();
        return match others
            .find(|table| !(has_users && is_auth_table(table)))
            .cloned()
        {
            None => Ok(DatabaseState::Empty),
            Some(example) => Err(OpenError::ForeignTables {
                database: uri.clone(),
                example,
            }),
        };
    }
    let found: Vec<String> = alembic_version::table
        .select(alembic_version::version_num)
        .load(db)?;
    let head = judge(&found, uri)?;
    let misfits = tables::misfits(db)?;
    if !misfits.is_empty() {
        return Err(OpenError::Misfit {
            database: uri.clone(),
            head,
            misfits: enumerate(&misfits),
        });
    }
    let applied = migrations::applied(db)?;
    let known = migrations::versions(db)?;
    if let Some(version) = applied.iter().find(|version| !known.contains(version)) {
        return Err(OpenError::NewerFlowkeep {
            database: uri.clone(),
            version: version.clone(),
        });
    }
    let pending = migrations::pending(&known, &applied);
    Ok(DatabaseState::Mlflow { head, pending })
}

/// Whether a table belongs to the logins of MLflow, or to flowkeep's.
fn is_auth_table(name: &str) -> bool {
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
    const OWN: [&str; 3] = [
        "flowkeep_auth_schema",
        "flowkeep_disabled_users",
        "flowkeep_user_tokens",
    ];
    // A copy of a table has its name before.
    let original = name.split_once("_before_").map_or(name, |(name, _)| name);
    TABLES.contains(&original) || OWN.contains(&name)
}

fn judge(found: &[String], uri: &DatabaseUri) -> Result<Head, OpenError> {
    let [revision] = found else {
        return Err(OpenError::UnclearHead {
            database: uri.clone(),
            found: found.to_vec(),
        });
    };
    Head::of(revision).ok_or_else(|| OpenError::OlderHead {
        database: uri.clone(),
        found: revision.clone(),
    })
}

/// The first of many things, and how many more there are.
fn enumerate(misfits: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = misfits[..misfits.len().min(SHOWN)].join("; ");
    match misfits.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}
