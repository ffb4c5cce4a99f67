//! A request for a change: its author, its time, and the files that were read for it.

use std::sync::Arc;

use super::super::files::ModelFiles;
use super::resources::Resources;
use crate::artifacts::Artifacts;
use crate::audit::{self, Actor, Entry};
use crate::error::Result;
use crate::store::Db;

/// A registered model in a change.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    pub name: &'a str,
    /// The id that it keeps when it is renamed.
    pub id: &'a str,
}

/// One request for a change, while it is decided. Every entry of the history that belongs to the change
/// goes through [`Change::write`].
pub struct Change {
    /// The author of the change.
    pub actor: Actor,
    /// The time of the change, in milliseconds since 1970.
    pub now_ms: i64,
    /// The files that were read so far.
    pub files: ModelFiles,
    artifacts: Option<Arc<Artifacts>>,
}

impl Change {
    /// Makes a change with access to artifacts.
    pub fn new(resources: Resources<'_>, actor: Actor, files: ModelFiles) -> Self {
        Self {
            actor,
            now_ms: resources.clock.now_ms(),
            files,
            artifacts: Some(Arc::clone(resources.artifacts)),
        }
    }

    /// Makes a change for which no file is read.
    pub fn without_files(actor: Actor, now_ms: i64) -> Self {
        Self {
            actor,
            now_ms,
            files: ModelFiles::out_of_reach(),
            artifacts: None,
        }
    }

    /// Makes a change that happens now, and for which no file is read.
    #[cfg(test)]
    pub fn by(actor: Actor) -> Self {
        Self::without_files(actor, crate::clock::Clock::default().now_ms())
    }

    /// The address that the keeper of artifacts has for a location, if it can be reached from here.
    pub fn address(&self, location: &str) -> Option<String> {
        let artifacts = self.artifacts.as_ref()?;
        Some(artifacts.resolve(location).ok()?.address())
    }

    /// Writes entries of the history in the transaction of the change.
    pub fn write(&self, db: &mut Db, entries: &[Entry]) -> Result<()> {
        audit::write(db, &self.actor, self.now_ms, entries)
    }
}
