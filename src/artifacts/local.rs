//! Artifacts as files below a folder.
//!
//! Every access goes through a handle of the root, which lets no path and no symbolic link lead out
//! of it.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::path::{ArtifactPath, UPLOADING};
use super::staged::{Staged, remove_abandoned, sync, version};
use super::{Entry, FoundFile, Stored, blocking};
use crate::error::{Error, ErrorCode, Result};

/// The folder for uploads to the proxy that are not complete. They are renamed when they are, so what a crash leaves
/// behind is in one place.
const STAGING: &str = ".artifact.uploading.flowkeep";

/// A folder on the disk of the server.
#[derive(Clone, Debug)]
pub struct LocalFolder {
    root: PathBuf,
    /// Whether incomplete uploads are in a folder of their own. In a folder that clients write to, they are beside
    /// their targets.
    staging: bool,
}

impl LocalFolder {
    /// Returns a folder that only the server writes to.
    pub fn owned(root: PathBuf) -> Self {
        Self {
            root,
            staging: true,
        }
    }

    /// Returns a folder that clients write to as well.
    pub fn shared(root: PathBuf) -> Self {
        Self {
            root,
            staging: false,
        }
    }

    /// Removes the incomplete uploads of a server that was killed.
    pub fn remove_abandoned_uploads(&self) -> io::Result<()> {
        match self.open().and_then(|root| root.open_dir(STAGING)) {
            Ok(staging) => remove_abandoned(&staging),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Lists the entries directly below a path, sorted by name. Returns an empty list if there is no such folder.
    pub async fn list(&self, path: &ArtifactPath) -> Result<Vec<Entry>> {
        let folder = self.clone();
        self.run(path, move |path| {
            let opened = folder.open().and_then(|root| {
                let entries = root.read_dir(on_disk(path))?;
                Ok((root, entries))
            });
            let (root, entries) = match opened {
                Err(error) if is_absent(&error) => return Ok(Vec::new()),
                opened => opened?,
            };
            let mut found = Vec::new();
            for entry in entries {
                // Nobody can ask for a name that is not UTF-8.
                let Ok(name) = entry?.file_name().into_string() else {
                    continue;
                };
                if name.starts_with(UPLOADING) {
                    continue;
                }
                // A link to nowhere or out of the root is not an artifact.
                if let Ok(metadata) = root.metadata(on_disk(path).join(&name)) {
                    let size = (!metadata.is_dir()).then(|| metadata.len());
                    found.push(Entry { name, size });
                }
            }
            found.sort_by(|left, right| left.name.cmp(&right.name));
            Ok(found)
        })
        .await
    }

    /// Lists all files below a path, or the file at the path itself.
    pub async fn walk(&self, path: &ArtifactPath) -> Result<Vec<FoundFile>> {
        let folder = self.clone();
        self.run(path, move |path| {
            let opened = folder.open().and_then(|root| {
                let metadata = root.metadata(on_disk(path))?;
                Ok((root, metadata))
            });
            let mut found = Vec::new();
            match opened {
                Err(error) if is_absent(&error) => {}
                Ok((root, metadata)) if metadata.is_dir() => {
                    collect(&root, path, &ArtifactPath::default(), &mut found)?;
                }
                opened => {
                    let (root, _) = opened?;
                    let file = root.open(on_disk(path))?.into_std();
                    found.push(described(ArtifactPath::default(), &file)?);
                }
            }
            Ok(found)
        })
        .await
    }

    /// Opens the file at a path. Returns `None` for a folder, and fails if there is neither.
    pub async fn open_file(&self, path: &ArtifactPath) -> Result<Option<OpenFile>> {
        let folder = self.clone();
        self.run(path, move |path| {
            let file = folder.open()?.open(on_disk(path))?.into_std();
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Ok(None);
            }
            Ok(Some(OpenFile {
                file,
                size: metadata.len(),
                modified: metadata.modified()?,
                version: version(&metadata),
            }))
        })
        .await
    }

    /// Begins an upload. Nothing is visible under its path before [`Self::publish`].
    pub async fn stage(&self, path: &ArtifactPath) -> Result<Staged> {
        let folder = self.clone();
        self.run(path, move |path| {
            let root = folder.open_or_create()?;
            let target = make_folder(&root, &path.parent())?;
            if target.is_dir(path.name()) {
                return Err(ErrorKind::IsADirectory.into());
            }
            let home = if folder.staging {
                make_folder(
                    &root,
                    &ArtifactPath::from_plain(STAGING).map_err(io::Error::other)?,
                )?
            } else {
                remove_abandoned(&target)?;
                target.try_clone()?
            };
            Staged::create(home, target, path.name())
        })
        .await
    }

    /// Makes an upload visible. When this returns, it survives a power cut.
    pub async fn publish(&self, path: &ArtifactPath, staged: Staged) -> Result<Stored> {
        self.run(path, move |_| staged.publish()).await
    }

    /// Removes a file, or a folder with all that is in it. What is not there needs no removal.
    pub async fn delete(&self, path: &ArtifactPath) -> Result<()> {
        let folder = self.clone();
        self.run(path, move |path| {
            let opened = folder
                .open()
                .and_then(|root| root.open_dir(on_disk(&path.parent())));
            let parent = match opened {
                Err(error) if is_absent(&error) => return Ok(()),
                opened => opened?,
            };
            let removed = match parent.symlink_metadata(path.name()) {
                Ok(metadata) if metadata.is_dir() => parent.remove_dir_all(path.name()),
                Ok(_) => parent.remove_file(path.name()),
                Err(error) => Err(error),
            };
            match removed {
                Err(error) if is_absent(&error) => Ok(()),
                Err(error) => Err(error),
                Ok(()) => sync(&parent),
            }
        })
        .await
    }

    fn open(&self) -> io::Result<Dir> {
        Dir::open_ambient_dir(&self.root, ambient_authority())
    }

    fn open_or_create(&self) -> io::Result<Dir> {
        match self.open() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Dir::create_ambient_dir_all(&self.root, ambient_authority())?;
                // The new names of the root and of the folders above it must be kept as well.
                for parent in self.root.ancestors().skip(1) {
                    let parent = if parent.as_os_str().is_empty() {
                        Path::new(".")
                    } else {
                        parent
                    };
                    std::fs::File::open(parent)?.sync_all()?;
                }
                self.open()
            }
            opened => opened,
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        path: &ArtifactPath,
        work: impl FnOnce(&ArtifactPath) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let path = path.clone();
        blocking(move || work(&path).map_err(|error| explain(&error, &path))).await
    }
}

