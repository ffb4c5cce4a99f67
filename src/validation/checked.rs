//! Requests that have passed the checks that need no database.
//!
//! A handler makes a [`Checked`] request before it takes a connection or the writer, and a store function takes no
//! other kind. So a request that is refused anyway costs no transaction, and no request reaches a table unchecked.
//! Checks that MLflow makes after it has looked something up stay in the store functions, because a client sees which
//! of two faults is reported.

use std::ops::Deref;

use crate::config::Limits;
use crate::error::Result;

/// A request with checks that need no database. `Rules` is the part of the server's configuration that they depend on.
pub trait Check<Rules = Limits> {
    /// Fails with MLflow's error for the first fault of the request. Values that are too long are cut here, where the
    /// server is configured to cut them.
    fn check(&mut self, rules: &Rules) -> Result<()>;
}

/// A request that has passed its checks. Nobody can change it afterwards.
#[derive(Clone, Debug)]
pub struct Checked<R>(R);

impl<R> Checked<R> {
    /// Checks a request. Fails with MLflow's error for its first fault.
    pub fn new<Rules>(mut request: R, rules: &Rules) -> Result<Self>
    where
        R: Check<Rules>,
    {
        request.check(rules)?;
        Ok(Self(request))
    }
}

impl<R> Deref for Checked<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.0
    }
}
