//! Inserts that find their place taken.

use diesel::result::{DatabaseErrorKind, Error as DatabaseError};

use crate::error::Error;

/// What a failed insert becomes: somebody else was faster, or the database failed.
pub fn unless_taken(error: DatabaseError, taken: impl FnOnce() -> Error) -> Error {
    match error {
        DatabaseError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => taken(),
        error => error.into(),
    }
}
