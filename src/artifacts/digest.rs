//! Computes the SHA-256 of a file, which is read in pieces.

use bytes::Bytes;
use futures_util::TryStreamExt;
use sha2::{Digest as _, Sha256};

use super::keeper::Artifacts;
use super::{ArtifactLocation, blocking};
use crate::error::{Error, Result};
use crate::store::artifact_digests::Digest;

/// The number of files of one folder that are read at once.
pub const FILES_AT_ONCE: usize = 4;

impl Artifacts {
    /// Reads a file and returns its digest. Fails if the file changes in the meantime.
    pub(super) async fn digest(&self, file: &ArtifactLocation) -> Result<Digest> {
        let _turn = self
            .readers()
            .acquire()
            .await
            .map_err(|_| Error::internal("The server reads no more artifacts."))?;
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
        // Another process can have written to the file while it was read.
        let after = file.repository.open(&file.path).await?;
        if read != size || after.is_none_or(|after| after.version != version) {
            return Err(changed(file));
        }
        Ok(Digest {
            address: file.address(),
            size: i64::try_from(size).unwrap_or(i64::MAX),
            sha256: hex::encode(sha256.finalize()),
            version,
            recorded_at: self.now_ms(),
            recorded_by: None,
        })
    }
}

async fn update(mut sha256: Sha256, piece: Bytes) -> Result<Sha256> {
    blocking(move || {
        sha256.update(&piece);
        Ok(sha256)
    })
    .await
}

fn changed(file: &ArtifactLocation) -> Error {
    Error::unavailable(format!(
        "'{}' was changed while it was read. Try again.",
        file.path
    ))
}

fn unread(file: &ArtifactLocation, error: &std::io::Error) -> Error {
    tracing::error!(%error, path = %file.path, "an artifact could not be read");
    Error::internal("The server could not read the artifact.")
}
