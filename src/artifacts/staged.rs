//! An upload on its way: a file under a temporary name, with the digest of what it holds so far.

use std::io::{self, Write};

use cap_std::fs::{Dir, File, OpenOptions};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Stored;
use super::local::version;
use super::path::UPLOADING;

/// Dropped before it is published, it leaves nothing behind.
pub struct Staged {
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
    pub fn create(home: Dir, target: Dir, name: &str) -> io::Result<Self> {
        let temporary = format!("{UPLOADING}{}", Uuid::new_v4().simple());
        let mut options = OpenOptions::new();
        let file = home.open_with(&temporary, options.write(true).create_new(true))?;
        Ok(Self {
            file,
            home,
            temporary,
            target,
            name: name.to_owned(),
            digest: Sha256::new(),
            size: 0,
            published: false,
        })
    }

    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.file.write_all(piece)?;
        self.digest.update(piece);
        self.size += piece.len() as u64;
        Ok(())
    }

    pub fn publish(mut self) -> io::Result<Stored> {
        self.file.sync_all()?;
        let modified = self.file.metadata()?.modified()?.into_std();
        self.home
            .rename(&self.temporary, &self.target, &self.name)?;
        self.published = true;
        sync(&self.target)?;
        Ok(Stored {
            size: self.size,
            sha256: self.digest.clone().finalize().into(),
            version: version(modified),
        })
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.published
            && let Err(error) = self.home.remove_file(&self.temporary)
        {
            tracing::warn!(%error, file = self.temporary, "an upload that broke off could not be removed");
        }
    }
}

/// Makes the names in a folder survive a power cut.
pub fn sync(folder: &Dir) -> io::Result<()> {
    // The handle itself only names the folder; it must be opened to be flushed.
    folder.open(".")?.sync_all()
}
