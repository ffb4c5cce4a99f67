//! The revisions of MLflow's auth schema, oldest first, and how each is reached.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::legacy_grants;
use super::schema::{alembic_version_auth, flowkeep_auth_schema};
use crate::store::open::{OpenError, table_names};
use crate::store::{Db, on_backend};

/// The revision of the tables from before MLflow kept a version of them.
pub const FIRST: &str = "8606fa83a998";
/// The revision that flowkeep works with.
pub const HEAD: &str = "f1a2b3c4d5e6";
/// The version of flowkeep's own tables.
pub const OWN_VERSION: &str = "0001";

const VERSION_TABLE: &str = "CREATE TABLE alembic_version_auth (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_auth_pkc PRIMARY KEY (version_num)
);";

/// The grants on models that are prompts become grants on prompts. Only the tracking database says which are.
const PROMOTE_PROMPTS: &str = "UPDATE role_permissions SET resource_type = 'prompt'
    WHERE resource_type = 'registered_model' AND resource_pattern <> '*' AND EXISTS (
        SELECT 1 FROM roles, registered_model_tags
        WHERE roles.id = role_permissions.role_id
            AND registered_model_tags.workspace = roles.workspace
            AND registered_model_tags.name = role_permissions.resource_pattern
            AND registered_model_tags.key = 'mlflow.prompt.is_prompt'
            AND lower(registered_model_tags.value) = 'true'
    );";

/// One revision, and what leads to it from the one before.
pub struct Revision {
    pub name: &'static str,
    reach: Reach,
}

enum Reach {
    /// Statements, for SQLite and for PostgreSQL.
    Statements(&'static str, &'static str),
    LegacyGrants,
    Prompts,
}

macro_rules! statements {
    ($name:literal) => {
        Revision {
            name: $name,
            reach: Reach::Statements(
                include_str!(concat!("../../../migrations/auth/sqlite/", $name, ".sql")),
                include_str!(concat!("../../../migrations/auth/postgres/", $name, ".sql")),
            ),
        }
    };
}

/// All of them, oldest first.
pub const ALL: [Revision; 7] = [
    statements!("8606fa83a998"),
    statements!("0965eb92f5f0"),
    statements!("a1b2c3d4e5f6"),
    statements!("2ed73881770d"),
    statements!("c3d4e5f6a7b8"),
    Revision {
        name: "e5f6a7b8c9d0",
        reach: Reach::LegacyGrants,
    },
    Revision {
        name: HEAD,
        reach: Reach::Prompts,
    },
];

impl Revision {
    /// Brings a database from the revision before to this one.
    pub fn reach(&self, db: &mut Db) -> Result<(), OpenError> {
        match self.reach {
            Reach::Statements(sqlite, postgres) => execute(db, sqlite, postgres)?,
            Reach::LegacyGrants => legacy_grants::become_roles(db)?,
            Reach::Prompts => {
                let tables = table_names(db)?;
                if tables.iter().any(|table| table == "registered_model_tags") {
                    db.batch_execute(PROMOTE_PROMPTS)?;
                }
            }
        }
        Ok(())
    }
}

/// Notes the revision that a database is at.
pub fn stamp(db: &mut Db, revision: &str) -> QueryResult<()> {
    let tables = table_names(db)?;
    if !tables.iter().any(|table| table == "alembic_version_auth") {
        db.batch_execute(VERSION_TABLE)?;
    }
    diesel::delete(alembic_version_auth::table).execute(db)?;
    diesel::insert_into(alembic_version_auth::table)
        .values(alembic_version_auth::version_num.eq(revision))
        .execute(db)?;
    Ok(())
}

/// Makes flowkeep's own tables, and on SQLite its triggers: a migration of MLflow that builds a table anew drops those.
pub fn add_own_tables(db: &mut Db, is_new: bool, now_ms: i64) -> QueryResult<()> {
    if is_new {
        execute(
            db,
            include_str!("../../../migrations/auth/sqlite/flowkeep_0001.sql"),
            include_str!("../../../migrations/auth/postgres/flowkeep_0001.sql"),
        )?;
        let row = (
            flowkeep_auth_schema::version.eq(OWN_VERSION),
            flowkeep_auth_schema::applied_at.eq(now_ms),
        );
        on_backend!(db, |connection| diesel::insert_into(
            flowkeep_auth_schema::table
        )
        .values(row)
        .execute(connection))?;
    }
    if let Db::Sqlite(connection) = db {
        let triggers = include_str!("../../../migrations/auth/sqlite/flowkeep_triggers.sql");
        connection.batch_execute(triggers)?;
    }
    Ok(())
}

fn execute(db: &mut Db, sqlite: &str, postgres: &str) -> QueryResult<()> {
    match db {
        Db::Sqlite(connection) => connection.batch_execute(sqlite),
        Db::Postgres(connection) => connection.batch_execute(postgres),
    }
}
