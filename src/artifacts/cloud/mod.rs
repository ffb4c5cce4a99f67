//! Artifacts in object stores: S3 and what speaks like it, Google Cloud Storage, Azure.

mod bucket;
mod open;
mod signed;
mod upload;

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3;
use object_store::azure::MicrosoftAzure;
use object_store::gcp::GoogleCloudStorage;
use object_store::path::Path;
use object_store::{
    Attribute, AttributeValue, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt,
};
use tokio::sync::Semaphore;

use super::path::ArtifactPath;
use super::{Entry, FoundFile};
use crate::error::{Error, Result};

pub use self::bucket::Bucket;
pub use self::open::Clouds;
pub use self::signed::{PartAddresses, SentPart, SignedAddress, unsupported};
pub use self::upload::ReceivedObject;

/// The client of one bucket.
#[derive(Clone, Debug)]
pub enum Cloud {
    S3(Arc<AmazonS3>),
    Google(Arc<GoogleCloudStorage>),
    Azure(Arc<MicrosoftAzure>),
}

/// A folder in a bucket. Object stores have no folders: a folder is the common beginning of names, up to a slash.
#[derive(Clone, Debug)]
pub struct CloudFolder {
    pub cloud: Cloud,
    root: ArtifactPath,
    buffers: Arc<Semaphore>,
    /// The attributes of each new object.
    extra: Vec<(Attribute, AttributeValue)>,
    /// The headers that clients must add when they send a new object by a signed URL.
    signed_headers: Vec<(String, String)>,
}

/// An object that is about to be read.
pub struct CloudFile {
    cloud: Cloud,
    metadata: ObjectMeta,
}

impl Cloud {
    /// Returns the interface that all object stores share.
    pub fn objects(&self) -> &dyn ObjectStore {
        match self {
            Self::S3(store) => store.as_ref(),
            Self::Google(store) => store.as_ref(),
            Self::Azure(store) => store.as_ref(),
        }
    }
}

impl CloudFolder {
    /// Returns the name of the object at a path. It is the name that stock MLflow uses: nothing is encoded.
    pub fn key(&self, path: &ArtifactPath) -> Result<Path> {
        Path::parse(self.root.join(path).as_str())
            .map_err(|_| Error::invalid_parameter("Invalid path"))
    }

    /// Lists the entries directly below a path, sorted by name. Returns an empty list if there is no such folder.
    pub async fn list(&self, path: &ArtifactPath) -> Result<Vec<Entry>> {
        let key = self.key(path)?;
        let listed = self
            .cloud
            .objects()
            .list_with_delimiter(Some(&key))
            .await
            .map_err(|error| explain(error, path))?;
        let name = |path: &Path| path.filename().unwrap_or_default().to_owned();
        let folders = listed.common_prefixes.iter().map(|folder| Entry {
            name: name(folder),
            size: None,
        });
        // Some tools make an empty object for a folder, which has the folder's own name.
        let files = listed
            .objects
            .iter()
            .filter(|object| object.location != key);
        let files = files.map(|object| Entry {
            name: name(&object.location),
            size: Some(object.size),
        });
        let mut entries: Vec<_> = folders.chain(files).collect();
        entries.retain(|entry| !entry.name.is_empty());
        entries.sort_by(|left, right| left.name.cmp(&right.name));
        entries.dedup_by(|left, right| left.name == right.name && left.size == right.size);
        Ok(entries)
    }

    /// Lists all files below a path, or the file at the path itself.
    pub async fn walk(&self, path: &ArtifactPath) -> Result<Vec<FoundFile>> {
        let key = self.key(path)?;
        let mut found = Vec::new();
        let mut objects = self.cloud.objects().list(Some(&key));
        while let Some(object) = objects
            .try_next()
            .await
            .map_err(|error| explain(error, path))?
        {
            let Some(below) = object.location.as_ref().strip_prefix(key.as_ref()) else {
                continue;
            };
            let below = below.trim_start_matches('/');
            if let Some(below) = ArtifactPath::default().below(below) {
                found.push(FoundFile {
                    path: below,
                    size: object.size,
                    version: version(&object),
                });
            }
        }
        if found.is_empty()
            && !path.is_root()
            && let Some(file) = self.head(path).await?
        {
            found.push(FoundFile {
                path: ArtifactPath::default(),
                size: file.size(),
                version: file.version(),
            });
        }
        Ok(found)
    }

