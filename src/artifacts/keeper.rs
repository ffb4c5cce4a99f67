//! Artifacts together with their recorded digests. Every write and every deletion passes through here, whichever
//! part of the API it comes from.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::body::Incoming;
use super::location::Locations;
use super::repository::Received;
use super::{ArtifactLocation, ArtifactPath, Download, Entry, Stored};
use crate::clock::Clock;
use crate::config::ArtifactSettings;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::store::artifact_digests::{self, Digest};
use crate::store::governance::guards::{self, BlockingGuard, Extent};

/// The number of files that the whole server reads at once to compute digests.
const FILES_DIGESTED_AT_ONCE: usize = 8;

/// The artifacts that this server can reach.
pub struct Artifacts {
    locations: Locations,
    store: Arc<Store>,
    clock: Clock,
    largest: Option<u64>,
    signed_download: Duration,
    readers: Semaphore,
}

/// A file that is about to be sent to a client.
pub struct Artifact {
    pub download: Download,
    /// The recorded SHA-256 in hexadecimal, if the file has not changed since it was recorded.
    pub sha256: Option<String>,
}

/// The body of an upload, and the name of the client that sends it.
pub struct Upload {
    pub body: Incoming,
    pub by: Option<String>,
}

/// A change of an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A file is created or replaced.
    Write,
    /// A file is deleted, or a folder with everything in it.
    Delete,
}

impl Artifacts {
    /// Opens the stores that the settings name. Fails if one of their addresses is invalid.
    pub fn new(settings: &ArtifactSettings, store: Arc<Store>, clock: Clock) -> Result<Self> {
        Ok(Self {
            locations: Locations::new(settings)?,
            store,
            clock,
            largest: settings.largest,
            signed_download: settings.stores.signed_download.0,
            readers: Semaphore::new(FILES_DIGESTED_AT_ONCE),
        })
    }

    /// Returns the location of a path behind the proxy.
    pub fn destination(&self, path: ArtifactPath) -> ArtifactLocation {
        self.locations.destination(path)
    }

    /// Returns the location that the artifact URI of a run or a model stands for. Fails if this server cannot reach
    /// it.
    pub fn resolve(&self, uri: &str) -> Result<ArtifactLocation> {
        self.locations.resolve(uri)
    }

    /// Lists the entries directly below a location, sorted by name. Returns an empty list if there is no such
    /// folder.
    pub async fn list(&self, place: &ArtifactLocation) -> Result<Vec<Entry>> {
        place.repository.list(&place.path).await
    }

    /// Opens a file. Returns `None` for a folder, and fails if there is neither.
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

    /// Stores an upload. Nothing is visible before the whole body has arrived, and a body that breaks off leaves
    /// nothing behind. Fails if the location is guarded, by a seal or by retention.
    pub async fn put(&self, place: &ArtifactLocation, mut upload: Upload) -> Result<Stored> {
        let received = match self.receive(place, &mut upload.body).await {
            Ok(received) => received,
            Err(error) => return Err(upload.body.refuse(error).await),
        };
        // A guard can have been set while the upload was running.
        self.admit(Change::Write, place).await?;
        let stored = received.publish().await?;
        let digest = Digest {
            address: place.address(),
            size: i64::try_from(stored.size).unwrap_or(i64::MAX),
            sha256: hex::encode(stored.sha256),
            version: stored.version.clone(),
            recorded_at: self.now_ms(),
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

    /// Deletes a file, or a folder with everything in it. Succeeds if there is neither. Fails if something there is
    /// guarded.
    pub async fn delete(&self, place: &ArtifactLocation) -> Result<()> {
        self.admit(Change::Delete, place).await?;
        place.repository.delete(&place.path).await?;
        let address = place.address();
        self.store
            .write(move |db| artifact_digests::forget(db, &address))
            .await
    }

    /// Fails if a change is not allowed, because of the name or of a guard. It is called before a change begins, and
    /// once more before an upload becomes visible.
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

    /// Returns the lifetime of signed download URLs, which a client can override.
    pub(super) fn signed_download(&self) -> Duration {
        self.signed_download
    }

    /// Returns the semaphore that limits how many files are read at once to compute digests.
    pub(super) fn readers(&self) -> &Semaphore {
        &self.readers
    }

    /// Returns the time in milliseconds since 1970.
    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
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
