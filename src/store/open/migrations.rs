//! The migrations: MLflow's own tables, and what flowkeep adds to them.

use diesel::connection::{BoxableConnection, SimpleConnection};
use diesel::migration::{Migration, MigrationSource, Result as MigrationResult};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::error::OpenError;
use super::tables::table_names;
use crate::clock::Clock;
use crate::config::MlflowSchema;
use crate::store::schema::flowkeep_schema;
use crate::store::{Db, on_backend};

/// The migration that creates MLflow's own tables.
const MLFLOW_TABLES: &str = "0001";

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// What MLflow 3.18.0 adds to the tables of the first migration.
const MLFLOW_3_18_0: &str = include_str!("../../../migrations/mlflow_f4a9b2c7d1e6/up.sql");

/// What a database needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// MLflow's tables of a schema, and flowkeep's.
    Create(MlflowSchema),
    /// Flowkeep's tables only.
    Adopt,
}

/// One migration of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub number: usize,
    pub total: usize,
    /// What is made, in a few words.
    pub makes: String,
}

/// Returns the migrations that the database has.
pub fn applied(db: &mut Db) -> QueryResult<Vec<String>> {
    if !table_names(db)?
        .iter()
        .any(|table| table == "flowkeep_schema")
    {
        return Ok(Vec::new());
    }
    flowkeep_schema::table
        .select(flowkeep_schema::version)
        .load(db)
}

/// Returns the migrations that this flowkeep knows.
pub fn versions(db: &Db) -> Result<Vec<String>, OpenError> {
    match db {
        Db::Sqlite(_) => versions_of::<diesel::sqlite::Sqlite>(&SQLITE),
        Db::Postgres(_) => versions_of::<diesel::pg::Pg>(&POSTGRES),
    }
    .map_err(OpenError::Migration)
}

/// Returns how many migrations a database that has MLflow's tables still needs.
pub fn pending(known: &[String], applied: &[String]) -> usize {
    known
        .iter()
        .filter(|version| *version != MLFLOW_TABLES && !applied.contains(version))
        .count()
}

/// Runs the migrations of a plan that the database does not have, and notes them there.
pub fn run(
    db: &mut Db,
    plan: Plan,
    applied: &[String],
    before_step: impl FnMut(Step),
) -> Result<(), OpenError> {
    let outcome = match db {
        Db::Sqlite(connection) => to_run(&SQLITE, applied, plan)
            .and_then(|migrations| run_all(connection, &migrations, before_step)),
        Db::Postgres(connection) => to_run(&POSTGRES, applied, plan)
            .and_then(|migrations| run_all(connection, &migrations, before_step)),
    };
    let done = outcome.map_err(OpenError::Migration)?;
    if plan == Plan::Create(MlflowSchema::V3_18_0) {
        db.batch_execute(MLFLOW_3_18_0)?;
    }
    for version in done {
        let row = (
            flowkeep_schema::version.eq(version),
            flowkeep_schema::applied_at.eq(Clock::default().now_ms()),
        );
        on_backend!(db, |connection| diesel::insert_into(flowkeep_schema::table)
            .values(row)
            .execute(connection))?;
    }
    Ok(())
}

fn versions_of<B: diesel::backend::Backend>(
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
    plan: Plan,
) -> MigrationResult<Vec<Box<dyn Migration<B>>>>
where
    EmbeddedMigrations: MigrationSource<B>,
{
    let mut migrations = migrations.migrations()?;
    migrations.retain(|migration| {
        let version = migration.name().version().to_string();
        !applied.contains(&version) && (plan != Plan::Adopt || version != MLFLOW_TABLES)
    });
    migrations.sort_by_key(|migration| migration.name().version().to_string());
    Ok(migrations)
}

fn run_all<C>(
    connection: &mut C,
    migrations: &[Box<dyn Migration<C::Backend>>],
    mut before_step: impl FnMut(Step),
) -> MigrationResult<Vec<String>>
where
    C: BoxableConnection<C::Backend> + Connection + 'static,
{
    let mut done = Vec::new();
    for (index, migration) in migrations.iter().enumerate() {
        before_step(Step {
            number: index + 1,
            total: migrations.len(),
            makes: words(&migration.name().to_string()),
        });
        migration.run(connection)?;
        done.push(migration.name().version().to_string());
    }
    Ok(done)
}

/// `0003_registry_indexes` in words.
fn words(name: &str) -> String {
    name.split_once('_')
        .map_or(name, |(_, words)| words)
        .replace('_', " ")
}
