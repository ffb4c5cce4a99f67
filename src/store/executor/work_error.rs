//! What the executors ask of errors.

use crate::error::Error;
use crate::store::DatabaseError;

/// What an executor asks of the error that ended a function.
pub trait WorkError: From<Error> + From<DatabaseError> + Send + 'static {
    /// Whether the same function may succeed when it is run again at once.
    fn is_worth_retrying(&self) -> bool;

    /// Whether something broke, rather than that the function refused: then nobody knows what it has left
    /// behind in its transaction.
    fn is_failure(&self) -> bool;
}

impl WorkError for Error {
    fn is_worth_retrying(&self) -> bool {
        Self::is_worth_retrying(self)
    }

    fn is_failure(&self) -> bool {
        Self::is_failure(self)
    }
}
