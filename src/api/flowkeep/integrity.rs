//! Whether a version still consists of what was sealed.

use actix_web::web::Json;

use super::errors::ReadErrors;
use super::parameters::{NoParameters, Parameters};
use super::version_path::{NumberedVersion, VersionPath};
use crate::api::Permit;
use crate::error::Result;
use crate::lifecycle::integrity::{self, Integrity};

/// Read all artifacts of a version, and compare them with what was sealed.
#[utoipa::path(
    get,
    path = "/model-versions/{name}/{version}/integrity",
    tag = "gates",
    params(NumberedVersion),
    responses((status = 200, description = "What was found.", body = Integrity), ReadErrors)
)]
pub async fn get(
    permit: Permit,
    path: VersionPath,
    _: Parameters<NoParameters>,
) -> Result<Json<Integrity>> {
    let version = path.version.to_string();
    let integrity = integrity::check(permit.resources().await?, path.name, version).await?;
    Ok(Json(integrity))
}
