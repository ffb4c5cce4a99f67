//! A folder of artifacts, on a disk or in an object store. Bytes are read and written in pieces.

use std::io;
use std::ops::Range;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::body::Incoming;
use super::cloud::{CloudFile, CloudFolder, ReceivedObject};
use super::local::{LocalFolder, OpenFile};
use super::path::ArtifactPath;
use super::transfer::{ReceivedFile, read_file};
use super::{Entry, FoundFile, Stored};
use crate::error::Result;

/// A place that stores artifacts.
#[derive(Clone, Debug)]
pub enum Repository {
    Local(LocalFolder),
    Cloud(CloudFolder),
}

/// A file that is about to be sent to a client.
pub struct Download {
    pub size: u64,
    pub modified: SystemTime,
    /// A text that changes whenever the file is replaced or written to.
    pub version: String,
    content: Content,
}

enum Content {
    Local(OpenFile),
    Cloud(CloudFile),
}

/// An upload that was received completely and is not visible yet. Dropping it leaves nothing behind.
pub enum Received {
    Local(ReceivedFile),
    Cloud(ReceivedObject),
}

impl Repository {
    /// Lists the entries directly below a path, sorted by name. Returns an empty list if there is no such folder.
    pub async fn list(&self, path: &ArtifactPath) -> Result<Vec<Entry>> {
        match self {
            Self::Local(folder) => folder.list(path).await,
            Self::Cloud(folder) => folder.list(path).await,
        }
    }

    /// Lists all files below a path, or the file at the path itself.
    pub async fn walk(&self, path: &ArtifactPath) -> Result<Vec<FoundFile>> {
        match self {
            Self::Local(folder) => folder.walk(path).await,
            Self::Cloud(folder) => folder.walk(path).await,
        }
    }

    /// Opens a file. Returns `None` for a folder, and fails if there is neither.
    pub async fn open(&self, path: &ArtifactPath) -> Result<Option<Download>> {
        match self {
            Self::Local(folder) => {
                let file = folder.open_file(path).await?;
                Ok(file.map(|file| Download {
                    size: file.size,
                    modified: file.modified,
                    version: file.version.clone(),
                    content: Content::Local(file),
                }))
            }
            Self::Cloud(folder) => {
                let file = folder.open_file(path).await?;
                Ok(file.map(|file| Download {
                    size: file.size(),
                    modified: file.modified(),
                    version: file.version(),
                    content: Content::Cloud(file),
                }))
            }
        }
    }

    /// Receives a body. Nothing of it is visible before [`Received::publish`].
    pub async fn receive(&self, path: &ArtifactPath, body: &mut Incoming) -> Result<Received> {
        match self {
            Self::Local(folder) => ReceivedFile::receive(folder, path, body)
                .await
                .map(Received::Local),
            Self::Cloud(folder) => ReceivedObject::receive(folder, path, body)
                .await
                .map(Received::Cloud),
        }
    }

    /// Deletes a file, or a folder with everything in it. Succeeds if there is neither.
    pub async fn delete(&self, path: &ArtifactPath) -> Result<()> {
        match self {
            Self::Local(folder) => folder.delete(path).await,
            Self::Cloud(folder) => folder.delete(path).await,
        }
    }
}

impl Received {
    /// Makes the upload visible. When this returns, the upload survives a crash.
    pub async fn publish(self) -> Result<Stored> {
        match self {
            Self::Local(file) => file.publish().await,
            Self::Cloud(object) => object.publish().await,
        }
    }
}

impl Download {
    /// Reads a range of bytes, which must lie within the size.
    pub fn stream(self, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        match self.content {
            Content::Local(file) => read_file(file, range).boxed(),
            Content::Cloud(file) => file.read(range),
        }
    }
}
