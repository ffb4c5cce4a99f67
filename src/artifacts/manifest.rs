//! The list of the files in a folder of artifacts, and one digest for all of them.

use std::collections::BTreeMap;
use std::fmt::Write;

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::digest::FILES_AT_ONCE;
use super::keeper::Artifacts;
use super::{ArtifactLocation, ArtifactPath};
use crate::error::{Error, Result};
use crate::store::artifact_digests::{self, Digest};

/// The maximum number of files in a folder that gets a manifest.
const MOST_FILES: usize = 100_000;
/// Digests are recorded in batches of this size, so that a reader that is interrupted does not start from the beginning.
const FILES_PER_RECORD: usize = 200;
const BYTES_PER_RECORD: i64 = 256 << 20;

/// The files at or below a path, sorted by the bytes of their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Manifest {
    pub entries: Vec<ManifestEntry>,
}

/// One file of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(String, u64, String)", into = "(String, u64, String)")]
pub struct ManifestEntry {
    /// The path relative to the folder. For a single file, its name.
    pub path: String,
    pub size: u64,
    /// In hexadecimal.
    pub sha256: String,
}

impl From<(String, u64, String)> for ManifestEntry {
    fn from((path, size, sha256): (String, u64, String)) -> Self {
        Self { path, size, sha256 }
    }
}

impl From<ManifestEntry> for (String, u64, String) {
    fn from(entry: ManifestEntry) -> Self {
        (entry.path, entry.size, entry.sha256)
    }
}

impl Manifest {
    /// Makes a manifest of entries, which it sorts by path.
    pub fn new(mut entries: Vec<ManifestEntry>) -> Self {
        entries.sort_by(|left, right| left.path.cmp(&right.path));
        Self { entries }
    }

    /// Returns the manifest of the files at and below an address by their recorded digests, whether or not the files
    /// still exist.
    pub fn recorded(address: &str, digests: &[Digest]) -> Self {
        let name = |digest: &Digest| {
            let below = digest.address.strip_prefix(address).unwrap_or_default();
            let name = below.strip_prefix('/').unwrap_or_else(|| {
                let (_, name) = address.rsplit_once('/').unwrap_or(("", address));
                name
            });
            name.to_owned()
        };
        Self::new(
            digests
                .iter()
                .map(|digest| entry(name(digest), digest))
                .collect(),
        )
    }

    /// Returns one line per file: digest, two spaces, path. It is the output of `sha256sum`, also for paths with
    /// line breaks, so no file name can imitate a line.
    pub fn text(&self) -> String {
        self.entries.iter().fold(String::new(), |mut text, entry| {
            let ManifestEntry { path, sha256, .. } = entry;
            let _ = if path.contains(['\\', '\n', '\r']) {
                let path = path
                    .replace('\\', r"\\")
                    .replace('\n', r"\n")
                    .replace('\r', r"\r");
                writeln!(text, "\\{sha256}  {path}")
            } else {
                writeln!(text, "{sha256}  {path}")
            };
            text
        })
    }

    /// Returns the SHA-256 of [`Self::text`] in hexadecimal.
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.text()))
    }

    /// Returns the total size in bytes.
    pub fn bytes(&self) -> u64 {
        self.entries.iter().map(|entry| entry.size).sum()
    }
}

/// A manifest, and how to find out later whether it still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub manifest: Manifest,
    pub digest: String,
    pub address: String,
    /// Names what was recorded of the files when the manifest was made. A file that passes through the
    /// server later changes that.
    recorded: String,
}

impl Snapshot {
    /// Whether nothing was stored through the server since. `recorded` is what is known of the address
    /// and all below it.
    pub fn is_current(&self, recorded: &[Digest]) -> bool {
        fingerprint(recorded) == self.recorded
    }
}

/// What could be read of a folder without trusting what was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reread {
    pub manifest: Manifest,
    /// Files that are there and could not be read, with the reason.
    pub unread: Vec<(String, String)>,
}

impl Artifacts {
    /// Digests all files at or below a place. What was digested as it was stored is not read again,
    /// unless it was changed since.
    pub async fn manifest(&self, place: &ArtifactLocation) -> Result<Manifest> {
        Ok(self.snapshot(place).await?.manifest)
    }

