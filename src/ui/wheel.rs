//! Extracts the UI from MLflow's wheel. A wheel is a zip file from elsewhere, so its file names are
//! checked and its unpacked size is limited.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::folder::is_version;
use super::{BUILD_DIRECTORY, INDEX};

/// The limits of an unpacked UI. That of MLflow 3.17.2 has 408 files and 27 MB.
pub(super) struct UnpackLimits {
    /// The maximum number of files.
    pub files: usize,
    /// The maximum size of all files in bytes.
    pub bytes: u64,
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self {
            files: 10_000,
            bytes: 512 << 20,
        }
    }
}

/// The reason why a wheel cannot be used, as the end of a sentence.
type Reason = String;

/// Writes the UI of a wheel into a directory, and returns the MLflow version of the wheel.
///
/// Fails if the wheel has no UI, has unsafe names or links, or exceeds the limits.
pub(super) fn unpack(wheel: &Path, folder: &Path, limits: &UnpackLimits) -> Result<String, Reason> {
    let file = File::open(wheel).map_err(|error| error.to_string())?;
    let mut archive = ZipArchive::new(file).map_err(explain)?;
    let mut version = None;
    let mut files = 0;
    let mut bytes_left = limits.bytes;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(explain)?;
        let name = entry.name().to_owned();
        if !stays_inside(&name) {
            return Err(format!("it has a file with the name {name:?}"));
        }
        let path = Path::new(&name);
        if is_metadata(path) {
            version = Some(read_version(&mut entry)?);
        }
        let Ok(path) = path.strip_prefix(BUILD_DIRECTORY) else {
            continue;
        };
        if entry.is_dir() {
            continue;
        }
        if entry.is_symlink() {
            return Err(format!("{name} is a link"));
        }
        files += 1;
        if files > limits.files {
            return Err(format!("its UI has more than {} files", limits.files));
        }
        let written = write(&mut entry, &folder.join(path), bytes_left);
        bytes_left -= written.map_err(|error| error.to_string())?;
        if bytes_left == 0 {
            return Err(format!("its UI is larger than {} bytes", limits.bytes));
        }
    }
    let Some(version) = version else {
        return Err("it has no metadata of MLflow".to_owned());
    };
    if !folder.join(INDEX).is_file() {
        return Err(format!("it has no UI, which would be in {BUILD_DIRECTORY}"));
    }
    Ok(version)
}

/// Returns whether a name stays below the directory into which it is unpacked.
fn stays_inside(name: &str) -> bool {
    !name.contains(['\\', '\0'])
        && name
            .trim_end_matches('/')
            .split('/')
            .all(|part| !["", ".", ".."].contains(&part))
}

/// Copies at most `allowed` bytes to a new file, and returns their number. The size that the entry
/// states is not trusted.
fn write(entry: &mut impl Read, path: &Path, allowed: u64) -> io::Result<u64> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = File::create_new(path)?;
    io::copy(&mut entry.take(allowed), &mut file)
}

/// Returns whether a path is that of MLflow's metadata.
fn is_metadata(path: &Path) -> bool {
    let folder = path.parent().and_then(Path::to_str).unwrap_or_default();
    path.ends_with("METADATA") && folder.starts_with("mlflow-") && folder.ends_with(".dist-info")
}

/// Reads the version from the metadata.
fn read_version(metadata: &mut ZipFile<'_, File>) -> Result<String, Reason> {
    const HEADERS: u64 = 64 << 10;
    let mut bytes = Vec::new();
    metadata
        .take(HEADERS)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines()
        .find_map(|line| line.strip_prefix("Version: "))
        .map(|version| version.trim().to_owned())
        .filter(|version| is_version(version))
        .ok_or_else(|| "its metadata name no version".to_owned())
}

fn explain(error: ZipError) -> Reason {
    match error {
        ZipError::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}
