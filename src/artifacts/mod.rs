//! The bytes of models and other artifacts: where they are stored, and how they are read, written and deleted.

mod body;
mod client_names;
mod cloud;
mod differences;
mod digest;
mod direct;
mod keeper;
mod local;
mod location;
mod manifest;
mod path;
mod repository;
mod staged;
mod transfer;
mod writable;

use crate::error::{Error, Result};

pub use self::body::Incoming;
pub use self::cloud::{SentPart, SignedAddress};
pub use self::differences::Differences;
pub use self::direct::DownloadAddress;
pub use self::keeper::{Artifact, Artifacts, Upload};
pub use self::location::{ArtifactLocation, check_one_reading};
pub use self::manifest::{Manifest, ManifestEntry, Snapshot};
pub use self::path::ArtifactPath;
pub use self::repository::{Download, Repository};
pub use self::writable::check_destination;

/// An entry of a folder. A folder in it has no size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub size: Option<u64>,
}

/// A file somewhere below a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// The path relative to the folder. It is the root if the file itself was asked for.
    pub path: ArtifactPath,
    pub size: u64,
    /// A text that changes whenever the file is replaced or written to.
    pub version: String,
}

/// The result of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub size: u64,
    pub sha256: [u8; 32],
    /// A text that changes whenever the file is replaced or written to.
    pub version: String,
}

impl Stored {
    /// Returns an entity tag that depends on the content only.
    pub fn etag(&self) -> String {
        hex::encode(self.sha256)
    }
}

/// Runs work that waits for the disk on a thread that serves no requests. Fails if the work panics.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(Error::internal(
            "The server failed while it worked on an artifact.",
        ))
    })
}
