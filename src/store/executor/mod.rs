//! Runs store functions: in groups that share a transaction, merged with others of their kind, or alone. All ways keep
//! the same promise: the result of a write is handed over only after the commit, and of a write that fails nothing
//! stays. The executors know nothing of what the functions do: of an error they ask the two questions of [`WorkError`].

mod checkpoints;
pub(super) mod connections;
mod group_commit;
mod jobs;
mod panics;
mod pool;
mod reachability;
mod readers;
mod traces;
mod work_error;
mod writers;

use std::sync::Arc;

use crate::config::{DatabaseSettings, DatabaseUri};
use crate::error::Result;
use crate::store::Db;

pub use self::jobs::{Mergeable, run_one};
pub use self::work_error::WorkError;

use self::group_commit::Writer;
use self::pool::Pool;
use self::reachability::Reachability;
use self::readers::Readers;
use self::writers::Writers;

/// A database, and how functions are run on it.
pub struct Store {
    reads: Pool,
    writes: Writes,
}

enum Writes {
    /// SQLite has one writer: what is queued is committed together.
    Grouped(Writer),
    /// PostgreSQL has many connections.
    Postgres(Postgres),
}

struct Postgres {
    /// Takes what may last long or wait long: each request has a transaction of its own.
    pool: Pool,
    /// Take short requests, and commit what is queued together.
    writers: Writers,
    /// Answer short requests that can be merged.
    readers: Readers,
}

impl Store {
    /// Connects to a database that [`super::initialize`] has made ready. On PostgreSQL it must be called from
    /// within a runtime.
    pub fn connect(settings: &DatabaseSettings) -> Result<Self> {
        let reachability = Arc::new(Reachability::new(&settings.uri));
        let reads = Pool::readers(settings, &reachability)?;
        let writes = match &settings.uri {
            DatabaseUri::Sqlite(_) => {
                Writes::Grouped(Writer::start(&settings.uri, settings.write_queue)?)
            }
            DatabaseUri::Postgres(_) => {
                let pool = Pool::writers(settings, &reachability)?;
                Writes::Postgres(Postgres {
                    writers: Writers::start(settings, &reachability, &pool)?,
                    readers: Readers::start(settings, &reachability, &reads)?,
                    pool,
                })
            }
        };
        Ok(Self { reads, writes })
    }

    /// Runs a function that only reads, on one consistent state of the database.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + 'static,
    {
        self.reads.run(work).await
    }

    /// Answers a request that only reads, on PostgreSQL together with others of its kind.
    pub async fn read_merged<R: Mergeable>(&self, request: R) -> Result<R::Output> {
        match &self.writes {
            Writes::Grouped(_) => self.reads.run(move |db| run_one(db, &request)).await,
            Writes::Postgres(postgres) => postgres.readers.run(request).await,
        }
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
        match &self.writes {
            Writes::Grouped(writer) => writer.run(work).await,
            Writes::Postgres(postgres) => postgres.pool.run(work).await,
        }
    }

    /// Does what [`Store::write_or`] does, for a function that is short. On PostgreSQL it shares a transaction with
    /// others; those with the same key, which is the run or the model that they are about, run one after
    /// the other.
    pub async fn write_briefly<T, E, F>(&self, key: &str, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: WorkError,
        F: Fn(&mut Db) -> Result<T, E> + Send + 'static,
    {
        match &self.writes {
            Writes::Grouped(writer) => writer.run(work).await,
            Writes::Postgres(postgres) => postgres.writers.run(key, work).await,
        }
    }

    /// Does what [`Store::write_briefly`] does, for a request that can be carried out together with others of its
    /// kind.
    pub async fn write_merged<R: Mergeable>(&self, key: &str, request: R) -> Result<R::Output> {
        match &self.writes {
            Writes::Grouped(writer) => writer.run_mergeable(request).await,
            Writes::Postgres(postgres) => postgres.writers.run_mergeable(key, request).await,
        }
    }
}
