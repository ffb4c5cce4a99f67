//! What a panic in a store function comes to.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Error, Result};

/// Runs a function and turns a panic in it, which is a bug of ours, into an error inside of the
/// transaction: what it left is rolled back, and the connection goes on.
pub(super) fn contained<T, E: From<Error>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(failed().into()))
}

/// The error for a failure whose cause is in the log, not in the reply.
pub(super) fn failed() -> Error {
    Error::internal("The server failed while it worked on the request.")
}
