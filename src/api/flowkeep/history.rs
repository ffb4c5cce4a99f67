//! What was decided, and what was where at a moment in the past.

use actix_web::web::{Data, Json};
use serde_json::{Value, json};

use super::input::{Parameters, page_token};
use crate::api::State;
use crate::audit::{self, AsOf, Wanted};
use crate::error::Result;
use crate::store::governance::history::Filter;

const USUAL_PAGE: i64 = 100;
const LARGEST_PAGE: i64 = 1_000;

pub async fn page(state: Data<State>, parameters: Parameters) -> Result<Json<Value>> {
    let wanted = Wanted {
        filter: Filter {
            model: parameters.get("model").map(str::to_owned),
            version: parameters.version("version")?,
            from_ms: parameters.time("from")?,
            to_ms: parameters.time("to")?,
        },
        after: parameters.page_token()?,
        limit: parameters.max_results(USUAL_PAGE, LARGEST_PAGE)?,
    };
    let page = state.store.read(move |db| audit::page(db, &wanted)).await?;
    let mut reply = json!({"entries": page.entries});
    if let Some(next) = page.next {
        reply["next_page_token"] = page_token(next).into();
    }
    Ok(Json(reply))
}

pub async fn as_of(state: Data<State>, parameters: Parameters) -> Result<Json<AsOf>> {
    let model = parameters.required("model")?.to_owned();
    parameters.required("at")?;
    let at = parameters.time("at")?.unwrap_or_default();
    let past = state
        .store
        .read(move |db| audit::as_of(db, &model, at))
        .await?;
    Ok(Json(past))
}
