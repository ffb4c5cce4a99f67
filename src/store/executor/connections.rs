//! Opens connections and sets what each of them needs.

use std::path::Path;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::{
    Connection, ConnectionError, ConnectionResult, PgConnection, QueryResult, RunQueryDsl,
    SqliteConnection, define_sql_function,
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::config::DatabaseUri;
use crate::store::Db;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Looks at a database that may not be ours, and changes nothing about it.
    Inspect,
    Read,
    Write,
}

/// Opens one connection outside of a pool.
pub fn open(uri: &DatabaseUri, access: Access) -> ConnectionResult<Db> {
    match uri {
        DatabaseUri::Sqlite(path) if access == Access::Inspect => {
            // A program that crashed may have left a journal. Then nobody can read before SQLite has
            // rolled it back, which takes a connection that may write.
            establish(uri, &read_only(path), access)
                .or_else(|_| establish(uri, &uri.to_diesel(), access))
        }
        _ => establish(uri, &uri.to_diesel(), access),
    }
}

/// Not through `Db::establish`, which tries one backend after the other and hides why each failed.
fn establish(uri: &DatabaseUri, address: &str, access: Access) -> ConnectionResult<Db> {
    let mut db = match uri {
        DatabaseUri::Sqlite(_) => Db::Sqlite(SqliteConnection::establish(address)?),
        DatabaseUri::Postgres(_) => Db::Postgres(PgConnection::establish(address)?),
    };
    set_up(&mut db, access).map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(db)
}

/// SQLite's address of a file that it must not write to, nor to the log beside it.
fn read_only(path: &Path) -> String {
    const SPECIAL: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');
    let path = path.display().to_string();
    format!("file:{}?mode=ro", utf8_percent_encode(&path, SPECIAL))
}

fn set_up(db: &mut Db, access: Access) -> QueryResult<()> {
    match db {
        Db::Sqlite(connection) => {
            connection.batch_execute("PRAGMA busy_timeout = 20000;")?;
            connection.batch_execute(match access {
                // The statement reads, so that what keeps the file from being read is found here.
                Access::Inspect => "PRAGMA query_only = ON; SELECT count(*) FROM sqlite_master;",
                Access::Read => SQLITE_READ,
                Access::Write => SQLITE_WRITE,
            })
        }
        Db::Postgres(connection) => connection.batch_execute(match access {
            Access::Inspect | Access::Read => POSTGRES_READ,
            Access::Write => POSTGRES_WRITE,
        }),
    }
}

// LIKE compares case as it does for MLflow.
const SQLITE_READ: &str = "
    PRAGMA case_sensitive_like = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA query_only = ON;";

// With FULL a commit is on disk before it is told. What a commit costs must not hang on how long the log
// is: a thread of its own copies it into the file.
const SQLITE_WRITE: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA case_sensitive_like = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -16000;
    PRAGMA wal_autocheckpoint = 0;";

const POSTGRES_READ: &str =
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;";

// What a server's own defaults may say otherwise.
const POSTGRES_WRITE: &str =
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE;";

/// Begins a transaction that will write. SQLite gives its write lock at once: a transaction that
/// begins by reading could not always get it later, when another process writes to the same file.
pub fn begin_write(db: &mut Db) -> QueryResult<()> {
    match db {
        Db::Sqlite(connection) => {
            AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
        }
        Db::Postgres(connection) => AnsiTransactionManager::begin_transaction(connection),
    }
}

/// Commits what [`begin_write`] began, or rolls it back where that fails.
pub fn commit(db: &mut Db) -> QueryResult<()> {
    let outcome = <Db as Connection>::TransactionManager::commit_transaction(db);
    if outcome.is_err() {
        // Whatever is left open would be committed with the next transaction.
        let _ = rollback(db);
    }
    outcome
}

/// Undoes the open transaction.
pub fn rollback(db: &mut Db) -> QueryResult<()> {
    <Db as Connection>::TransactionManager::rollback_transaction(db)
}

/// Whether a transaction ended in a way that leaves the connection of no more use.
pub fn is_broken(db: &mut Db) -> bool {
    <Db as Connection>::TransactionManager::is_broken_transaction_manager(db)
}

/// Whether the state of the transaction is not known any more, as after the loss of the connection.
pub fn is_lost(db: &mut Db) -> bool {
    let status = <Db as Connection>::TransactionManager::transaction_manager_status_mut(db);
    status.transaction_depth().is_err()
}

define_sql_function! {
    /// How many rows a connection to SQLite has changed, for as long as it is open.
    fn total_changes() -> BigInt;
}

/// A number that stays the same as long as a connection to SQLite changes no row.
pub fn rows_changed(db: &mut Db) -> QueryResult<i64> {
    match db {
        Db::Sqlite(connection) => diesel::select(total_changes()).get_result(connection),
        Db::Postgres(_) => Err(diesel::result::Error::NotFound),
    }
}

/// Why a connection failed, in one line: the reasons of libpq have several.
pub fn reason(error: &ConnectionError) -> String {
    let words = error.to_string();
    let words: Vec<_> = words.split_whitespace().collect();
    let reason = words.join(" ").trim_end_matches('.').to_owned();
    if reason.contains("SSL support is not compiled in") {
        format!("{reason}; build flowkeep with `--features postgres-tls` for TLS to PostgreSQL")
    } else {
        reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line() {
        let reason_of = |text: &str| reason(&ConnectionError::BadConnection(text.to_owned()));
        assert_eq!(
            reason_of("connection to server failed: Connection refused\n\tIs it running?\n"),
            "connection to server failed: Connection refused Is it running?"
        );
    }

    /// libpq refuses the address before it connects.
    #[test]
    #[cfg(not(feature = "postgres-tls"))]
    fn a_build_without_tls_names_the_one_with_it() {
        let address = "postgresql://user@127.0.0.1:1/db?sslmode=verify-full";
        let uri = DatabaseUri::Postgres(address.to_owned());
        let refused = open(&uri, Access::Inspect).err().unwrap();
        let reason = reason(&refused);
        assert!(reason.contains("--features postgres-tls"), "{reason}");
    }
}
