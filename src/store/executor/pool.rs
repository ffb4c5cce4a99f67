//! A pool of connections, each request with a transaction of its own.

use std::sync::Arc;
use std::time::Duration;

use diesel::Connection;
use diesel::r2d2::{ConnectionManager, Pool as Connections};
use tokio::sync::Semaphore;

use super::connections::{Access, SetUp};
use super::panics::contained;
use crate::config::DatabaseSettings;
use crate::error::{Error, ErrorCode, Result};
use crate::store::Db;

/// How often a transaction is tried that the database broke off for the sake of another one.
const TRIES: u32 = 5;

pub struct Pool {
    connections: Connections<ConnectionManager<Db>>,
    /// One permit for each connection: waiting costs no thread.
    permits: Arc<Semaphore>,
}

impl Pool {
    pub fn readers(settings: &DatabaseSettings) -> Result<Self> {
        Self::open(settings, Access::Read, settings.readers)
    }

    pub fn writers(settings: &DatabaseSettings) -> Result<Self> {
        Self::open(settings, Access::Write, settings.writers)
    }

    fn open(settings: &DatabaseSettings, access: Access, size: u32) -> Result<Self> {
        let connections = Connections::builder()
            .max_size(size)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(Duration::from_secs(10))
            .connection_customizer(Box::new(SetUp(access)))
            .build(ConnectionManager::new(settings.uri.to_diesel()))
            .map_err(|error| {
                Error::unavailable(format!("The database cannot be reached: {error}"))
            })?;
        Ok(Self {
            connections,
            permits: Arc::new(Semaphore::new(size as usize)),
        })
    }

    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| Error::unavailable("The server is shutting down."))?;
        let connections = self.connections.clone();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            run_on_one(&connections, &work)
        })
        .await
        .unwrap_or_else(|error| {
            tracing::error!(%error, "a worker of the connection pool failed");
            Err(Error::internal(
                "The server failed while it worked on the request.",
            ))
        })
    }
}

fn run_on_one<T>(
    connections: &Connections<ConnectionManager<Db>>,
    work: &dyn Fn(&mut Db) -> Result<T>,
) -> Result<T> {
    let mut tried = 0;
    loop {
        tried += 1;
        let mut connection = connections.get().map_err(|error| {
            tracing::error!(%error, "no connection to the database");
            Error::unavailable("The database cannot be reached.")
        })?;
        match Db::transaction(&mut connection, |db| contained(|| work(db))) {
            // Two transactions were in each other's way, or the connection was lost: the same
            // function, tried again, may go through.
            Err(error) if error.code == ErrorCode::TemporarilyUnavailable && tried < TRIES => {}
            outcome => return outcome,
        }
    }
}
