//! A directory with the files of a UI.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{INDEX, UiError};

/// The name of the marker file in a directory that flowkeep installed.
pub(super) const MARKER: &str = "flowkeep-ui.json";

/// The content of the marker file.
#[derive(Deserialize, Serialize)]
pub(super) struct Marker {
    /// The MLflow version that the UI belongs to.
    pub mlflow_version: String,
}

/// A compression of the files, the better one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    /// All encodings, the better one first.
    pub const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// Returns the extension that compressed files have in addition.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }
}

/// A directory with the files of a UI.
#[derive(Debug)]
pub struct UiFolder {
    root: PathBuf,
    version: Option<String>,
    /// The paths of all files, relative to the directory. Only these are served, so that no path
    /// can lead outside.
    files: HashSet<String>,
}

impl UiFolder {
    /// Opens a directory and lists its files. Fails if it has no UI or cannot be read.
    pub fn open(root: &Path) -> Result<Self, UiError> {
        let mut files = HashSet::new();
        if root.join(INDEX).is_file() {
            collect(root, "", &mut files)
                .map_err(|error| UiError::Unreadable(root.to_owned(), error))?;
        }
        files.remove(MARKER);
        if !files.contains(INDEX) {
            return Err(UiError::NoUi(root.to_owned()));
        }
        Ok(Self {
            root: root.to_owned(),
            version: version(root),
            files,
        })
    }

    /// Returns the path of the directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the MLflow version of the UI, if it is known.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Returns whether the directory has a file.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// Returns the path of a file on disk, in the first encoding that exists and that the client
    /// accepts.
    pub fn locate(
        &self,
        path: &str,
        takes: impl Fn(Encoding) -> bool,
    ) -> Option<(PathBuf, Option<Encoding>)> {
        if !self.has(path) {
            return None;
        }
        let compressed = self.encodings(path).find(|encoding| takes(*encoding));
        let extension = compressed.map_or("", Encoding::extension);
        Some((self.root.join(format!("{path}{extension}")), compressed))
    }

    /// Returns the encodings in which a file exists, in addition to its plain form.
    pub fn encodings(&self, path: &str) -> impl Iterator<Item = Encoding> {
        Encoding::ALL
            .into_iter()
            .filter(move |encoding| self.has(&format!("{path}{}", encoding.extension())))
    }
}

/// Collects the paths of all files.
///
/// Package managers can install files as symbolic links, so links to files are included. Links to
/// directories are not, because they could form a cycle.
fn collect(folder: &Path, prefix: &str, files: &mut HashSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{prefix}{name}/"), files)?;
        } else if entry.path().is_file() {
            files.insert(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

/// Returns the version from the marker file, or from MLflow's `version.py` if the directory is part
/// of an MLflow.
fn version(root: &Path) -> Option<String> {
    if let Some(marker) = read_marker(root) {
        return Some(marker.mlflow_version);
    }
    let package = root.ancestors().nth(3)?;
    let text = fs::read_to_string(package.join("version.py")).ok()?;
    let line = text.lines().find_map(|line| {
        line.strip_prefix("VERSION")
            .map(|rest| rest.trim_start_matches([' ', '=']))
    })?;
    let version = line.trim().trim_matches(['"', '\'']);
    is_version(version).then(|| version.to_owned())
}

/// Reads the marker file, if there is one.
pub(super) fn read_marker(root: &Path) -> Option<Marker> {
    let text = fs::read_to_string(root.join(MARKER)).ok()?;
    serde_json::from_str(&text).ok()
}

/// Returns whether a text can be a version, and not an option or a URL of pip.
pub(super) fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.len() <= 40
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".+!_-".contains(c))
}
