//! Removes artifacts, and tells what they were.

use super::super::decision::Resources;
use crate::artifacts::{ArtifactLocation, ArtifactPath, Artifacts, Manifest};
use crate::error::{Error, Result};
use crate::store::governance::guards::{self, Extent};

/// What was removed of artifacts.
#[derive(Clone, Debug, Default)]
pub struct RemovedArtifacts {
    pub manifest: Option<Manifest>,
    /// Why they were left alone.
    pub note: Option<String>,
}

/// Removes the artifacts at a location. In a dry run it only asks whether anything is in the way.
pub async fn remove_at(
    resources: Resources<'_>,
    location: &str,
    dry_run: bool,
) -> Result<RemovedArtifacts> {
    let artifacts = resources.artifacts;
    let found = match artifacts.resolve(location) {
        Ok(found) if !is_root_of_all(artifacts, &found) => found,
        // As stock MLflow does it: what cannot be reached from here does not keep the rest.
        Ok(_) => return Ok(left("it is the root of all artifacts", location)),
        Err(error) => return Ok(left(&error.message, location)),
    };
    let address = found.address();
    let blocking = resources
        .store
        .read(move |db| guards::blocking(db, &address, Extent::AllBelow))
        .await?;
    if let Some(guard) = blocking {
        return Err(Error::permission_denied(format!(
            "version {} of model '{}' needs its artifacts, and has to be deleted first",
            guard.version,
            guard.model.as_deref().unwrap_or("that was deleted")
        )));
    }
    if dry_run {
        return Ok(RemovedArtifacts::default());
    }
    let manifest = artifacts.manifest(&found).await?;
    remove(artifacts, &found).await?;
    Ok(RemovedArtifacts {
        manifest: Some(manifest),
        note: None,
    })
}

fn is_root_of_all(artifacts: &Artifacts, found: &ArtifactLocation) -> bool {
    found.address() == artifacts.destination(ArtifactPath::default()).address()
}

fn left(reason: &str, location: &str) -> RemovedArtifacts {
    RemovedArtifacts {
        manifest: None,
        note: Some(format!(
            "The artifacts at '{location}' were left alone: {reason}"
        )),
    }
}

/// A location outside of the proxy is a root of its own, which cannot be removed as one.
async fn remove(artifacts: &Artifacts, found: &ArtifactLocation) -> Result<()> {
    if !found.path.is_root() {
        return artifacts.delete(found).await;
    }
    for entry in artifacts.list(found).await? {
        if let Some(name) = ArtifactPath::default().below(&entry.name) {
            artifacts.delete(&found.below(&name)).await?;
        }
    }
    Ok(())
}
