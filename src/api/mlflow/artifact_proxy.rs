//! The artifact proxy: clients store and fetch bytes below one destination of the server's.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::artifacts::send;
use crate::api::State;
use crate::artifacts::{ArtifactPath, Place};
use crate::error::Result;
use crate::wire::artifacts::{FileInfo, ListArtifacts, list_artifacts};

/// What the path of an artifact follows.
pub const ROUTE: &str = "/2.0/mlflow-artifacts/artifacts/";

pub async fn list(state: Data<State>, request: ListArtifacts) -> Result<list_artifacts::Response> {
    let path = ArtifactPath::parse(request.path())?;
    let entries = state.artifacts.destination().list(&path).await?;
    let files = entries.into_iter().map(|entry| FileInfo {
        path: Some(entry.name),
        is_dir: Some(entry.size.is_none()),
        file_size: entry.size.and_then(as_sent),
    });
    Ok(list_artifacts::Response {
        files: files.collect(),
    })
}

pub async fn download(state: Data<State>, http: HttpRequest) -> Result<HttpResponse> {
    let place = Place {
        repository: state.artifacts.destination().clone(),
        path: path(&http)?,
    };
    match send(&state, &http, place).await? {
        Ok(response) => Ok(response),
        Err(refusal) => Ok(detail(refusal.message.as_ref())),
    }
}

pub async fn upload(state: Data<State>, http: HttpRequest, body: Payload) -> Result<HttpResponse> {
    let path = path(&http)?;
    if path.is_root() || http.path().ends_with('/') {
        return Ok(detail(
            "Artifact path must include a filename (cannot end with '/').",
        ));
    }
    state.artifacts.destination().put(&path, body).await?;
    Ok(HttpResponse::Ok().finish())
}

pub async fn delete(state: Data<State>, http: HttpRequest) -> Result<HttpResponse> {
    let path = path(&http)?;
    if path.is_root() {
        return Ok(HttpResponse::NotFound().finish());
    }
    state.artifacts.destination().delete(&path).await?;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// The path as it was sent. The router's own has some characters decoded and others not.
fn path(http: &HttpRequest) -> Result<ArtifactPath> {
    let sent = http.uri().path();
    let below = sent.split_once(ROUTE).map_or("", |(_, below)| below);
    ArtifactPath::parse(below)
}

/// These routes tell some refusals in a form of their own.
fn detail(message: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({ "detail": message }))
}

/// MLflow does not tell the size of an empty file.
pub fn as_sent(size: u64) -> Option<i64> {
    i64::try_from(size).ok().filter(|size| *size > 0)
}
