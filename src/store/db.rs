//! The connection that store functions work on: SQLite or PostgreSQL behind one type.

use diesel::prelude::*;

/// A connection to a database.
#[derive(diesel::MultiConnection)]
pub enum Db {
    Postgres(PgConnection),
    // Last, because it takes any string for a file name.
    Sqlite(SqliteConnection),
}

/// The backend of [`Db`], for the types of boxed queries.
pub type Backend = <Db as Connection>::Backend;

/// A condition on rows of `Table`, put together at run time.
pub type Condition<Table> =
    Box<dyn BoxableExpression<Table, Backend, SqlType = diesel::sql_types::Bool>>;

/// Runs the same block with the connection that is behind a [`Db`], for what Diesel offers on a
/// single backend only: `on_conflict`, many rows in one insert, row locks.
macro_rules! on_backend {
    ($db:expr, |$connection:ident| $block:expr) => {
        match $db {
            $crate::store::Db::Postgres($connection) => $block,
            $crate::store::Db::Sqlite($connection) => $block,
        }
    };
}
pub(crate) use on_backend;

/// Reads the row that a query finds, if there is one, and locks it until the end of the transaction. `$lock` is the lock
/// on PostgreSQL: `for_update`, `for_no_key_update` or `for_key_share`. On SQLite a transaction that writes is alone.
macro_rules! locked {
    ($db:expr, $query:expr, $lock:ident, $row:ty) => {
        match $db {
            $crate::store::Db::Postgres(connection) => $query
                .select(<$row>::as_select())
                .$lock()
                .get_result::<$row>(connection),
            $crate::store::Db::Sqlite(connection) => $query
                .select(<$row>::as_select())
                .get_result::<$row>(connection),
        }
        .optional()
    };
}
pub(crate) use locked;
