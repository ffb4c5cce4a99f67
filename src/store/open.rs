//! Makes a database ready: creates MLflow's tables in an empty one, adopts one that MLflow wrote, and
//! refuses any other without changing it.

use chrono::Utc;
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource, Result as MigrationResult};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use thiserror::Error;

use super::executor::connections::{Access, begin_write, commit, open, rollback};
use super::schema::{alembic_version, flowkeep_schema};
use super::{Db, on_backend};
use crate::config::DatabaseUri;

/// The Alembic head of MLflow 3.17.2.
const HEAD: &str = "dc11669786a5";
/// The migration that creates MLflow's own tables.
const MLFLOW_TABLES: &str = "0001";

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

#[derive(Debug, Error)]
pub enum OpenError {
    #[error("The database {0} cannot be opened: {1}.")]
    Connection(DatabaseUri, String),
    #[error(
        "The database {database} is at MLflow's schema {found}, and flowkeep works with {HEAD} (MLflow 3.17.2). \
         If an older MLflow made it, back it up, run `mlflow db upgrade` of MLflow 3.17.2 on it, and start again. \
         If a newer one did, flowkeep cannot use it yet. Nothing was changed."
    )]
    OtherHead {
        database: DatabaseUri,
        found: String,
    },
    #[error(
        "The database {database} holds tables that are not MLflow's ({example}, …). \
         Give flowkeep an empty database, or one that MLflow 3.17.2 made. Nothing was changed."
    )]
    ForeignTables {
        database: DatabaseUri,
        example: String,
    },
    #[error(
        "A newer flowkeep has worked with the database {database} (its migration {version} is unknown to this one). \
         Use that one again. Nothing was changed."
    )]
    NewerFlowkeep {
        database: DatabaseUri,
        version: String,
    },
    #[error("The database refused a statement: {0}.")]
    Statement(#[from] diesel::result::Error),
    #[error("A migration failed: {0}.")]
    Migration(Box<dyn std::error::Error + Send + Sync>),
}

/// What a database held before anything was done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Empty,
    /// MLflow's tables at our head; how many of flowkeep's migrations are still to be made.
    AtHead {
        pending: usize,
    },
}

/// Says whether flowkeep can work with a database, and changes nothing.
pub fn check(uri: &DatabaseUri) -> Result<Found, OpenError> {
    if let DatabaseUri::Sqlite(path) = uri
        && !path.exists()
    {
        return Ok(Found::Empty);
    }
    let mut db = connect(uri, Access::Inspect)?;
    inspect(&mut db, uri)
}

