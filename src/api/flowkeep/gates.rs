//! What the gates of a policy would say of a version, with nothing changed.

use actix_web::web::{Json, Payload};
use serde::Deserialize;
use utoipa::ToSchema;

use super::body;
use super::errors::ReadErrors;
use super::parameters::{NoParameters, Parameters};
use super::version_path::{NumberedVersion, VersionPath};
use crate::api::Permit;
use crate::error::{Error, Result};
use crate::lifecycle::gate_report::{GateReport, GateReports};
use crate::lifecycle::policy::Target;
use crate::lifecycle::preview;
use crate::store::model_versions::Stage;

const EXAMPLE: &str = r#"{"stage": "Production"}, {"alias": "champion"} or {"registration": true}"#;

/// Where a version is to go: a stage, an alias or the registry. One of the three is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// The stage that it would enter.
    stage: Option<String>,
    /// The alias that it would get.
    alias: Option<String>,
    /// Whether it would be registered.
    #[serde(default)]
    registration: bool,
}

impl CheckRequest {
    fn target(self) -> Result<Target> {
        match (self.stage, self.alias, self.registration) {
            (Some(stage), None, false) => Ok(Target::Stage(Stage::parse(&stage)?)),
            (None, Some(alias), false) => Ok(Target::Alias(alias)),
            (None, None, true) => Ok(Target::Registration),
            _ => Err(Error::invalid_parameter(format!(
                "The body names one target: {EXAMPLE}"
            ))),
        }
    }
}

/// Report what one gate would say of a version. Nothing is changed or recorded.
#[utoipa::path(
    post,
    path = "/model-versions/{name}/{version}/check",
    tag = "gates",
    params(NumberedVersion),
    request_body = CheckRequest,
    responses((status = 200, description = "The report.", body = GateReport), ReadErrors)
)]
pub async fn check(
    permit: Permit,
    path: VersionPath,
    _: Parameters<NoParameters>,
    body: Payload,
) -> Result<Json<GateReport>> {
    let target = body::json::<CheckRequest>(body, EXAMPLE).await?.target()?;
    let version = path.version.to_string();
    let report = preview::check(permit.resources().await?, path.name, version, target).await?;
    Ok(Json(report))
}

/// Report what each gate of the policy would say of a version.
#[utoipa::path(
    get,
    path = "/model-versions/{name}/{version}/gates",
    tag = "gates",
    params(NumberedVersion),
    responses((status = 200, description = "The reports.", body = GateReports), ReadErrors)
)]
pub async fn gates(
    permit: Permit,
    path: VersionPath,
    _: Parameters<NoParameters>,
) -> Result<Json<GateReports>> {
    let version = path.version.to_string();
    let reports = preview::gates(permit.resources().await?, path.name, version).await?;
    Ok(Json(reports))
}
