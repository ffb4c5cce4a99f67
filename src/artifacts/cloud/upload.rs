//! Uploads to object stores: small ones in one request, large ones in parts.

use std::mem;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, MultipartUpload, ObjectStoreExt, PutMultipartOptions, PutOptions,
    PutResult,
};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use super::{CloudFolder, explain, version};
use crate::artifacts::body::Incoming;
use crate::artifacts::path::ArtifactPath;
use crate::artifacts::{Stored, blocking};
use crate::error::{Error, Result};

const MEBIBYTE: u64 = 1024 * 1024;
/// The size of a part in bytes, unless that makes too many parts. One part is sent while the next one is filled, so
/// an upload holds two in memory.
const PART: u64 = 8 * MEBIBYTE;
/// The most parts of one object, to S3. Google takes as many, Azure more.
const MOST_PARTS: u64 = 10_000;

/// An upload that was received completely and is not visible yet. Dropping it leaves nothing behind.
pub struct ReceivedObject {
    folder: CloudFolder,
    path: ArtifactPath,
    key: Path,
    parts: Option<Parts>,
    /// The bytes that are not sent yet: all of a small object, the end of a large one.
    rest: BytesMut,
    digest: Sha256,
    size: u64,
    _buffers: OwnedSemaphorePermit,
}

/// A large object that is sent in parts.
struct Parts {
    /// `None` as soon as the object is complete.
    upload: Option<Box<dyn MultipartUpload>>,
    sending: Option<JoinHandle<object_store::Result<()>>>,
}

impl ReceivedObject {
    /// Receives a body and sends its full parts to the store. Fails if the body or the store fails.
    pub async fn receive(
        folder: &CloudFolder,
        path: &ArtifactPath,
        body: &mut Incoming,
    ) -> Result<Self> {
        let part = body.length().unwrap_or(0).div_ceil(MOST_PARTS).max(PART);
        let memory = body.length().unwrap_or(u64::MAX).clamp(1, 2 * part);
        let part = usize::try_from(part).unwrap_or(usize::MAX);
        let mut object = Self {
            folder: folder.clone(),
            path: path.clone(),
            key: folder.key(path)?,
            parts: None,
            rest: BytesMut::new(),
            digest: Sha256::new(),
            size: 0,
            _buffers: folder.buffers(memory.div_ceil(MEBIBYTE)).await?,
        };
        while let Some(mut chunk) = body.next().await? {
            while !chunk.is_empty() {
                let fits = chunk.len().min(part - object.rest.len());
                object.rest.extend_from_slice(&chunk.split_to(fits));
                if object.rest.len() == part {
                    object.send().await?;
                }
            }
        }
        Ok(object)
    }

    /// Sends the buffered bytes as a part, after the part before it was sent.
    async fn send(&mut self) -> Result<()> {
        let part = self.digested().await?;
        let mut parts = match self.parts.take() {
            Some(parts) => parts,
            None => self.begin().await?,
        };
        let sent = parts.send(part).await;
        self.parts = Some(parts);
        sent.map_err(|error| explain(error, &self.path))
    }

    async fn begin(&self) -> Result<Parts> {
        let options = PutMultipartOptions {
            attributes: self.folder.attributes(&self.path),
            ..PutMultipartOptions::default()
        };
        let objects = self.folder.cloud.objects();
        let begun = objects.put_multipart_opts(&self.key, options).await;
        Ok(Parts {
            upload: Some(begun.map_err(|error| explain(error, &self.path))?),
            sending: None,
        })
    }

    /// Takes the buffered bytes, after they were added to the digest.
    async fn digested(&mut self) -> Result<Bytes> {
        let bytes = mem::take(&mut self.rest).freeze();
        self.size += bytes.len() as u64;
        let mut digest = mem::take(&mut self.digest);
        let (digest, bytes) = blocking(move || {
            digest.update(&bytes);
            Ok((digest, bytes))
        })
        .await?;
        self.digest = digest;
        Ok(bytes)
    }

    /// Sends the rest and makes the object visible. When this returns, the store keeps it.
    pub async fn publish(mut self) -> Result<Stored> {
        if self.parts.is_some() && !self.rest.is_empty() {
            self.send().await?;
        }
        let result = if let Some(mut parts) = self.parts.take() {
            parts.complete().await
        } else {
            let bytes = self.digested().await?;
            let options = PutOptions {
                attributes: self.folder.attributes(&self.path),
                ..PutOptions::default()
            };
            let objects = self.folder.cloud.objects();
            objects.put_opts(&self.key, bytes.into(), options).await
        };
        let result = result.map_err(|error| explain(error, &self.path))?;
        Ok(Stored {
            size: self.size,
            sha256: mem::take(&mut self.digest).finalize().into(),
            version: self.version(result).await?,
        })
    }

    async fn version(&self, result: PutResult) -> Result<String> {
        if let Some(tag) = result.e_tag {
            return Ok(tag.trim_matches('"').to_owned());
        }
        let found = self.folder.cloud.objects().head(&self.key).await;
        Ok(version(&found.map_err(|error| explain(error, &self.path))?))
    }
}

impl CloudFolder {
    /// Waits until there is memory for an upload.
    async fn buffers(&self, mebibytes: u64) -> Result<OwnedSemaphorePermit> {
        let wanted = u32::try_from(mebibytes)
            .unwrap_or(u32::MAX)
            .min(super::open::BUFFERS);
        Arc::clone(&self.buffers)
            .acquire_many_owned(wanted)
            .await
            .map_err(|_| Error::unavailable("The server is stopping."))
    }

    /// What a new object is said to be.
    pub(super) fn attributes(&self, path: &ArtifactPath) -> Attributes {
        let mut attributes = Attributes::new();
        if let Some(kind) = mime_guess::from_path(path.name()).first_raw() {
            attributes.insert(Attribute::ContentType, kind.into());
        }
        for (attribute, value) in &self.extra {
            attributes.insert(attribute.clone(), value.clone());
        }
        attributes
    }
}

impl Parts {
    /// Begins to send a part, once the one before it is sent.
    async fn send(&mut self, part: Bytes) -> object_store::Result<()> {
        self.sent().await?;
        if let Some(upload) = &mut self.upload {
            self.sending = Some(tokio::spawn(upload.put_part(part.into())));
        }
        Ok(())
    }

    async fn sent(&mut self) -> object_store::Result<()> {
        match &mut self.sending {
            Some(sending) => {
                let sent = sending.await;
                self.sending = None;
                sent?
            }
            None => Ok(()),
        }
    }

    async fn complete(&mut self) -> object_store::Result<PutResult> {
        self.sent().await?;
        let Some(upload) = &mut self.upload else {
            return Err(object_store::Error::NotSupported {
                source: "an upload is completed once".into(),
            });
        };
        let completed = upload.complete().await?;
        self.upload = None;
        Ok(completed)
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if let Some(sending) = self.sending.take() {
            sending.abort();
        }
        // The store keeps the parts of an upload, and bills them, until it is told to drop them.
        if let Some(mut upload) = self.upload.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "an upload that broke off could not be aborted");
                }
            });
        }
    }
}
