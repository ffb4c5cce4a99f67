//! What the routes for artifacts share, whether an artifact is named by its path below the proxy's
//! destination or by the run or model that it belongs to.

use actix_web::{HttpRequest, HttpResponse};

use crate::api::Permit;
use crate::api::download::Attachment;
use crate::artifacts::{ArtifactLocation, ArtifactPath, Entry};
use crate::error::Result;

/// Sends the file at a place. Returns nothing where there is a folder.
pub async fn send(
    permit: &Permit,
    http: &HttpRequest,
    place: &ArtifactLocation,
) -> Result<Option<HttpResponse>> {
    let meant;
    let (place, opened) = match permit.artifacts.open(place).await {
        Ok(opened) => (place, opened),
        Err(error) => {
            meant = permit.artifacts.meant(place, error).await?;
            (&meant, permit.artifacts.open(&meant).await?)
        }
    };
    Ok(opened.map(|artifact| {
        let name = place.path.name();
        Attachment { name, artifact }.respond(http)
    }))
}

/// Returns MLflow's sentence about a file that is asked for where there is a folder.
pub fn is_folder(place: &ArtifactLocation) -> String {
    format!(
        "Artifact path refers to a directory, not a file: '{}'",
        place.path
    )
}

/// Returns what a list of a folder shows, each entry with its path: all that a client can ask for next.
pub fn requestable(
    folder: &ArtifactPath,
    entries: Vec<Entry>,
) -> impl Iterator<Item = (ArtifactPath, Entry)> {
    entries.into_iter().filter_map(|entry| {
        let path = folder.below(&entry.name)?;
        path.can_be_requested().then_some((path, entry))
    })
}

/// Returns the address that a request comes from.
pub fn sender(http: &HttpRequest) -> Option<String> {
    http.peer_addr().map(|address| address.ip().to_string())
}

/// Returns the size that a list of files tells. MLflow does not tell the size of an empty file.
pub fn listed_size(size: u64) -> Option<i64> {
    i64::try_from(size).ok().filter(|size| *size > 0)
}
