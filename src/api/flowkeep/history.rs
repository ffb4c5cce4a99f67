//! What was decided, and where versions and aliases were at a moment in the past.

use actix_web::web::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::errors::ReadErrors;
use super::paging::{PageSize, page_request, page_token};
use super::parameters::{Moment, Parameters, VersionNumber};
use crate::api::Permit;
use crate::audit::{self, AsOf, HistoryEntry};
use crate::error::Result;
use crate::store::governance::history::{self, HistoryFilter};

/// Which entries are listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryParameters {
    /// A name that the model has or had. Entries under its other names are listed, too.
    model: Option<String>,
    /// The number of a version.
    #[param(value_type = Option<i32>, minimum = 1)]
    version: Option<VersionNumber>,
    /// The first moment: milliseconds since 1970, or RFC 3339.
    #[param(value_type = Option<String>)]
    from: Option<Moment>,
    /// The moment before which the list ends, written like `from`.
    #[param(value_type = Option<String>)]
    to: Option<Moment>,
    /// How many entries the page has at most; 100 where it is left out.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    max_results: Option<PageSize>,
    /// The `next_page_token` of the page before.
    page_token: Option<String>,
}

/// A page of the history.
#[derive(Serialize, ToSchema)]
pub struct HistoryPage {
    entries: Vec<HistoryEntry>,
    /// What asks for the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// List the history, oldest entry first.
#[utoipa::path(
    get,
    path = "/history",
    tag = "history",
    params(HistoryParameters),
    responses((status = 200, description = "A page of the list.", body = HistoryPage), ReadErrors)
)]
pub async fn page(
    permit: Permit,
    Parameters(parameters): Parameters<HistoryParameters>,
) -> Result<Json<HistoryPage>> {
    let request = page_request(parameters.max_results, parameters.page_token.as_deref())?;
    let filter = HistoryFilter {
        model: parameters.model,
        version: parameters.version.map(|VersionNumber(number)| number),
        from_ms: parameters.from.map(|Moment(milliseconds)| milliseconds),
        to_ms: parameters.to.map(|Moment(milliseconds)| milliseconds),
        visible: permit.sight().visible_history(),
    };
    let page = permit
        .read(move |db| audit::page(db, &filter, request))
        .await?;
    Ok(Json(HistoryPage {
        entries: page.items,
        next_page_token: page.next.map(page_token),
    }))
}

/// Which model is shown, and at which moment.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AsOfParameters {
    /// The name that the model had at that moment.
    model: String,
    /// The moment: milliseconds since 1970, or RFC 3339.
    #[param(value_type = String)]
    at: Moment,
}

/// Show which version of a model had which stage and which aliases at a moment.
#[utoipa::path(
    get,
    path = "/as-of",
    tag = "history",
    params(AsOfParameters),
    responses((status = 200, description = "The versions of the model then.", body = AsOf), ReadErrors)
)]
pub async fn as_of(
    permit: Permit,
    Parameters(parameters): Parameters<AsOfParameters>,
) -> Result<Json<AsOf>> {
    let AsOfParameters {
        model,
        at: Moment(at_ms),
    } = parameters;
    let visible = permit.sight().visible_history();
    let past = permit
        .read(move |db| {
            let Some(visible) = &visible else {
                return audit::as_of(db, &model, at_ms);
            };
            let past = audit::as_of(db, &model, at_ms)?;
            // Another model may have had the name then.
            if history::shows(db, &past.model_id, visible)? {
                Ok(past)
            } else {
                Err(audit::unknown_then(&model))
            }
        })
        .await?;
    Ok(Json(past))
}
