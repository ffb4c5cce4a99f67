//! Which versions are kept, why and until when.

use actix_web::web::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::errors::ReadErrors;
use super::paging::{PageSize, page_request, page_token};
use super::parameters::Parameters;
use crate::api::Permit;
use crate::error::Result;
use crate::lifecycle::retention::{self, KeptVersion};

/// Which kept versions are listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RetentionParameters {
    /// The name of a model; all models where it is left out.
    model: Option<String>,
    /// How many versions the page has at most; 100 where it is left out.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    max_results: Option<PageSize>,
    /// The `next_page_token` of the page before.
    page_token: Option<String>,
}

/// A page of kept versions.
#[derive(Serialize, ToSchema)]
pub struct RetentionPage {
    versions: Vec<KeptVersion>,
    /// What asks for the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// List the versions that a retention or a legal hold keeps.
#[utoipa::path(
    get,
    path = "/retention",
    tag = "retention",
    params(RetentionParameters),
    responses((status = 200, description = "A page of the list.", body = RetentionPage), ReadErrors)
)]
pub async fn page(
    permit: Permit,
    Parameters(parameters): Parameters<RetentionParameters>,
) -> Result<Json<RetentionPage>> {
    let request = page_request(parameters.max_results, parameters.page_token.as_deref())?;
    let now_ms = permit.clock.now_ms();
    let page = permit
        .read(move |db| retention::page(db, parameters.model.as_deref(), now_ms, request))
        .await?;
    Ok(Json(RetentionPage {
        versions: page.items,
        next_page_token: page.next.map(page_token),
    }))
}
