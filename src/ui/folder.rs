//! A folder with the files of a UI.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{INDEX, UiError};

/// Lies in a folder that flowkeep installed, and says what it holds.
pub(super) const MARKER: &str = "flowkeep-ui.json";

/// The file that says which UI a folder holds.
#[derive(Deserialize, Serialize)]
pub(super) struct Marker {
    pub mlflow_version: String,
}

/// How a file was compressed beforehand. The better one comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    /// All encodings, the better one first.
    pub const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// What the compressed file's name ends with.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }
}

/// A folder with the files of the UI.
#[derive(Debug)]
pub struct UiFolder {
    root: PathBuf,
    version: Option<String>,
    /// Paths below the root. What is not among them is not served, so that no path leads out.
    files: HashSet<String>,
}

impl UiFolder {
    /// Opens a folder. Fails where it does not hold a UI that fits this server.
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

    /// Returns the path of the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The version of MLflow that the UI belongs to, where that can be told.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Whether the folder has a file.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// Where a file lies on disk, in the first encoding that is there and that the reader takes.
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

    /// In which encodings a file lies there beside its plain form.
    pub fn encodings(&self, path: &str) -> impl Iterator<Item = Encoding> {
        Encoding::ALL
            .into_iter()
            .filter(move |encoding| self.has(&format!("{path}{}", encoding.extension())))
    }
}

/// Package managers may install files as links, so links to files count; links to folders do not,
/// as they could lead in circles.
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

/// What the marker says, or MLflow's own `version.py` where the folder is part of an MLflow.
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

/// Reads the file that says which UI a folder holds, if there is one.
pub(super) fn read_marker(root: &Path) -> Option<Marker> {
    let text = fs::read_to_string(root.join(MARKER)).ok()?;
    serde_json::from_str(&text).ok()
}

/// Whether a text can be a version, and no option or address.
pub(super) fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.len() <= 40
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".+!_-".contains(c))
}
