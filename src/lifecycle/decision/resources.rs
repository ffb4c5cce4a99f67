//! What changes are made with.

use std::sync::Arc;

use crate::artifacts::Artifacts;
use crate::clock::Clock;
use crate::store::Store;

/// What the server has for making changes.
#[derive(Clone, Copy)]
pub struct Resources<'a> {
    pub store: &'a Store,
    pub artifacts: &'a Arc<Artifacts>,
    pub clock: &'a Clock,
}
