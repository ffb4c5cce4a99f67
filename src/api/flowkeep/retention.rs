//! What is kept, why and until when.

use actix_web::web::{Data, Json};
use serde_json::{Value, json};

use super::input::{Parameters, page_token};
use crate::api::State;
use crate::error::Result;
use crate::lifecycle::retention::{self, Wanted};

const USUAL_PAGE: i64 = 100;
const LARGEST_PAGE: i64 = 1_000;

pub async fn page(state: Data<State>, parameters: Parameters) -> Result<Json<Value>> {
    let wanted = Wanted {
        model: parameters.get("model").map(str::to_owned),
        after: parameters.page_token()?,
        limit: parameters.max_results(USUAL_PAGE, LARGEST_PAGE)?,
        now_ms: state.clock.now_ms(),
    };
    let page = state
        .store
        .read(move |db| retention::page(db, &wanted))
        .await?;
    let mut reply = json!({"versions": page.entries});
    if let Some(next) = page.next {
        reply["next_page_token"] = page_token(next).into();
    }
    Ok(Json(reply))
}
