//! Opens the connections of pools, and says in the log when the database goes and when it is back: once
//! each, however many connections and requests notice it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use diesel::r2d2::{Error, ManageConnection, R2D2Connection};

use super::connections::{Access, is_broken, open, reason};
use crate::config::DatabaseUri;
use crate::store::Db;

/// Whether a database can be reached, as far as the last attempts tell.
pub struct Reachability {
    uri: DatabaseUri,
    gone_since: Mutex<Option<Instant>>,
}

/// What an attempt to connect changed.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    Gone,
    Back { after_seconds: u64 },
}

impl Reachability {
    pub fn new(uri: &DatabaseUri) -> Self {
        Self {
            uri: uri.clone(),
            gone_since: Mutex::default(),
        }
    }

    fn note(&self, reached: bool) -> Option<Turn> {
        let mut gone_since = self
            .gone_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if reached {
            let gone_since = gone_since.take()?;
            let after_seconds = gone_since.elapsed().as_secs();
            return Some(Turn::Back { after_seconds });
        }
        if gone_since.is_some() {
            return None;
        }
        *gone_since = Some(Instant::now());
        Some(Turn::Gone)
    }

    fn reached(&self) {
        if let Some(Turn::Back { after_seconds }) = self.note(true) {
            tracing::info!(
                "The database {} is back, after {after_seconds} seconds.",
                self.uri
            );
        }
    }

    fn missed(&self, reason: &str) {
        if self.note(false).is_some() {
            tracing::error!(
                "The database {} cannot be reached: {reason}. Until it is back, requests that need it are \
                 answered with 503.",
                self.uri
            );
        }
    }
}

/// What a pool asks for new connections.
pub struct Opener {
    uri: DatabaseUri,
    access: Access,
    reachability: Arc<Reachability>,
}

impl Opener {
    pub fn new(uri: &DatabaseUri, access: Access, reachability: &Arc<Reachability>) -> Self {
        Self {
            uri: uri.clone(),
            access,
            reachability: Arc::clone(reachability),
        }
    }
}

impl ManageConnection for Opener {
    type Connection = Db;
    type Error = Error;

    fn connect(&self) -> Result<Db, Error> {
        match open(&self.uri, self.access) {
            Ok(db) => {
                self.reachability.reached();
                Ok(db)
            }
            Err(error) => {
                self.reachability.missed(&reason(&error));
                Err(Error::ConnectionError(error))
            }
        }
    }

    fn is_valid(&self, db: &mut Db) -> Result<(), Error> {
        db.ping().map_err(Error::QueryError)
    }

    fn has_broken(&self, db: &mut Db) -> bool {
        std::thread::panicking() || is_broken(db)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turn_is_told_once() {
        let reachability = Reachability::new(&DatabaseUri::Postgres(String::new()));
        assert_eq!(reachability.note(true), None);
        assert_eq!(reachability.note(false), Some(Turn::Gone));
        assert_eq!(reachability.note(false), None);
        assert!(matches!(reachability.note(true), Some(Turn::Back { .. })));
        assert_eq!(reachability.note(true), None);
    }
}
