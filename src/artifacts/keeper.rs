//! Artifacts with what is recorded of them. Every write and every delete passes here, whichever
//! part of the API asks for it.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::Semaphore;

use super::body::Incoming;
use super::location::Locations;
use super::repository::Received;
use super::{ArtifactLocation, ArtifactPath, Download, Entry, Stored, hexadecimal};
use crate::config::ArtifactSettings;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::store::artifact_digests::{self, Digest};
use crate::store::governance::guards::{self, BlockingGuard, Extent};

/// How many files the whole server reads at once to digest them.
const FILES_DIGESTED_AT_ONCE: usize = 8;

/// The artifacts that this server reaches.
pub struct Artifacts {
    locations: Locations,
    store: Arc<Store>,
    largest: Option<u64>,
    signed_download: Duration,
    readers: Semaphore,
}

/// A file that is about to be sent.
pub struct Artifact {
    pub download: Download,
    /// In hexadecimal, where it was recorded of these very bytes.
    pub sha256: Option<String>,
}

/// What a client sends, and who it is.
pub struct Upload {
    pub body: Incoming,
    pub by: Option<String>,
}

/// What is about to happen to an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A file is stored, or another one takes its place.
    Write,
    /// A file goes, or a folder with all that is in it.
    Delete,
}

impl Artifacts {
    pub fn new(settings: &ArtifactSettings, store: Arc<Store>) -> Result<Self> {
        Ok(Self {
            locations: Locations::new(settings)?,
            store,
            largest: settings.largest,
            signed_download: settings.stores.signed_download.0,
            readers: Semaphore::new(FILES_DIGESTED_AT_ONCE),
        })
    }

    /// A path behind the proxy.
    pub fn destination(&self, path: ArtifactPath) -> ArtifactLocation {
        self.locations.destination(path)
    }

    /// Where the address of a run's or a model's artifacts leads.
    pub fn resolve(&self, uri: &str) -> Result<ArtifactLocation> {
        self.locations.resolve(uri)
    }

    /// What is directly below a place, sorted by name; nothing where there is no folder.
    pub async fn list(&self, place: &ArtifactLocation) -> Result<Vec<Entry>> {
        place.repository.list(&place.path).await
    }

    /// Opens a file; `None` stands for a folder.
    pub async fn open(&self, place: &ArtifactLocation) -> Result<Option<Artifact>> {
        let Some(download) = place.repository.open(&place.path).await? else {
            return Ok(None);
        };
        let address = place.address();
        let known = self
            .store
            .read(move |db| artifact_digests::get(db, &address))
            .await?
            .filter(|known| known.is_of(download.size, &download.version));
        Ok(Some(Artifact {
            download,
            sha256: known.map(|known| known.sha256),
        }))
    }

    /// Stores what a client sends. A body that breaks off leaves nothing behind, and nothing is
    /// visible before it ends.
    pub async fn put(&self, place: &ArtifactLocation, mut upload: Upload) -> Result<Stored> {
        let received = match self.receive(place, &mut upload.body).await {
            Ok(received) => received,
            Err(error) => return Err(upload.body.refuse(error).await),
        };
        // What was allowed when the upload began may be forbidden by now.
        self.admit(Change::Write, place).await?;
        let stored = received.publish().await?;
        let digest = Digest {
            address: place.address(),
            size: i64::try_from(stored.size).unwrap_or(i64::MAX),
            sha256: hexadecimal(&stored.sha256),
            version: stored.version.clone(),
            recorded_at: Utc::now().timestamp_millis(),
            recorded_by: upload.by,
        };
        self.store
            .write(move |db| artifact_digests::record(db, std::slice::from_ref(&digest)))
            .await?;
        Ok(stored)
    }

    async fn receive(&self, place: &ArtifactLocation, body: &mut Incoming) -> Result<Received> {
        self.admit(Change::Write, place).await?;
        body.limit(self.largest)?;
        place.repository.receive(&place.path, body).await
    }

    /// Removes a file, or a folder with all that is in it. What is not there needs no removal.
    pub async fn delete(&self, place: &ArtifactLocation) -> Result<()> {
        self.admit(Change::Delete, place).await?;
        place.repository.delete(&place.path).await?;
        let address = place.address();
        self.store
            .write(move |db| artifact_digests::forget(db, &address))
            .await
    }

    /// Refuses what may not happen to an artifact. Asked before anything is done, and once more before
    /// an upload becomes visible.
    pub(super) async fn admit(&self, change: Change, place: &ArtifactLocation) -> Result<()> {
        match change {
            Change::Write => place.path.check_name()?,
            Change::Delete if place.path.is_root() => {
                return Err(Error::invalid_parameter(
                    "The root of the artifacts cannot be deleted.",
                ));
            }
            Change::Delete => {}
        }
        let extent = match change {
            Change::Write => Extent::File,
            Change::Delete => Extent::AllBelow,
        };
        let address = place.address();
        let guard = self
            .store
            .read(move |db| guards::blocking(db, &address, extent))
            .await?;
        guard.map_or(Ok(()), |guard| Err(guarded(&guard, change)))
    }

    pub(super) fn destination_root(&self) -> ArtifactLocation {
        self.destination(ArtifactPath::default())
    }

    pub(super) fn largest(&self) -> Option<u64> {
        self.largest
    }

    /// How long signed addresses for downloads are good for, unless the client says so.
    pub(super) fn signed_download(&self) -> Duration {
        self.signed_download
    }

    /// Whoever reads a file to digest it takes a turn.
    pub(super) fn readers(&self) -> &Semaphore {
        &self.readers
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }
}

fn guarded(guard: &BlockingGuard, change: Change) -> Error {
    let done = match change {
        Change::Write => "written",
        Change::Delete => "removed",
    };
    let why = if guard.is_seal() {
        "were sealed when it passed a gate"
    } else {
        "are kept: it is within its retention or under a legal hold"
    };
    let BlockingGuard {
        address,
        model,
        version,
        ..
    } = guard;
    let model = model.as_deref().unwrap_or("that was deleted");
    Error::permission_denied(format!(
        "Nothing can be {done} here: {address} has the artifacts of version {version} of model '{model}', which {why}. \
         Register changed artifacts as a new version."
    ))
}
