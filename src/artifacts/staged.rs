//! An incomplete upload: a file under a temporary name, with the digest of its bytes so far.

use std::fs::{File, Metadata, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;

use cap_std::fs::{Dir, OpenOptions};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Stored;
use super::path::UPLOADING;

/// Tells our temporary files from those of stock MLflow, which are not ours to remove.
const OURS: &str = "flowkeep-";

/// An upload that is being written. Dropping it before it is published removes the file.
pub struct Staged {
    /// The file is locked while it is written to. A process that gets the lock knows that the writer has ended.
    file: File,
    home: Dir,
    temporary: String,
    target: Dir,
    name: String,
    digest: Sha256,
    size: u64,
    published: bool,
}

impl Staged {
    /// Creates the temporary file in the folder `home`. It will be renamed to `name` in the folder `target`.
    pub fn create(home: Dir, target: Dir, name: &str) -> io::Result<Self> {
        loop {
            let temporary = format!("{UPLOADING}{OURS}{}", Uuid::new_v4().simple());
            let mut options = OpenOptions::new();
            let file = home
                .open_with(&temporary, options.write(true).create_new(true))?
                .into_std();
            let staged = Self {
                file,
                home: home.try_clone()?,
                temporary,
                target: target.try_clone()?,
                name: name.to_owned(),
                digest: Sha256::new(),
                size: 0,
                published: false,
            };
            match staged.file.try_lock() {
                // Another server that starts just now may have taken it for abandoned.
                Ok(()) if staged.file.metadata()?.nlink() > 0 => return Ok(staged),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                // A file system without locks: its leftovers are not removed, either.
                Err(TryLockError::Error(_)) => return Ok(staged),
            }
        }
    }

    /// Appends bytes and adds them to the digest.
    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.file.write_all(piece)?;
        self.digest.update(piece);
        self.size += piece.len() as u64;
        Ok(())
    }

    /// Returns a second handle of the file, with which written bytes can be flushed while more are received.
    pub fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Makes the upload visible. When this returns, it survives a power cut.
    pub fn publish(mut self) -> io::Result<Stored> {
        self.file.sync_all()?;
        self.home
            .rename(&self.temporary, &self.target, &self.name)?;
        self.published = true;
        sync(&self.target)?;
        Ok(Stored {
            size: self.size,
            sha256: std::mem::take(&mut self.digest).finalize().into(),
            version: version(&self.file.metadata()?),
        })
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.published
            && let Err(error) = self.home.remove_file(&self.temporary)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, file = self.temporary, "an upload that broke off could not be removed");
        }
    }
}

/// Removes the incomplete uploads in a folder whose server was killed.
pub fn remove_abandoned(folder: &Dir) -> io::Result<()> {
    for entry in folder.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = name
            .to_str()
            .and_then(|name| name.strip_prefix(UPLOADING))
            .is_some_and(|name| name.starts_with(OURS));
        if !is_ours {
            continue;
        }
        let mut options = OpenOptions::new();
        let file = match entry.open_with(options.write(true)) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            opened => opened?.into_std(),
        };
        if file.try_lock().is_ok() {
            match entry.remove_file() {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
    }
    Ok(())
}

/// Returns a text that changes whenever the file is replaced or written to. It contains the time of the last change
/// of the inode, because the time of the last writing can be set back.
pub fn version(metadata: &Metadata) -> String {
    format!(
        "{:x}.{:x}-{:x}.{:x}-{:x}",
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec(),
        metadata.ino()
    )
}

/// Makes the names in a folder survive a power cut.
pub fn sync(folder: &Dir) -> io::Result<()> {
    // The handle itself only names the folder; it must be opened to be flushed.
    folder.open(".")?.sync_all()
}