/// Makes a database ready for the server. Several servers may do it at once.
pub fn initialize(uri: &DatabaseUri) -> Result<Found, OpenError> {
    // A database that is refused must stay as it is, so it is looked at before it is opened to write.
    check(uri)?;
    let mut db = connect(uri, Access::Write)?;
    lock_out_others(&mut db, |db| {
        let found = inspect(db, uri)?;
        migrate(db, &found)?;
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

fn connect(uri: &DatabaseUri, access: Access) -> Result<Db, OpenError> {
    open(uri, access).map_err(|error| {
        // libpq's reasons have several lines.
        let reason: Vec<_> = error
            .to_string()
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let reason = reason.join(" ");
        OpenError::Connection(uri.clone(), reason.trim_end_matches('.').to_owned())
    })
}

/// One transaction in which no other server can prepare the same database.
fn lock_out_others<T>(
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

fn inspect(db: &mut Db, uri: &DatabaseUri) -> Result<Found, OpenError> {
    let tables = table_names(db)?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    // Other programs use Alembic too.
    if !has("alembic_version") || !has("experiments") {
        return match tables.into_iter().next() {
            None => Ok(Found::Empty),
            Some(example) => Err(OpenError::ForeignTables {
                database: uri.clone(),
                example,
            }),
        };
    }
    let found: Vec<String> = alembic_version::table
        .select(alembic_version::version_num)
        .load(db)?;
    if found != [HEAD] {
        return Err(OpenError::OtherHead {
            database: uri.clone(),
            found: format!("'{}'", found.join(", ")),
        });
    }
    let applied = applied(db, &tables)?;
    let known = match db {
        Db::Sqlite(_) => versions::<diesel::sqlite::Sqlite>(&SQLITE),
        Db::Postgres(_) => versions::<diesel::pg::Pg>(&POSTGRES),
    }
    .map_err(OpenError::Migration)?;
    if let Some(version) = applied.iter().find(|version| !known.contains(version)) {
        return Err(OpenError::NewerFlowkeep {
            database: uri.clone(),
            version: version.clone(),
        });
    }
    let pending = known
        .iter()
        .filter(|version| *version != MLFLOW_TABLES && !applied.contains(version))
        .count();
    Ok(Found::AtHead { pending })
}

fn versions<B: diesel::backend::Backend>(
    migrations: &EmbeddedMigrations,
) -> MigrationResult<Vec<String>>
where
    EmbeddedMigrations: MigrationSource<B>,
{
    let migrations = migrations.migrations()?;
    Ok(migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect())
}

fn to_run<B: diesel::backend::Backend>(
    migrations: &EmbeddedMigrations,
    applied: &[String],
    with_tables_of_mlflow: bool,
) -> MigrationResult<Vec<Box<dyn Migration<B>>>>
where
    EmbeddedMigrations: MigrationSource<B>,
{
    let mut migrations = migrations.migrations()?;
    migrations.retain(|migration| {
        let version = migration.name().version().to_string();
        !applied.contains(&version) && (with_tables_of_mlflow || version != MLFLOW_TABLES)
    });
    migrations.sort_by_key(|migration| migration.name().version().to_string());
    Ok(migrations)
}

fn migrate(db: &mut Db, found: &Found) -> Result<(), OpenError> {
    let empty = *found == Found::Empty;
    let tables = table_names(db)?;
    let applied = applied(db, &tables)?;
    let run = match db {
        Db::Sqlite(connection) => {
            to_run(&SQLITE, &applied, empty).and_then(|migrations| run_all(connection, &migrations))
        }
        Db::Postgres(connection) => to_run(&POSTGRES, &applied, empty)
            .and_then(|migrations| run_all(connection, &migrations)),
    };
    for version in run.map_err(OpenError::Migration)? {
        let row = (
            flowkeep_schema::version.eq(version),
            flowkeep_schema::applied_at.eq(Utc::now().timestamp_millis()),
        );
        on_backend!(db, |connection| diesel::insert_into(flowkeep_schema::table)
            .values(row)
            .execute(connection))?;
    }
    Ok(())
}

fn run_all<C>(
    connection: &mut C,
    migrations: &[Box<dyn Migration<C::Backend>>],
) -> MigrationResult<Vec<String>>
where
    C: diesel::connection::BoxableConnection<C::Backend> + Connection + 'static,
{
    let mut done = Vec::new();
    for migration in migrations {
        migration.run(connection)?;
        done.push(migration.name().version().to_string());
    }
    Ok(done)
}

fn applied(db: &mut Db, tables: &[String]) -> QueryResult<Vec<String>> {
    if !tables.iter().any(|table| table == "flowkeep_schema") {
        return Ok(Vec::new());
    }
    flowkeep_schema::table
        .select(flowkeep_schema::version)
        .load(db)
}

fn table_names(db: &mut Db) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let names: Vec<Name> = match db {
        Db::Sqlite(connection) => diesel::sql_query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
        )
        .load(connection)?,
        Db::Postgres(connection) => diesel::sql_query(
            "SELECT CAST(tablename AS TEXT) AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1",
        )
        .load(connection)?,
    };
    Ok(names.into_iter().map(|row| row.name).collect())
}
