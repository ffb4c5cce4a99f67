//! Installs the UI of a wheel into a directory: either completely or not at all.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::UiError;
use super::compress::compress_all;
use super::folder::{MARKER, Marker, read_marker};
use super::wheel::{UnpackLimits, unpack};

/// The result of an installation.
#[derive(Debug)]
pub struct Installed {
    /// The absolute path of the directory.
    pub folder: PathBuf,
    /// The MLflow version of the UI.
    pub version: String,
}

/// Installs the UI of a wheel. Replaces an earlier installation in the directory.
///
/// Fails if the directory has other files, or if the wheel has no UI that can be used.
pub fn install(wheel: &Path, folder: &Path) -> Result<Installed, UiError> {
    install_within(wheel, folder, &UnpackLimits::default())
}

/// Installs a UI with limits on its size, which tests set.
pub(super) fn install_within(
    wheel: &Path,
    folder: &Path,
    limits: &UnpackLimits,
) -> Result<Installed, UiError> {
    let folder = std::path::absolute(folder)
        .map_err(|error| UiError::Unwritable(folder.to_owned(), error))?;
    let unwritable = |error| UiError::Unwritable(folder.clone(), error);
    let content = content_of(&folder).map_err(unwritable)?;
    if content == DirectoryContent::OtherFiles {
        return Err(UiError::Occupied(folder));
    }
    // The staging directory is on the same file system, so that a rename can move the result.
    let parent = folder.parent().unwrap_or(&folder);
    fs::create_dir_all(parent).map_err(unwritable)?;
    let staging = tempfile::Builder::new()
        .prefix(".flowkeep-ui-")
        .tempdir_in(parent)
        .map_err(unwritable)?;
    let unpacked = staging.path().join("new");
    fs::create_dir(&unpacked).map_err(unwritable)?;

    let version = unpack(wheel, &unpacked, limits).map_err(|reason| UiError::BadWheel {
        wheel: wheel.to_owned(),
        reason,
    })?;
    finish(&unpacked, &version).map_err(unwritable)?;
    put_in_place(&staging, &unpacked, &folder).map_err(unwritable)?;
    Ok(Installed { folder, version })
}

#[derive(PartialEq, Eq)]
enum DirectoryContent {
    Nothing,
    EarlierUi,
    OtherFiles,
}

/// Returns what the target directory holds.
fn content_of(folder: &Path) -> io::Result<DirectoryContent> {
    let mut entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(DirectoryContent::Nothing);
        }
        Err(error) => return Err(error),
    };
    if entries.next().is_none() {
        return Ok(DirectoryContent::Nothing);
    }
    Ok(match read_marker(folder) {
        Some(_) => DirectoryContent::EarlierUi,
        None => DirectoryContent::OtherFiles,
    })
}

/// Compresses the files, writes the marker file, and makes the directory readable.
fn finish(unpacked: &Path, version: &str) -> io::Result<()> {
    compress_all(unpacked)?;
    let marker = Marker {
        mlflow_version: version.to_owned(),
    };
    fs::write(unpacked.join(MARKER), serde_json::to_string(&marker)?)?;
    // The server can run as another user.
    fs::set_permissions(unpacked, fs::Permissions::from_mode(0o755))
}

/// Moves the new directory to its target, and puts the earlier one back if that fails.
fn put_in_place(staging: &TempDir, unpacked: &Path, folder: &Path) -> io::Result<()> {
    let earlier = staging.path().join("earlier");
    let replaces = folder.exists();
    if replaces {
        fs::rename(folder, &earlier)?;
    }
    fs::rename(unpacked, folder).inspect_err(|_| {
        if replaces {
            // The first error is reported. If this rename works, the directory is as before.
            let _ = fs::rename(&earlier, folder);
        }
    })
}
