//! Brings an archived version back to the stage that it had.

use serde::Serialize;
use utoipa::ToSchema;

use super::errors::ChangeErrors;
use super::parameters::{NoParameters, Parameters};
use super::version_path::{NumberedVersion, VersionPath};
use crate::api::Permit;
use crate::api::warnings::Changed;
use crate::audit::Actor;
use crate::error::Result;
use crate::lifecycle::versions;
use crate::wire::ModelVersion;

/// The reply to a version that was restored: that of MLflow's transition.
#[derive(Serialize, ToSchema)]
pub struct RestoreReply {
    /// The version, as MLflow's API describes it.
    #[schema(value_type = Object)]
    model_version: ModelVersion,
}

/// Restore an archived version to the stage that it was archived from, through the gate of that stage.
#[utoipa::path(
    post,
    path = "/model-versions/{name}/{version}/restore",
    tag = "gates",
    params(NumberedVersion),
    responses((status = 200, description = "It is restored.", body = RestoreReply), ChangeErrors)
)]
pub async fn restore(
    permit: Permit,
    actor: Actor,
    path: VersionPath,
    _: Parameters<NoParameters>,
) -> Result<Changed<RestoreReply>> {
    let version = path.version.to_string();
    let done = permit
        .change(actor, move |db, change| {
            versions::restore(db, change, &path.name, &version)
        })
        .await?;
    Ok(Changed(
        done.map(|model_version| RestoreReply { model_version }),
    ))
}
