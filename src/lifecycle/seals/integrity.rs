//! Checks whether a version is still what was sealed: all of its bytes are read again, whatever is recorded
//! of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::decision::Resources;
use super::comparison;
use crate::artifacts::{Artifacts, Differences, Manifest, ManifestEntry};
use crate::error::Result;
use crate::store::governance::identity;
use crate::store::governance::seals::SealRow;
use crate::store::model_versions::{self, ModelVersionRow};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SealState)]
pub enum State {
    /// Its content was fixed.
    Sealed,
    /// It passed a gate, and the server could not read its artifacts then.
    Unsealed,
    /// It passed no gate.
    NotSealed,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Integrity {
    pub model: String,
    pub version: i32,
    pub state: State,
    /// Null where that is not known: nothing was sealed, or not all can be read now and nothing of the
    /// rest differs.
    pub intact: Option<bool>,
    /// Why it is unsealed, or why nothing can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_at_ms: Option<i64>,
    /// What was sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Where the artifacts are.
    pub location: String,
    /// Where they were when they were sealed, if that was elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_location: Option<String>,
    /// What was read.
    pub files: usize,
    pub bytes: u64,
    pub differing: Vec<Differing>,
    pub missing: Vec<File>,
    pub added: Vec<File>,
    pub unread: Vec<UnreadFile>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = DifferingFile)]
pub struct Differing {
    pub path: String,
    pub sealed: Bytes,
    pub found: Bytes,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = FileContent)]
pub struct Bytes {
    pub size: u64,
    pub sha256: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ListedFile)]
pub struct File {
    pub path: String,
    #[serde(flatten)]
    pub bytes: Bytes,
}

/// A file that is there and cannot be read.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct UnreadFile {
    pub path: String,
    pub reason: String,
}

impl From<ManifestEntry> for Bytes {
    fn from(entry: ManifestEntry) -> Self {
        Self {
            size: entry.size,
            sha256: entry.sha256,
        }
    }
}

impl From<ManifestEntry> for File {
    fn from(mut entry: ManifestEntry) -> Self {
        Self {
            path: std::mem::take(&mut entry.path),
            bytes: entry.into(),
        }
    }
}

/// A version, and its seal if it has one.
struct SealedVersion {
    row: ModelVersionRow,
    seal: Option<SealRow>,
    manifest: Manifest,
}

/// Reads a version and compares it with its seal.
pub async fn check(resources: Resources<'_>, name: String, version: String) -> Result<Integrity> {
    let sealed = resources
        .store
        .read(move |db| {
            let row = model_versions::find(db, &name, &version)?;
            let model_id = identity::find(db, &name)?;
            let rows = std::slice::from_ref(&row);
            let seal = comparison::of_versions(db, model_id.as_deref(), rows)?.remove(&row.version);
            let manifest = match &seal {
                Some(seal) if seal.is_sealed() => comparison::manifest(db, seal)?,
                _ => Manifest::default(),
            };
            Ok(SealedVersion {
                row,
                seal,
                manifest,
            })
        })
        .await?;
    sealed.check(resources.artifacts).await
}

impl SealedVersion {
    async fn check(self, artifacts: &Artifacts) -> Result<Integrity> {
        let mut integrity = Integrity {
            model: self.row.name.clone(),
            version: self.row.version,
            state: State::NotSealed,
            intact: None,
            reason: None,
            sealed_at_ms: None,
            digest: None,
            location: self.row.location().unwrap_or_default().to_owned(),
            sealed_location: None,
            files: 0,
            bytes: 0,
            differing: Vec::new(),
            missing: Vec::new(),
            added: Vec::new(),
            unread: Vec::new(),
        };
        let Some(seal) = self.seal else {
            return Ok(integrity);
        };
        if !seal.is_sealed() {
            integrity.state = State::Unsealed;
            integrity.reason = seal.reason;
            return Ok(integrity);
        }
        integrity.state = State::Sealed;
        integrity.sealed_at_ms = Some(seal.sealed_at);
        integrity.digest = seal.digest;
        if seal.location != integrity.location {
            integrity.sealed_location = Some(seal.location);
        }
        integrity.read(artifacts, &self.manifest).await;
        Ok(integrity)
    }
}

impl Integrity {
    async fn read(&mut self, artifacts: &Artifacts, sealed: &Manifest) {
        let read = match artifacts.resolve(&self.location) {
            Ok(folder) => artifacts.reread(&folder).await,
            Err(error) => Err(error),
        };
        let read = match read {
            Ok(read) => read,
            Err(error) => {
                self.reason = Some(error.to_string());
                return;
            }
        };
        self.files = read.manifest.entries.len();
        self.bytes = read.manifest.bytes();
        let found = Differences::between(sealed, &read.manifest);
        self.unread = read
            .unread
            .into_iter()
            .map(|(path, reason)| UnreadFile { path, reason })
            .collect();
        let is_unread = |entry: &ManifestEntry| {
            let found = self
                .unread
                .binary_search_by(|file| file.path.cmp(&entry.path));
            found.is_ok()
        };
        self.missing = found
            .missing
            .into_iter()
            .filter(|entry| !is_unread(entry))
            .map(File::from)
            .collect();
        self.added = found.added.into_iter().map(File::from).collect();
        self.differing = found
            .changed
            .into_iter()
            .map(|(sealed, found)| Differing {
                path: sealed.path.clone(),
                sealed: sealed.into(),
                found: found.into(),
            })
            .collect();
        let differs = self.sealed_location.is_some()
            || !(self.differing.is_empty() && self.missing.is_empty() && self.added.is_empty());
        self.intact = match (differs, self.unread.is_empty()) {
            (true, _) => Some(false),
            (false, true) => Some(true),
            (false, false) => None,
        };
    }
}