    /// The manifest of a place, to be relied upon as long as it is current.
    pub async fn snapshot(&self, place: &ArtifactLocation) -> Result<Snapshot> {
        let address = place.address();
        let below = address.clone();
        let mut known: BTreeMap<String, Digest> = self
            .store()
            .read(move |db| artifact_digests::at_or_below(db, &below))
            .await?
            .into_iter()
            .map(|digest| (digest.address.clone(), digest))
            .collect();
        let mut entries = Vec::new();
        let mut unread = Vec::new();
        for found in self.files(place).await? {
            let file = place.below(&found.path);
            let path = name(place, &found.path);
            match known.get(&file.address()) {
                Some(known) if known.is_of(found.size, &found.version) => {
                    entries.push(entry(path, known));
                }
                _ => unread.push((path, file)),
            }
        }
        let mut reading = stream::iter(unread)
            .map(|(path, file)| async move { (path, self.digest(&file).await) })
            .buffer_unordered(FILES_AT_ONCE);
        let mut new = Vec::new();
        while let Some((path, digest)) = reading.next().await {
            let digest = match digest {
                Ok(digest) => digest,
                Err(error) => {
                    self.record(new).await?;
                    return Err(error);
                }
            };
            entries.push(entry(path, &digest));
            if artifact_digests::is_kept(&digest.address) {
                known.insert(digest.address.clone(), digest.clone());
            }
            new.push(digest);
            let bytes: i64 = new.iter().map(|digest| digest.size).sum();
            if new.len() >= FILES_PER_RECORD || bytes >= BYTES_PER_RECORD {
                self.record(std::mem::take(&mut new)).await?;
            }
        }
        self.record(new).await?;
        let manifest = Manifest::new(entries);
        let known: Vec<Digest> = known.into_values().collect();
        Ok(Snapshot {
            digest: manifest.digest(),
            manifest,
            address,
            recorded: fingerprint(&known),
        })
    }

    /// Reads all files at or below a place, whatever is known of them.
    pub async fn reread(&self, place: &ArtifactLocation) -> Result<Reread> {
        let files: Vec<_> = self
            .files(place)
            .await?
            .into_iter()
            .map(|found| (name(place, &found.path), place.below(&found.path)))
            .collect();
        let mut reading = stream::iter(files)
            .map(|(path, file)| async move { (path, self.digest(&file).await) })
            .buffer_unordered(FILES_AT_ONCE);
        let mut entries = Vec::new();
        let mut unread = Vec::new();
        while let Some((path, digest)) = reading.next().await {
            match digest {
                Ok(digest) => entries.push(entry(path, &digest)),
                Err(error) => unread.push((path, error.to_string())),
            }
        }
        unread.sort();
        Ok(Reread {
            manifest: Manifest::new(entries),
            unread,
        })
    }

    async fn files(&self, place: &ArtifactLocation) -> Result<Vec<super::FoundFile>> {
        let found = place.repository.walk(&place.path).await?;
        if found.len() > MOST_FILES {
            return Err(Error::invalid_parameter(format!(
                "{} has more than {MOST_FILES} files.",
                place.address()
            )));
        }
        Ok(found)
    }

    async fn record(&self, new: Vec<Digest>) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        self.store()
            .write(move |db| artifact_digests::record(db, &new))
            .await
    }
}

fn entry(path: String, digest: &Digest) -> ManifestEntry {
    ManifestEntry {
        path,
        size: u64::try_from(digest.size).unwrap_or_default(),
        sha256: digest.sha256.clone(),
    }
}

fn name(place: &ArtifactLocation, below: &ArtifactPath) -> String {
    if !below.is_root() {
        return below.to_string();
    }
    let address = place.address();
    let (_, name) = address.rsplit_once('/').unwrap_or(("", &address));
    name.to_owned()
}

/// Changes with each file that is stored, replaced or forgotten. Sorted by address.
fn fingerprint(digests: &[Digest]) -> String {
    let mut sha256 = Sha256::new();
    for digest in digests {
        for part in [&digest.address, &digest.version, &digest.sha256] {
            sha256.update(part.as_bytes());
            sha256.update([0]);
        }
    }
    hex::encode(sha256.finalize())
}
