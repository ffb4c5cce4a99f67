//! Legal holds on versions: placed, listed, lifted.

use std::future::{Ready, ready};

use actix_web::web::{Json, Payload};
use actix_web::{FromRequest, HttpRequest};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body;
use super::errors::{ChangeErrors, ReadErrors};
use super::paging::{PageSize, page_request, page_token};
use super::parameters::{NoParameters, Parameters};
use super::version_path::{NumberedVersion, VersionPath};
use crate::api::Permit;
use crate::api::warnings::Changed;
use crate::audit::Actor;
use crate::error::{Error, Result};
use crate::lifecycle::retention::holds::{self, Hold, HoldToLift};

const EXAMPLE: &str = r#"{"reason": "lawsuit 2026-17"}"#;

/// Why a legal hold is placed or lifted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    #[schema(min_length = 1, max_length = 5000)]
    reason: String,
}

/// A legal hold that was placed or lifted.
#[derive(Serialize, ToSchema)]
pub struct HoldReply {
    hold: Hold,
}

/// Place a legal hold on a version: it is kept with its artifacts until the hold is lifted.
#[utoipa::path(
    post,
    path = "/model-versions/{name}/{version}/holds",
    tag = "retention",
    params(NumberedVersion),
    request_body = HoldRequest,
    responses((status = 200, description = "The hold is in force.", body = HoldReply), ChangeErrors)
)]
pub async fn place(
    permit: Permit,
    actor: Actor,
    path: VersionPath,
    _: Parameters<NoParameters>,
    body: Payload,
) -> Result<Changed<HoldReply>> {
    let HoldRequest { reason } = body::json(body, EXAMPLE).await?;
    let version = path.version.to_string();
    let done = permit
        .change(actor, move |db, change| {
            holds::place(db, change, &path.name, &version, &reason)
        })
        .await?;
    Ok(Changed(done.map(|hold| HoldReply { hold })))
}

/// `…/model-versions/{name}/{version}/holds/{hold}/…`
pub struct HoldPath {
    version: VersionPath,
    /// The number of the hold.
    hold: i64,
}

impl FromRequest for HoldPath {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(http: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        ready(read_path(http))
    }
}

fn read_path(http: &HttpRequest) -> Result<HoldPath> {
    let version = VersionPath::of(http)?;
    let text = http.match_info().query("hold");
    let hold = text.parse().ok().filter(|hold| *hold > 0).ok_or_else(|| {
        Error::invalid_parameter(format!(
            "The number of a legal hold is an integer, got '{text}'."
        ))
    })?;
    Ok(HoldPath { version, hold })
}

/// Lift a legal hold.
#[utoipa::path(
    post,
    path = "/model-versions/{name}/{version}/holds/{hold}/lift",
    tag = "retention",
    params(NumberedVersion, ("hold" = i64, Path, minimum = 1, description = "The number of the hold.")),
    request_body = HoldRequest,
    responses((status = 200, description = "The hold is lifted.", body = HoldReply), ChangeErrors)
)]
pub async fn lift(
    permit: Permit,
    actor: Actor,
    path: HoldPath,
    _: Parameters<NoParameters>,
    body: Payload,
) -> Result<Changed<HoldReply>> {
    let HoldPath {
        version: VersionPath { name, version },
        hold,
    } = path;
    let version = version.to_string();
    let HoldRequest { reason } = body::json(body, EXAMPLE).await?;
    let done = permit
        .change(actor, move |db, change| {
            let to_lift = HoldToLift {
                name: &name,
                version: &version,
                hold,
                reason: &reason,
            };
            holds::lift(db, change, to_lift)
        })
        .await?;
    Ok(Changed(done.map(|hold| HoldReply { hold })))
}

/// Which page of the holds is listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HoldParameters {
    /// How many holds the page has at most; 100 where it is left out.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    max_results: Option<PageSize>,
    /// The `next_page_token` of the page before.
    page_token: Option<String>,
}

/// A page of legal holds.
#[derive(Serialize, ToSchema)]
pub struct HoldPage {
    holds: Vec<Hold>,
    /// What asks for the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// List the legal holds that were ever placed on a version, oldest first.
#[utoipa::path(
    get,
    path = "/model-versions/{name}/{version}/holds",
    tag = "retention",
    params(NumberedVersion, HoldParameters),
    responses((status = 200, description = "A page of the list.", body = HoldPage), ReadErrors)
)]
pub async fn list(
    permit: Permit,
    path: VersionPath,
    Parameters(parameters): Parameters<HoldParameters>,
) -> Result<Json<HoldPage>> {
    let request = page_request(parameters.max_results, parameters.page_token.as_deref())?;
    let version = path.version.to_string();
    let page = permit
        .read(move |db| holds::page(db, &path.name, &version, request))
        .await?;
    Ok(Json(HoldPage {
        holds: page.items,
        next_page_token: page.next.map(page_token),
    }))
}
