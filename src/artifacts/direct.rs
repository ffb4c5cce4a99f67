//! Transfers between clients and an object store by URLs that this server signs. The bytes do not pass through the
//! server, but it checks whether the transfer is allowed.

use std::time::Duration;

use super::cloud::{CloudFolder, PartAddresses, SentPart, SignedAddress, unsupported};
use super::keeper::{Artifacts, Change};
use super::{ArtifactLocation, Repository};
use crate::error::Result;
use crate::store::artifact_digests;

impl Artifacts {
    /// Whether clients can send parts of large files to the store behind the proxy.
    pub fn takes_parts(&self) -> bool {
        self.parts_of(&self.destination_root()).is_some()
    }

    /// Whether clients can fetch files from the store behind the proxy.
    pub fn signs_downloads(&self) -> bool {
        signing(&self.destination_root()).is_some()
    }

    pub async fn begin_parts(&self, place: &ArtifactLocation, count: i64) -> Result<PartAddresses> {
        self.admit(Change::Write, place).await?;
        let folder = self
            .parts_of(place)
            .ok_or_else(|| unsupported("Multipart upload"))?;
        folder.begin_parts(&place.path, count).await
    }

    /// Makes an upload in parts visible.
    pub async fn complete_parts(
        &self,
        place: &ArtifactLocation,
        upload: &str,
        parts: Vec<SentPart>,
    ) -> Result<()> {
        self.admit(Change::Write, place).await?;
        let folder = self
            .parts_of(place)
            .ok_or_else(|| unsupported("Multipart upload"))?;
        folder.complete_parts(&place.path, upload, parts).await?;
        // Nobody here saw the bytes. Their digest is computed when it is asked for.
        let address = place.address();
        self.store()
            .write(move |db| artifact_digests::forget(db, &address))
            .await
    }

    pub async fn abort_parts(&self, place: &ArtifactLocation, upload: &str) -> Result<()> {
        let folder = self
            .parts_of(place)
            .ok_or_else(|| unsupported("Multipart upload"))?;
        folder.abort_parts(&place.path, upload).await
    }

    /// Where a client can fetch a file. `what` names the feature, should it not be there.
    pub async fn download_address(
        &self,
        place: &ArtifactLocation,
        what: &str,
        request: DownloadAddress,
    ) -> Result<SignedAddress> {
        let folder = signing(place).ok_or_else(|| unsupported(what))?;
        let lifetime = request.lifetime.unwrap_or(self.signed_download());
        folder
            .download_address(&place.path, request.disposition, lifetime)
            .await
    }

    /// Where a client can store a file.
    pub async fn upload_address(
        &self,
        place: &ArtifactLocation,
        lifetime: Duration,
    ) -> Result<SignedAddress> {
        self.admit(Change::Write, place).await?;
        let folder = signing(place)
            .filter(|_| self.largest().is_none())
            .ok_or_else(|| unsupported("Presigned upload"))?;
        folder.upload_address(&place.path, lifetime).await
    }

    /// The store that takes parts of files at a place. Where artifacts have a largest size, all of
    /// them must pass here.
    fn parts_of<'a>(&self, place: &'a ArtifactLocation) -> Option<&'a CloudFolder> {
        match &place.repository {
            Repository::Cloud(folder) if self.largest().is_none() => Some(folder),
            Repository::Cloud(_) | Repository::Local(_) => None,
        }
    }
}

/// How an address for a download is wanted.
pub struct DownloadAddress {
    /// What the store says to a browser of the file.
    pub disposition: String,
    /// What the server has been told, unless the client says more.
    pub lifetime: Option<Duration>,
}

fn signing(place: &ArtifactLocation) -> Option<&CloudFolder> {
    match &place.repository {
        Repository::Cloud(folder) if folder.signs_files() => Some(folder),
        Repository::Cloud(_) | Repository::Local(_) => None,
    }
}
