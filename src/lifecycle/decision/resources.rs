//! The resources with which changes are made.

use std::sync::Arc;

use crate::artifacts::Artifacts;
use crate::clock::Clock;
use crate::store::Store;

/// The store, the artifacts and the clock of the server.
#[derive(Clone, Copy)]
pub struct Resources<'a> {
    pub store: &'a Store,
    pub artifacts: &'a Arc<Artifacts>,
    pub clock: &'a Clock,
}
