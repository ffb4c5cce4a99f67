//! A pool of connections, each request with a transaction of its own.

use std::sync::Arc;
use std::time::Duration;

use diesel::Connection;
use diesel::r2d2::{NopErrorHandler, Pool as R2d2Pool};
use tokio::sync::Semaphore;

use super::connections::{Access, is_broken};
use super::panics::{contained, failed};
use super::reachability::{Opener, Reachability};
use super::work_error::WorkError;
use crate::config::DatabaseSettings;
use crate::error::{Error, Result};
use crate::store::Db;

/// How often a transaction is tried that the database broke off for the sake of another one.
const TRIES: u32 = 5;
/// How long a request waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// The connections of a pool.
pub(super) type Connections = R2d2Pool<Opener>;

/// Connections that functions take turns on.
#[derive(Clone)]
pub struct Pool {
    connections: Connections,
    /// One permit for each connection: waiting costs no thread.
    permits: Arc<Semaphore>,
}

impl Pool {
    /// Opens connections that only read.
    pub fn readers(settings: &DatabaseSettings, reachability: &Arc<Reachability>) -> Result<Self> {
        let opener = Opener::new(&settings.uri, Access::Read, reachability);
        Self::open(opener, settings.readers)
    }

    /// Opens connections that write.
    pub fn writers(settings: &DatabaseSettings, reachability: &Arc<Reachability>) -> Result<Self> {
        let opener = Opener::new(&settings.uri, Access::Write, reachability);
        Self::open(opener, settings.writers)
    }

    fn open(opener: Opener, size: u32) -> Result<Self> {
        let connections = Connections::builder()
            .max_size(size)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(PATIENCE)
            // The opener says in the log what there is to say.
            .error_handler(Box::new(NopErrorHandler))
            .build(opener)
            .map_err(|error| {
                Error::unavailable(format!("The database cannot be reached: {error}"))
            })?;
        Ok(Self {
            connections,
            permits: Arc::new(Semaphore::new(size as usize)),
        })
    }

    /// Runs a function on a connection of the pool, in a transaction. One that is broken off for the sake of
    /// another is run again.
    pub async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: WorkError,
        F: Fn(&mut Db) -> Result<T, E> + Send + 'static,
    {
        let run = move |connections: &Connections| run_on_one(connections, &work);
        self.with_connections(run).await?
    }

    /// Runs a function that takes a connection by itself, as soon as there is one.
    pub(super) async fn with_connections<T, F>(&self, run: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connections) -> T + Send + 'static,
    {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| Error::unavailable("The server is shutting down."))?;
        let connections = self.connections.clone();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            run(&connections)
        })
        .await
        .map_err(|error| {
            tracing::error!(%error, "a worker of the connection pool failed");
            failed()
        })
    }
}

/// Runs a function in a transaction of its own, again and again as long as that may help.
pub(super) fn run_on_one<T, E: WorkError>(
    connections: &Connections,
    work: &dyn Fn(&mut Db) -> Result<T, E>,
) -> Result<T, E> {
    let mut tried = 0;
    // After a restart of the database each connection that was open before is broken.
    let mut may_be_broken = connections.max_size();
    loop {
        let mut connection = connections
            .get()
            .map_err(|_| Error::unavailable("The database cannot be reached."))?;
        match Db::transaction(&mut connection, |db| contained(|| work(db))) {
            // Two transactions were in each other's way, or the connection was lost: the same
            // function, tried again, may go through.
            Err(error) if error.is_worth_retrying() => {
                if may_be_broken > 0 && is_broken(&mut connection) {
                    may_be_broken -= 1;
                    continue;
                }
                tried += 1;
                if tried == TRIES {
                    return Err(error);
                }
            }
            outcome => return outcome,
        }
    }
}
