//! The bytes of models and other artifacts: where an address leads, and what can be done there.

mod local;
mod location;
mod path;
mod repository;
mod staged;

use crate::error::{Error, Result};

pub use self::location::{Artifacts, Place};
pub use self::path::ArtifactPath;
pub use self::repository::{Download, Repository};

/// A name below a folder. Folders have no size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub size: Option<u64>,
}

/// What an upload has become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub size: u64,
    pub sha256: [u8; 32],
    /// Tells whether the stored bytes were replaced since.
    pub version: String,
}

/// Runs what waits for the disk outside of the threads that serve requests.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(Error::internal(
            "The server failed while it worked on an artifact.",
        ))
    })
}
