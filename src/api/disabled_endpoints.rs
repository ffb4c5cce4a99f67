//! Endpoints that the server's mode turns off: the artifact proxy, or all but the artifact proxy.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use serde_json::json;

use super::State;

/// Answers for an endpoint that is off, in MLflow's words.
pub async fn refuse_disabled<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    match refusal(&request) {
        Some(response) => Ok(request.into_response(response).map_into_right_body()),
        None => Ok(next.call(request).await?.map_into_left_body()),
    }
}

fn refusal(request: &ServiceRequest) -> Option<HttpResponse> {
    let settings = &request.app_data::<Data<State>>()?.artifact_settings;
    if settings.serve && !settings.only {
        return None;
    }
    let endpoint = endpoint(&request.match_pattern()?);
    let proxy = endpoint.contains("/mlflow-artifacts/");
    if proxy && !settings.serve {
        let carries_bytes = endpoint.contains("/artifacts/<path:")
            && matches!(*request.method(), Method::GET | Method::PUT);
        return Some(if carries_bytes {
            HttpResponse::ServiceUnavailable().json(json!({
                "detail": "Artifact serving is disabled. Run `mlflow server` with `--serve-artifacts` to enable."
            }))
        } else {
            disabled(
                &endpoint,
                "with `--no-serve-artifacts`. To enable artifacts server functionality, run `mlflow server` with `--serve-artifacts`",
            )
        });
    }
    let always = ["/health", "/version", "/server-info", "/<path:.*>", "/"]
        .iter()
        .any(|end| endpoint.ends_with(end));
    (!proxy && !always && settings.only).then(|| {
        disabled(&endpoint, "in `--artifacts-only` mode. To enable tracking server functionality, run `mlflow server` without `--artifacts-only`")
    })
}

fn disabled(endpoint: &str, why: &str) -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .content_type("text/html; charset=utf-8")
        .body(format!(
            "Endpoint: {endpoint} disabled due to the mlflow server running {why}"
        ))
}

/// A route as MLflow writes it.
fn endpoint(pattern: &str) -> String {
    pattern
        .replace("{artifact_path:.*}", "<path:artifact_path>")
        .replace(":.+}", "}")
        .replace('{', "<")
        .replace('}', ">")
}
