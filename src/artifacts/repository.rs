//! What can be done with artifacts, whatever keeps them. Bytes pass in pieces, in both directions.

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

#[derive(Clone, Debug)]
pub enum Repository {
    Local(LocalFolder),
    Cloud(CloudFolder),
}

/// A file that is about to be sent.
pub struct Download {
    pub size: u64,
    pub modified: SystemTime,
    /// Another one as soon as the file is replaced or written to.
    pub version: String,
    content: Content,
}

enum Content {
    Local(OpenFile),
    Cloud(CloudFile),
}

/// All bytes of an upload, not visible yet. Dropped, it leaves nothing behind.
pub enum Received {
    Local(ReceivedFile),
    Cloud(ReceivedObject),
}

impl Repository {
    /// What is directly below a path, sorted by name; nothing where there is no folder.
    pub async fn list(&self, path: &ArtifactPath) -> Result<Vec<Entry>> {
        match self {
            Self::Local(folder) => folder.list(path).await,
            Self::Cloud(folder) => folder.list(path).await,
        }
    }

    /// All files below a path, or the one that it names.
    pub async fn walk(&self, path: &ArtifactPath) -> Result<Vec<FoundFile>> {
        match self {
            Self::Local(folder) => folder.walk(path).await,
            Self::Cloud(folder) => folder.walk(path).await,
        }
    }

    /// Opens a file; `None` stands for a folder.
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

    /// Takes what a client sends. Nothing of it is visible before [`Received::publish`].
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

    /// Removes a file, or a folder with all that is in it. What is not there needs no removal.
    pub async fn delete(&self, path: &ArtifactPath) -> Result<()> {
        match self {
            Self::Local(folder) => folder.delete(path).await,
            Self::Cloud(folder) => folder.delete(path).await,
        }
    }
}

impl Received {
    /// Makes the upload visible. When this returns, it is kept.
    pub async fn publish(self) -> Result<Stored> {
        match self {
            Self::Local(file) => file.publish().await,
            Self::Cloud(object) => object.publish().await,
        }
    }
}

impl Download {
    /// The bytes of a range, which must lie within the size.
    pub fn stream(self, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        match self.content {
            Content::Local(file) => read_file(file, range).boxed(),
            Content::Cloud(file) => file.read(range),
        }
    }
}
