//! Evidence about model versions: evaluations, A/B tests and approvals are recorded, and read back.

use actix_web::web::{Json, Payload};
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
use crate::error::Result;
use crate::lifecycle::evidence::{self, RecordedEvidence};
use crate::lifecycle::policy::claims::{AbTestClaim, ApprovalClaim, Claim, EvaluationClaim};

/// The reply to evidence that was recorded.
#[derive(Serialize, ToSchema)]
pub struct EvidenceReply {
    evidence: EvidenceId,
}

#[derive(Serialize, ToSchema)]
struct EvidenceId {
    /// The number under which reports and history name it.
    id: i64,
}

/// Record an evaluation of a version.
#[utoipa::path(
    post,
    path = "/model-versions/{name}/{version}/evaluations",
    tag = "evidence",
    params(NumberedVersion),
    request_body = EvaluationClaim,
    responses((status = 200, description = "It is recorded.", body = EvidenceReply), ChangeErrors)
)]
pub async fn evaluation(
    permit: Permit,
    actor: Actor,
    path: VersionPath,
    _: Parameters<NoParameters>,
    body: Payload,
) -> Result<Changed<EvidenceReply>> {
    let example = r#"{"kind": "responsible_ai", "verdict": "passed", "metrics": {"bias": 0.01}, "report_uri": "https://…", "evaluator": "…"}"#;
    let claim: EvaluationClaim = body::json(body, example).await?;
    record(&permit, actor, path, Claim::Evaluation(claim)).await
}

/// Record an A/B test of a version. The server computes the verdict from the figures of both arms.
#[utoipa::path(
    post,
    path = "/model-versions/{name}/{version}/ab-tests",
    tag = "evidence",
    params(NumberedVersion),
    request_body = AbTestClaim,
    responses((status = 200, description = "It is recorded.", body = EvidenceReply), ChangeErrors)
)]
pub async fn ab_test(
    permit: Permit,
    actor: Actor,
    path: VersionPath,
    _: Parameters<NoParameters>,
    body: Payload,
) -> Result<Changed<EvidenceReply>> {
    let claim: AbTestClaim = body::json(body, AbTestClaim::EXAMPLE).await?;
    record(&permit, actor, path, Claim::AbTest(claim)).await
}

/// Record an approval of a version.
#[utoipa::path(
    post,
    path = "/model-versions/{name}/{version}/approvals",
    tag = "evidence",
    params(NumberedVersion),
    request_body = ApprovalClaim,
    responses((status = 200, description = "It is recorded.", body = EvidenceReply), ChangeErrors)
)]
pub async fn approval(
    permit: Permit,
    actor: Actor,
    path: VersionPath,
    _: Parameters<NoParameters>,
    body: Payload,
) -> Result<Changed<EvidenceReply>> {
    let claim: ApprovalClaim = body::json(body, ApprovalClaim::EXAMPLE).await?;
    record(&permit, actor, path, Claim::Approval(claim)).await
}

async fn record(
    permit: &Permit,
    actor: Actor,
    path: VersionPath,
    claim: Claim,
) -> Result<Changed<EvidenceReply>> {
    let version = path.version.to_string();
    let done = permit
        .change(actor, move |db, change| {
            evidence::record(db, change, &path.name, &version, claim.clone())
        })
        .await?;
    Ok(Changed(done.map(|id| EvidenceReply {
        evidence: EvidenceId { id },
    })))
}

/// Which page of the evidence is listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvidenceParameters {
    /// How many entries the page has at most; 100 where it is left out.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    max_results: Option<PageSize>,
    /// The `next_page_token` of the page before.
    page_token: Option<String>,
}

/// A page of evidence.
#[derive(Serialize, ToSchema)]
pub struct EvidencePage {
    evidence: Vec<RecordedEvidence>,
    /// What asks for the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// List what was recorded about a version, oldest first.
#[utoipa::path(
    get,
    path = "/model-versions/{name}/{version}/evidence",
    tag = "evidence",
    params(NumberedVersion, EvidenceParameters),
    responses((status = 200, description = "A page of the list.", body = EvidencePage), ReadErrors)
)]
pub async fn list(
    permit: Permit,
    path: VersionPath,
    Parameters(parameters): Parameters<EvidenceParameters>,
) -> Result<Json<EvidencePage>> {
    let request = page_request(parameters.max_results, parameters.page_token.as_deref())?;
    let version = path.version.to_string();
    let page = permit
        .read(move |db| evidence::page(db, &path.name, &version, request))
        .await?;
    Ok(Json(EvidencePage {
        evidence: page.items,
        next_page_token: page.next.map(page_token),
    }))
}
