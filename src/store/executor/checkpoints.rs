//! Copies SQLite's log of commits into the file, beside the writer, so that a commit waits for one flush
//! of the log and for nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::Duration;

use diesel::sql_types::Integer;
use diesel::{QueryResult, QueryableByName, RunQueryDsl, SqliteConnection};
use tracing::warn;

use crate::error::{Error, Result};
use crate::store::Db;

/// How often the log is looked at while there are commits.
const PAUSE: Duration = Duration::from_millis(200);

/// The thread begins to copy when the log has this many pages: a page that is written again and again
/// is then copied once. Readers look pages up in the log, so it must not become much longer either.
const WORTH_COPYING: i32 = 1_000;

/// The log begins anew only with a commit that finds it wholly copied, which never happens while the
/// writer is always ahead of the thread. From this length on the writer copies the small rest itself.
const LONG: i32 = 4_000;

/// From this length on it also waits for the readers that still look at an old state.
const TOO_LONG: i32 = 32_000;

/// The thread that copies the log, as the writer knows it.
pub struct Checkpoints {
    commits: SyncSender<()>,
    /// Pages in the log when it was last looked at.
    length: Arc<AtomicI32>,
}

#[derive(QueryableByName)]
struct Log {
    /// Its pages, and how many of them are in the file.
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

impl Checkpoints {
    /// Starts the thread on a connection of its own.
    pub fn start(mut db: Db) -> Result<Self> {
        let (commits, told) = mpsc::sync_channel(1);
        let length = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&length);
        thread::Builder::new()
            .name("sqlite-checkpoints".to_owned())
            .spawn(move || {
                if let Db::Sqlite(connection) = &mut db {
                    copy_forever(connection, &told, &seen);
                }
            })
            .map_err(|error| Error::internal(format!("No thread for checkpoints: {error}")))?;
        Ok(Self { commits, length })
    }

    /// For the writer, outside of a transaction.
    pub fn after_commit(&self, db: &mut Db) {
        // Where the thread has been told already, it need not be told twice.
        let _ = self.commits.try_send(());
        let length = self.length.load(Ordering::Relaxed);
        if length < LONG {
            return;
        }
        self.length.store(0, Ordering::Relaxed);
        if let Db::Sqlite(connection) = db {
            let mode = if length < TOO_LONG {
                "PASSIVE"
            } else {
                "RESTART"
            };
            if let Err(error) = checkpoint(connection, mode) {
                warn!(%error, "the log was not copied into the database");
            }
        }
    }
}

/// Ends with the writer.
fn copy_forever(connection: &mut SqliteConnection, commits: &Receiver<()>, length: &AtomicI32) {
    while commits.recv().is_ok() {
        let mut copied = checkpoint(connection, "NOOP");
        if let Ok(log) = &copied
            && log.log - log.checkpointed >= WORTH_COPYING
        {
            copied = checkpoint(connection, "PASSIVE");
        }
        match copied {
            Ok(log) => length.store(log.log, Ordering::Relaxed),
            Err(error) => warn!(%error, "the log was not copied into the database"),
        }
        thread::sleep(PAUSE);
    }
}

fn checkpoint(connection: &mut SqliteConnection, mode: &str) -> QueryResult<Log> {
    diesel::sql_query(format!("PRAGMA wal_checkpoint({mode})")).get_result(connection)
}
