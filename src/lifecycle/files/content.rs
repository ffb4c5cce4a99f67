//! The content of a version, byte by byte.

use std::sync::Arc;
use std::time::Duration;

use crate::artifacts::{Artifacts, Manifest, Snapshot, check_one_reading};
use crate::error::{Error, Result};
use crate::store::{Db, artifact_digests};

/// The maximum time for listing the files of a location.
const PATIENCE: Duration = Duration::from_secs(60);

/// The content of a location, as far as the server can read it.
#[derive(Clone, Debug)]
pub enum Content {
    Known(Arc<Snapshot>),
    /// Holds the reason.
    Unknown(String),
}

impl Content {
    /// Reads all files at a location. What cannot be read becomes [`Content::Unknown`].
    pub async fn read(artifacts: &Artifacts, location: &str) -> Self {
        match snapshot(artifacts, location).await {
            Ok(snapshot) => Self::Known(Arc::new(snapshot)),
            Err(error) => Self::Unknown(error.to_string()),
        }
    }

    /// The files, if they could be read.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Self::Known(snapshot) => Some(snapshot),
            Self::Unknown(_) => None,
        }
    }

    /// The digest of the files, if they could be read.
    pub fn digest(&self) -> Option<&str> {
        self.snapshot().map(|snapshot| snapshot.digest.as_str())
    }

    /// Why the files could not be read, if they could not.
    pub fn why_unknown(&self) -> Option<String> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(reason) => Some(reason.clone()),
        }
    }

    /// Returns whether no file was uploaded through the server since the files were read.
    pub fn is_current(&self, db: &mut Db) -> Result<bool> {
        let Some(snapshot) = self.snapshot() else {
            return Ok(true);
        };
        let recorded = artifact_digests::at_or_below(db, &snapshot.address)?;
        Ok(snapshot.is_current(&recorded))
    }
}

async fn snapshot(artifacts: &Artifacts, location: &str) -> Result<Snapshot> {
    if location.is_empty() {
        return Err(Error::does_not_exist("The version has no artifacts."));
    }
    check_one_reading(location)?;
    let folder = artifacts.resolve(location)?;
    // Whether there is anything shows soon; reading it all may take its time.
    tokio::time::timeout(PATIENCE, artifacts.list(&folder))
        .await
        .map_err(|_| Error::unavailable(format!("{location} does not answer.")))??;
    let snapshot = artifacts.snapshot(&folder).await?;
    if snapshot.manifest.entries.is_empty() {
        return Err(Error::does_not_exist(format!(
            "There are no files at {location}."
        )));
    }
    Ok(snapshot)
}

/// Computes the digest of a location from what was recorded as its files passed through the server; no
/// file is read. `None` if nothing was recorded of it.
pub fn recorded_digest(db: &mut Db, location: &str) -> Result<Option<String>> {
    let address = location.trim_end_matches('/');
    if address.is_empty() {
        return Ok(None);
    }
    let recorded = artifact_digests::at_or_below(db, address)?;
    Ok((!recorded.is_empty()).then(|| Manifest::recorded(address, &recorded).digest()))
}
