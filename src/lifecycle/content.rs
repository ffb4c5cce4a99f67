//! What a version consists of, byte for byte. Files are read outside of any transaction.

use std::sync::Arc;
use std::time::Duration;

use crate::artifacts::{Artifacts, Manifest, Snapshot, check_one_reading};
use crate::error::{Error, Result};
use crate::store::{Db, artifact_digests};

/// How long a storage may take to say which files there are.
const PATIENCE: Duration = Duration::from_secs(60);

/// The content of a place, as far as the server can read it.
#[derive(Clone, Debug)]
pub enum Content {
    Known(Arc<Snapshot>),
    /// With the reason.
    Unknown(String),
}

impl Content {
    pub async fn read(artifacts: &Artifacts, location: &str) -> Self {
        match snapshot(artifacts, location).await {
            Ok(snapshot) => Self::Known(Arc::new(snapshot)),
            Err(error) => Self::Unknown(error.to_string()),
        }
    }

    pub fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Self::Known(snapshot) => Some(snapshot),
            Self::Unknown(_) => None,
        }
    }

    pub fn digest(&self) -> Option<&str> {
        self.snapshot().map(|snapshot| snapshot.digest.as_str())
    }

    pub fn why_unknown(&self) -> Option<String> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(reason) => Some(reason.clone()),
        }
    }

    /// Whether nothing passed through the server since it was read.
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
    let place = artifacts.resolve(location)?;
    // Whether there is anything shows soon; reading it all may take its time.
    tokio::time::timeout(PATIENCE, artifacts.list(&place))
        .await
        .map_err(|_| Error::unavailable(format!("{location} does not answer.")))??;
    let snapshot = artifacts.snapshot(&place).await?;
    if snapshot.manifest.entries.is_empty() {
        return Err(Error::does_not_exist(format!(
            "There are no files at {location}."
        )));
    }
    Ok(snapshot)
}

/// The digest of a place by what was recorded as its files passed through the server; nothing is read.
/// None where nothing is known of it.
pub fn recorded_digest(db: &mut Db, location: &str) -> Result<Option<String>> {
    let address = location.trim_end_matches('/');
    if address.is_empty() {
        return Ok(None);
    }
    let recorded = artifact_digests::at_or_below(db, address)?;
    Ok((!recorded.is_empty()).then(|| Manifest::recorded(address, &recorded).digest()))
}
