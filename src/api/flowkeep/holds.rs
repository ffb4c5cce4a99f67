//! Legal holds on versions: placed, listed, lifted.

use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{Parameters, VersionPath, page_token};
use super::payload;
use crate::api::State;
use crate::api::routes::with_warnings;
use crate::audit::Actor;
use crate::error::{Error, Result};
use crate::lifecycle::retention::holds;

const USUAL_PAGE: i64 = 100;
const LARGEST_PAGE: i64 = 1_000;
const EXAMPLE: &str = r#"{"reason": "lawsuit 2026-17"}"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    reason: String,
}

pub async fn place(
    state: Data<State>,
    actor: Actor,
    http: HttpRequest,
    body: Payload,
) -> Result<HttpResponse> {
    let path = VersionPath::of(&http)?;
    let Body { reason } = payload::json(body, EXAMPLE).await?;
    let done = state
        .change(actor, move |db, change| {
            holds::place(db, change, (&path.name, &path.version), &reason)
        })
        .await?;
    Ok(with_warnings(done.map(|hold| json!({"hold": hold}))))
}

pub async fn lift(
    state: Data<State>,
    actor: Actor,
    http: HttpRequest,
    body: Payload,
) -> Result<HttpResponse> {
    let path = VersionPath::of(&http)?;
    let id = hold_id(http.match_info().query("hold"))?;
    let Body { reason } = payload::json(body, EXAMPLE).await?;
    let done = state
        .change(actor, move |db, change| {
            holds::lift(db, change, (&path.name, &path.version), id, &reason)
        })
        .await?;
    Ok(with_warnings(done.map(|hold| json!({"hold": hold}))))
}

pub async fn list(
    state: Data<State>,
    http: HttpRequest,
    parameters: Parameters,
) -> Result<Json<Value>> {
    let path = VersionPath::of(&http)?;
    let after = parameters.page_token()?;
    let limit = parameters.max_results(USUAL_PAGE, LARGEST_PAGE)?;
    let page = state
        .store
        .read(move |db| holds::page(db, (&path.name, &path.version), after, limit))
        .await?;
    let mut reply = json!({"holds": page.entries});
    if let Some(next) = page.next {
        reply["next_page_token"] = page_token(next).into();
    }
    Ok(Json(reply))
}

fn hold_id(text: &str) -> Result<i64> {
    text.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
        Error::invalid_parameter(format!(
            "The number of a legal hold is an integer, got '{text}'."
        ))
    })
}
