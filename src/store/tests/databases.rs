//! A fresh database for each test.

use std::env;

use diesel::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;

use crate::config::DatabaseUri;
use crate::store::executor::connections::{Access, open};
use crate::store::{Db, initialize};

pub struct TestDatabase {
    uri: DatabaseUri,
    cleanup: Cleanup,
}

enum Cleanup {
    /// Held for its own drop.
    Folder {
        _folder: TempDir,
    },
    Postgres {
        server: String,
        name: String,
    },
}

impl TestDatabase {
    pub fn sqlite() -> Self {
        Self::empty_sqlite().initialized()
    }

    pub fn postgres() -> Self {
        Self::empty_postgres().initialized()
    }

    /// A place for a file that does not exist yet.
    pub fn empty_sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let uri = DatabaseUri::Sqlite(folder.path().join("mlflow.db"));
        let cleanup = Cleanup::Folder { _folder: folder };
        Self { uri, cleanup }
    }

    pub fn empty_postgres() -> Self {
        let server = env::var("FLOWKEEP_TEST_POSTGRES").expect(
            "FLOWKEEP_TEST_POSTGRES names no PostgreSQL server; ./run-tests starts one of its own",
        );
        let name = format!("flowkeep_test_{}", Uuid::new_v4().simple());
        execute(&server, &format!("CREATE DATABASE {name}"));
        let (address, _) = server.rsplit_once('/').expect("an address with a database");
        let uri = DatabaseUri::parse(&format!("{address}/{name}")).expect("an address");
        let cleanup = Cleanup::Postgres { server, name };
        Self { uri, cleanup }
    }

    fn initialized(self) -> Self {
        initialize(&self.uri).expect("an empty database");
        self
    }

    pub fn uri(&self) -> &DatabaseUri {
        &self.uri
    }

    pub fn connect(&self) -> Db {
        open(&self.uri, Access::Write).expect("a connection")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Cleanup::Postgres { server, name } = &self.cleanup {
            execute(
                server,
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            );
        }
    }
}

fn execute(server: &str, statement: &str) {
    let mut connection = PgConnection::establish(server).expect("a PostgreSQL server");
    diesel::sql_query(statement)
        .execute(&mut connection)
        .expect("a statement that works");
}
