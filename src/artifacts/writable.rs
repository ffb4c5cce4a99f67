//! Checks at the start whether the server may write to its artifact folder. Otherwise the first upload would find
//! out, after a run that took hours.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use uzers::{get_effective_uid, get_effective_username};

use super::cloud::Bucket;
use super::location::local_folder;
use crate::config::ArtifactSettings;
use crate::error::Error as AddressError;

/// The reason why the artifact folder cannot be used.
#[derive(Debug, Error)]
pub enum DestinationError {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(
        "The artifact folder {folder} cannot be used: {user} may not write to {refused} ({cause}). \
         Give it to that user, or name another folder with --artifacts-destination."
    )]
    Unwritable {
        folder: PathBuf,
        refused: PathBuf,
        user: String,
        cause: io::Error,
    },
}

/// Fails if the server cannot write to its artifact folder. A folder that does not exist is not created; the folder
/// that it would be created in is tested instead.
pub fn check_destination(settings: &ArtifactSettings) -> Result<(), DestinationError> {
    if !settings.serve || Bucket::parse(&settings.destination)?.is_some() {
        return Ok(());
    }
    let folder = local_folder(&settings.destination)?;
    match refused(&folder) {
        Ok(()) => Ok(()),
        Err((refused, cause)) => Err(DestinationError::Unwritable {
            folder,
            refused,
            user: user(),
            cause,
        }),
    }
}

fn refused(folder: &Path) -> Result<(), (PathBuf, io::Error)> {
    let absolute = std::path::absolute(folder).map_err(|cause| (folder.to_owned(), cause))?;
    for place in absolute.ancestors() {
        match tempfile::tempfile_in(place) {
            Ok(_) => return Ok(()),
            // Not there: the server makes it.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err((place.to_owned(), cause)),
        }
    }
    Ok(())
}

/// The user that the server runs as. In a container it may have no name.
fn user() -> String {
    let uid = get_effective_uid();
    match get_effective_username() {
        Some(name) => format!("the user {} (uid {uid})", name.display()),
        None => format!("the user with uid {uid}"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_folder_is_not_made_but_looked_for() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        assert!(refused(&folder).is_ok());
        assert!(fs::read_dir(parent.path()).unwrap().next().is_none());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("mlartifacts");
        fs::write(&file, "").unwrap();
        assert_eq!(refused(&file).unwrap_err().0, file);
        assert_eq!(
            refused(&file.join("below")).unwrap_err().0,
            file.join("below")
        );
    }
}
