//! What a panic in a store function comes to.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Error, Result};

/// A panic in a store function is a bug of ours. It counts as an error inside of the transaction, so
/// that what it left is rolled back and the connection goes on.
pub(super) fn contained<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::internal(
            "The server failed while it worked on the request.",
        ))
    })
}
