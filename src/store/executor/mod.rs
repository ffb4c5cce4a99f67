//! Runs store functions. Both ways keep the same promise: a write is one transaction, and its result is
//! handed over only after the commit. The executors know nothing of what the functions do: of an error they
//! ask the two questions of [`WorkError`].

mod checkpoints;
pub(super) mod connections;
mod group_commit;
mod panics;
mod pool;
mod reachability;
mod work_error;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::{DatabaseSettings, DatabaseUri};
use crate::error::Result;
use crate::store::Db;

pub use self::work_error::WorkError;

use self::group_commit::Writer;
use self::pool::Pool;
use self::reachability::Reachability;

/// A database, and how functions are run on it.
pub struct Store {
    readers: Pool,
    writes: Writes,
    begun: AtomicU64,
}

enum Writes {
    /// SQLite has one writer: what is queued is committed together.
    Grouped(Writer),
    /// PostgreSQL has many: each request takes a connection and a transaction of its own.
    Pooled(Pool),
}

impl Store {
    /// Connects to a database that [`super::initialize`] has made ready.
    pub fn connect(settings: &DatabaseSettings) -> Result<Self> {
        let reachability = Arc::new(Reachability::new(&settings.uri));
        let readers = Pool::readers(settings, &reachability)?;
        let writes = match &settings.uri {
            DatabaseUri::Sqlite(_) => {
                Writes::Grouped(Writer::start(&settings.uri, settings.write_queue)?)
            }
            DatabaseUri::Postgres(_) => Writes::Pooled(Pool::writers(settings, &reachability)?),
        };
        Ok(Self {
            readers,
            writes,
            begun: AtomicU64::new(0),
        })
    }

    /// How many functions that write have been begun. Whoever works in the background sees by it whether others do too.
    pub fn writes(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Runs a function that only reads, on one consistent state of the database.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + 'static,
    {
        self.readers.run(work).await
    }

    /// Runs a function that writes. `Ok` means that it is committed and on disk; `Err` means that
    /// nothing of it stays. It may run more than once where the database asks for another try.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + 'static,
    {
        self.write_or(work).await
    }

    /// Does what [`Store::write`] does, for a function that ends in more ways than with an error of the house.
    pub async fn write_or<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: WorkError,
        F: Fn(&mut Db) -> Result<T, E> + Send + 'static,
    {
        self.begun.fetch_add(1, Ordering::Relaxed);
        match &self.writes {
            Writes::Grouped(writer) => writer.run(work).await,
            Writes::Pooled(pool) => pool.run(work).await,
        }
    }
}
