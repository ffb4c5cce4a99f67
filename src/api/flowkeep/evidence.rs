//! Evidence about versions: recorded, and read back.

use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::input::{Parameters, VersionPath, page_token};
use super::payload;
use crate::api::State;
use crate::api::routes::with_warnings;
use crate::audit::Actor;
use crate::error::Result;
use crate::lifecycle::evidence;
use crate::lifecycle::policy::claims::{AbTestClaim, ApprovalClaim, Claim, EvaluationClaim};

const USUAL_PAGE: i64 = 100;
const LARGEST_PAGE: i64 = 1_000;

pub async fn evaluation(
    state: Data<State>,
    actor: Actor,
    http: HttpRequest,
    body: Payload,
) -> Result<HttpResponse> {
    let example = r#"{"kind": "responsible_ai", "verdict": "passed", "metrics": {"bias": 0.01}, "report_uri": "https://…", "evaluator": "…"}"#;
    let claim: EvaluationClaim = payload::json(body, example).await?;
    record(&state, actor, &http, Claim::Evaluation(claim)).await
}

pub async fn ab_test(
    state: Data<State>,
    actor: Actor,
    http: HttpRequest,
    body: Payload,
) -> Result<HttpResponse> {
    let claim: AbTestClaim = payload::json(body, AbTestClaim::EXAMPLE).await?;
    record(&state, actor, &http, Claim::AbTest(claim)).await
}

pub async fn approval(
    state: Data<State>,
    actor: Actor,
    http: HttpRequest,
    body: Payload,
) -> Result<HttpResponse> {
    let claim: ApprovalClaim = payload::json(body, ApprovalClaim::EXAMPLE).await?;
    record(&state, actor, &http, Claim::Approval(claim)).await
}

async fn record(
    state: &State,
    actor: Actor,
    http: &HttpRequest,
    claim: Claim,
) -> Result<HttpResponse> {
    let path = VersionPath::of(http)?;
    let done = state
        .change(actor, move |db, change| {
            evidence::record(db, change, &path.name, &path.version, claim.clone())
        })
        .await?;
    Ok(with_warnings(
        done.map(|id| json!({"evidence": {"id": id}})),
    ))
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
        .read(move |db| evidence::page(db, &path.name, &path.version, after, limit))
        .await?;
    let mut reply = json!({"evidence": page.evidence});
    if let Some(next) = page.next {
        reply["next_page_token"] = page_token(next).into();
    }
    Ok(Json(reply))
}
