//! Digests a file by reading it, piece by piece.

use bytes::Bytes;
use chrono::Utc;
use futures_util::TryStreamExt;
use sha2::{Digest as _, Sha256};

use super::keeper::Artifacts;
use super::{ArtifactLocation, blocking, hexadecimal};
use crate::error::{Error, Result};
use crate::store::artifact_digests::Digest;

/// How many files of one folder are read at once to be digested.
pub const FILES_AT_ONCE: usize = 4;

impl Artifacts {
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
