//! Tells cheaply whether an auth database may have changed, so that what was read of it need not be read again.

use std::sync::{Mutex, PoisonError};

use diesel::prelude::*;
use diesel::sql_types::Integer;

use crate::config::DatabaseUri;
use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::executor::connections::{Access, open, reason};

/// Watches a database for commits, whoever makes them.
pub enum ChangeWatch {
    /// SQLite counts the commits of others for each connection. To ask costs a look into shared memory.
    Sqlite(Mutex<Db>),
    /// PostgreSQL has nothing that is cheaper than to read the user.
    Postgres,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Integer)]
    data_version: i32,
}

impl ChangeWatch {
    pub fn start(uri: &DatabaseUri) -> Result<Self> {
        match uri {
            DatabaseUri::Sqlite(_) => {
                let db =
                    open(uri, Access::Read).map_err(|error| Error::unavailable(reason(&error)))?;
                Ok(Self::Sqlite(Mutex::new(db)))
            }
            DatabaseUri::Postgres(_) => Ok(Self::Postgres),
        }
    }

    /// Returns a number that is another one after each commit. `None` where the database has no such number.
    pub fn version(&self) -> Result<Option<i32>> {
        let Self::Sqlite(connection) = self else {
            return Ok(None);
        };
        let mut db = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let Db::Sqlite(connection) = &mut *db else {
            return Ok(None);
        };
        let found: Version = diesel::sql_query("PRAGMA data_version").get_result(connection)?;
        Ok(Some(found.data_version))
    }
}