/// A file that is read piece by piece.
pub struct OpenFile {
    file: File,
    pub size: u64,
    pub modified: SystemTime,
    pub version: String,
}

impl OpenFile {
    /// Moves to an offset in bytes from the beginning.
    pub fn seek(&mut self, offset: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset)).map(|_| ())
    }

    /// The next piece, of at most that many bytes; empty at the end.
    pub fn read_piece(&mut self, most: usize) -> io::Result<Bytes> {
        let mut piece = BytesMut::zeroed(most);
        let mut filled = 0;
        while filled < most {
            match self.file.read(&mut piece[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        piece.truncate(filled);
        Ok(piece.freeze())
    }
}

fn collect(
    root: &Dir,
    folder: &ArtifactPath,
    below: &ArtifactPath,
    found: &mut Vec<FoundFile>,
) -> io::Result<()> {
    for entry in root.read_dir(on_disk(&folder.join(below)))? {
        // Each file counts, whatever its name is: what is left out here is not sealed.
        let path = entry?
            .file_name()
            .into_string()
            .ok()
            .and_then(|name| below.below(&name))
            .ok_or(ErrorKind::InvalidData)?;
        let whole = folder.join(&path);
        let is_upload = path.name().starts_with(UPLOADING);
        match root.symlink_metadata(on_disk(&whole)) {
            Ok(metadata) if metadata.is_dir() => {
                if whole.as_str() != STAGING {
                    collect(root, folder, &path, found)?;
                }
            }
            Ok(_) if is_upload => {}
            // Links to folders are not followed: they may lead in a circle.
            Ok(_) if root.is_dir(on_disk(&whole)) => {}
            Ok(metadata) => match root.open(on_disk(&whole)) {
                Ok(file) => found.push(described(path, &file.into_std())?),
                // A link to nowhere or out of the root is not an artifact.
                Err(_) if metadata.is_symlink() => {}
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(error),
            },
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn described(path: ArtifactPath, file: &File) -> io::Result<FoundFile> {
    let metadata = file.metadata()?;
    Ok(FoundFile {
        path,
        size: metadata.len(),
        version: version(&metadata),
    })
}

/// Opens a folder, and makes it and those above it where they are missing.
fn make_folder(root: &Dir, path: &ArtifactPath) -> io::Result<Dir> {
    let mut above = root.try_clone()?;
    let mut reached = PathBuf::new();
    for part in path.parts() {
        reached.push(part);
        // Always from the root, so that a link may point to another folder below it.
        above = match root.open_dir(&reached) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                match above.create_dir(part) {
                    // Another upload was faster.
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    created => created?,
                }
                sync(&above)?;
                root.open_dir(&reached)?
            }
            opened => opened?,
        };
    }
    Ok(above)
}

fn on_disk(path: &ArtifactPath) -> &Path {
    Path::new(if path.is_root() { "." } else { path.as_str() })
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// What a failure of the file system means to the client.
pub fn explain(error: &io::Error, path: &ArtifactPath) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::artifact_not_found(path),
        // Refused by the handle of the root, not by the operating system.
        ErrorKind::PermissionDenied if error.raw_os_error().is_none() => Error::invalid_parameter(
            "Invalid path: resolved path is outside the artifact directory",
        ),
        ErrorKind::IsADirectory => {
            Error::invalid_parameter(format!("'{path}' is a directory, not a file."))
        }
        ErrorKind::NotADirectory => {
            Error::invalid_parameter(format!("A part of '{path}' is a file, not a directory."))
        }
        ErrorKind::InvalidData => {
            Error::invalid_parameter(format!("A name in '{path}' is not UTF-8."))
        }
        ErrorKind::InvalidFilename => {
            Error::invalid_parameter(format!("A name in '{path}' is too long."))
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Error::new(
            ErrorCode::InsufficientStorage,
            "The server has no space left for artifacts.",
        ),
        _ => {
            tracing::error!(%error, %path, "the file system refused an artifact");
            Error::internal("The server could not access the artifact.")
        }
    }
}
