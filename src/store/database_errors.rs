//! Converts failures of the database to errors for clients. Messages of PostgreSQL, SQLite and flowkeep's own
//! triggers are interpreted here and nowhere else.

use diesel::result::{DatabaseErrorKind, Error as DatabaseError};

use crate::error::Error;

/// How the triggers begin that keep versions within their retention.
const KEPT: &str = "flowkeep keeps this: ";

/// What the database says is for the log; a client learns only that something went wrong here, and
/// whether another try may help.
impl From<DatabaseError> for Error {
    fn from(error: DatabaseError) -> Self {
        if is_transient(&error) {
            // The store tells by itself when the database is gone.
            if !is_lost(&error) {
                tracing::warn!(%error, "the database broke off a transaction");
            }
            return Self::unavailable("The database is busy. Try again.");
        }
        if let Some(complaint) = complaint_about_value(&error) {
            let message = format!("The database takes no such value: {complaint}.");
            return Self::bad_request(message);
        }
        if let Some(reason) = kept(&error) {
            return Self::permission_denied(reason.to_owned());
        }
        tracing::error!(%error, "the database refused a statement");
        Self::internal("The database could not carry out the request.")
    }
}

/// What a trigger of ours says that keeps something from being deleted or changed.
pub(super) fn kept(error: &DatabaseError) -> Option<&str> {
    let DatabaseError::DatabaseError(_, information) = error else {
        return None;
    };
    let message = information.message();
    message.starts_with(KEPT).then_some(message)
}

/// What PostgreSQL has against a value that a client sent: it is stricter than SQLite, and than the
/// checks of MLflow, about lengths, ranges, the letters of a text and where a pattern ends.
fn complaint_about_value(error: &DatabaseError) -> Option<&str> {
    let DatabaseError::DatabaseError(_, information) = error else {
        return None;
    };
    let complaint = information.message();
    [
        "value too long for type",
        "invalid byte sequence for encoding",
        "out of range",
        "LIKE pattern must not end with",
    ]
    .iter()
    .any(|sign| complaint.contains(sign))
    .then_some(complaint)
}

/// Whether the connection was lost in the midst of the transaction.
fn is_lost(error: &DatabaseError) -> bool {
    matches!(
        error,
        DatabaseError::DatabaseError(DatabaseErrorKind::ClosedConnection, _)
            | DatabaseError::BrokenTransactionManager
    )
}

fn is_transient(error: &DatabaseError) -> bool {
    match error {
        DatabaseError::DatabaseError(kind, information) => {
            matches!(
                kind,
                DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::ClosedConnection
            ) || [
                "deadlock detected",
                "database is locked",
                // How long a transaction that others share may wait for a row.
                "canceling statement due to lock timeout",
            ]
            .iter()
            .any(|sign| information.message().contains(sign))
        }
        DatabaseError::BrokenTransactionManager => true,
        _ => false,
    }
}
