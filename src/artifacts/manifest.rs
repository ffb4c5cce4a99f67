//! What a folder of artifacts holds, in one digest.

use std::collections::HashMap;
use std::fmt::Write;

use bytes::Bytes;
use chrono::Utc;
use futures_util::TryStreamExt;
use sha2::{Digest as _, Sha256};

use super::keeper::Artifacts;
use super::{ArtifactPath, Place, blocking, hexadecimal};
use crate::error::{Error, Result};
use crate::store::artifact_digests::{self, Digest};

/// The files at or below a path, sorted by the bytes of their paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    pub entries: Vec<ManifestEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestEntry {
    /// Relative to the folder; of a single file, its name.
    pub path: String,
    pub size: u64,
    /// In hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// One line for each file: digest, two spaces, path. This is what `sha256sum` prints.
    pub fn text(&self) -> String {
        self.entries.iter().fold(String::new(), |mut text, entry| {
            let _ = writeln!(text, "{}  {}", entry.sha256, entry.path);
            text
        })
    }

    /// The SHA-256 of [`Self::text`], in hexadecimal.
    pub fn digest(&self) -> String {
        hexadecimal(&Sha256::digest(self.text()))
    }
}

impl Artifacts {
    /// Digests all files at or below a place. What was digested as it was stored is not read again,
    /// unless it was changed since.
    pub async fn manifest(&self, place: &Place) -> Result<Manifest> {
        let address = place.address();
        let mut known: HashMap<String, Digest> = self
            .store()
            .read(move |db| artifact_digests::at_or_below(db, &address))
            .await?
            .into_iter()
            .map(|digest| (digest.address.clone(), digest))
            .collect();
        let mut entries = Vec::new();
        let mut new = Vec::new();
        for found in place.repository.walk(&place.path).await? {
            let file = place.below(&found.path);
            let digest = match known.remove(&file.address()) {
                Some(known) if known.is_of(found.size, &found.version) => known,
                _ => {
                    let digest = read(&file).await?;
                    new.push(digest.clone());
                    digest
                }
            };
            entries.push(ManifestEntry {
                path: name(place, &found.path),
                size: u64::try_from(digest.size).unwrap_or_default(),
                sha256: digest.sha256,
            });
        }
        if !new.is_empty() {
            self.store()
                .write(move |db| artifact_digests::record(db, &new))
                .await?;
        }
        entries.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(Manifest { entries })
    }
}

fn name(place: &Place, below: &ArtifactPath) -> String {
    if below.is_root() {
        place.path.name().to_owned()
    } else {
        below.to_string()
    }
}

/// Digests a file by reading it.
async fn read(file: &Place) -> Result<Digest> {
    let download = file
        .repository
        .open(&file.path)
        .await?
        .ok_or_else(|| changed(file))?;
    let (size, version) = (download.size, download.version.clone());
    let mut bytes = download.stream(0..size);
    let mut sha256 = Sha256::new();
    let mut read = 0;
    while let Some(piece) = bytes
        .try_next()
        .await
        .map_err(|error| unread(file, &error))?
    {
        read += piece.len() as u64;
        sha256 = update(sha256, piece).await?;
    }
    // Somebody may have written to it in the meantime.
    let after = file.repository.open(&file.path).await?;
    if read != size || after.is_none_or(|after| after.version != version) {
        return Err(changed(file));
    }
    Ok(Digest {
        address: file.address(),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        sha256: hexadecimal(&sha256.finalize()),
        version,
        recorded_at: Utc::now().timestamp_millis(),
        recorded_by: None,
    })
}

async fn update(mut sha256: Sha256, piece: Bytes) -> Result<Sha256> {
    blocking(move || {
        sha256.update(&piece);
        Ok(sha256)
    })
    .await
}

fn changed(file: &Place) -> Error {
    Error::unavailable(format!(
        "'{}' was changed while it was read. Try again.",
        file.path
    ))
}

fn unread(file: &Place, error: &std::io::Error) -> Error {
    tracing::error!(%error, path = %file.path, "an artifact could not be read");
    Error::internal("The server could not read the artifact.")
}