    /// Looks up the file at a path. Returns `None` for a folder, and fails if there is neither.
    pub async fn open_file(&self, path: &ArtifactPath) -> Result<Option<CloudFile>> {
        if path.is_root() {
            return Ok(None);
        }
        if let Some(file) = self.head(path).await? {
            return Ok(Some(file));
        }
        let key = self.key(path)?;
        let mut below = self.cloud.objects().list(Some(&key));
        match below.try_next().await {
            Ok(Some(_)) => Ok(None),
            Ok(None) => Err(Error::artifact_not_found(path)),
            Err(error) => Err(explain(error, path)),
        }
    }

    async fn head(&self, path: &ArtifactPath) -> Result<Option<CloudFile>> {
        match self.cloud.objects().head(&self.key(path)?).await {
            Ok(metadata) => Ok(Some(CloudFile {
                cloud: self.cloud.clone(),
                metadata,
            })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(explain(error, path)),
        }
    }

    /// Deletes the file at a path, or the folder with everything in it. Succeeds if there is neither.
    pub async fn delete(&self, path: &ArtifactPath) -> Result<()> {
        let key = self.key(path)?;
        let store = self.cloud.objects();
        let below = store.list(Some(&key)).map_ok(|object| object.location);
        // Object stores list what begins with a name and a slash, not what has that very name.
        let itself = stream::iter([Ok(key)]);
        let mut deleted = store.delete_stream(below.chain(itself).boxed());
        while let Some(one) = deleted.next().await {
            match one {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(explain(error, path)),
            }
        }
        Ok(())
    }
}

impl CloudFile {
    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        self.metadata.size
    }

    /// Returns the time of the last change.
    pub fn modified(&self) -> SystemTime {
        self.metadata.last_modified.into()
    }

    /// Returns a text that changes whenever the object is replaced.
    pub fn version(&self) -> String {
        version(&self.metadata)
    }

    /// Reads a range of bytes. The stream fails if the object was replaced in the meantime.
    pub fn read(self, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        if range.is_empty() {
            return stream::empty().boxed();
        }
        let reading = async move {
            let options = GetOptions {
                range: Some(GetRange::Bounded(range)),
                // The bytes of another version would not go with the headers that are sent already.
                if_match: self.metadata.e_tag.clone(),
                ..GetOptions::default()
            };
            let objects = self.cloud.objects();
            let found = objects.get_opts(&self.metadata.location, options).await;
            let found = found.map_err(io::Error::other)?;
            Ok::<_, io::Error>(found.into_stream().map_err(io::Error::other))
        };
        stream::once(reading).try_flatten().boxed()
    }
}

/// Returns a text that changes whenever the object is replaced.
fn version(metadata: &ObjectMeta) -> String {
    metadata.e_tag.as_deref().map_or_else(
        || metadata.last_modified.timestamp_micros().to_string(),
        |tag| tag.trim_matches('"').to_owned(),
    )
}

/// Returns the error that a client gets for a failure of an object store. Details go to the log.
fn explain(error: object_store::Error, path: &ArtifactPath) -> Error {
    match error {
        object_store::Error::NotFound { .. } => Error::artifact_not_found(path),
        object_store::Error::InvalidPath { .. } => Error::invalid_parameter("Invalid path"),
        object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. } => {
            tracing::error!(%error, %path, "the object store refused the server's credentials");
            Error::permission_denied("The object store does not let the server do this.")
        }
        error => {
            tracing::error!(%error, %path, "the object store failed");
            Error::unavailable("The object store could not be reached, or failed. Try again.")
        }
    }
}
