//! The artifact proxy: clients store and fetch bytes below one destination of the server's.

use actix_web::http::header::{self, ETag, EntityTag};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::artifact_files::{is_folder, listed_size, requestable, send, sender};
use crate::api::Permit;
use crate::api::artifact_address::path;
use crate::artifacts::{ArtifactPath, Incoming, Upload};
use crate::error::Result;
use crate::wire::artifacts::{FileInfo, ListArtifacts, list_artifacts};

/// What the path of an artifact follows.
pub const ROUTE: &str = "/2.0/mlflow-artifacts/artifacts/";

/// Lists the files of one folder.
pub async fn list(permit: Permit, request: ListArtifacts) -> Result<list_artifacts::Response> {
    let path = ArtifactPath::from_plain(request.path())?;
    let place = permit.artifacts.destination(path.clone());
    let entries = permit.artifacts.list(&place).await?;
    let visible =
        requestable(&path, entries).filter(|(path, _)| permit.sight().shows_path(path.as_str()));
    let files = visible.map(|(_, entry)| FileInfo {
        path: Some(entry.name),
        is_dir: Some(entry.size.is_none()),
        file_size: entry.size.and_then(listed_size),
    });
    Ok(list_artifacts::Response {
        files: files.collect(),
    })
}

/// Sends a file.
pub async fn download(permit: Permit, http: HttpRequest) -> Result<HttpResponse> {
    let place = permit.artifacts.destination(path(&http, ROUTE)?);
    match send(&permit, &http, &place).await? {
        Some(response) => Ok(response),
        None => Ok(detail(&is_folder(&place))),
    }
}

/// Stores a file. The reply names its content by an `ETag`.
pub async fn upload(permit: Permit, http: HttpRequest, body: Payload) -> Result<HttpResponse> {
    let mut body = Incoming::new(body, length(&http));
    let path = match path(&http, ROUTE) {
        Ok(path) => path,
        Err(error) => return Err(body.refuse(error).await),
    };
    if path.is_root() || percent_decode_str(http.uri().path()).last() == Some(b'/') {
        return Ok(detail(
            "Artifact path must include a filename (cannot end with '/').",
        ));
    }
    let place = permit.artifacts.destination(path);
    let upload = Upload {
        body,
        by: sender(&http),
    };
    let stored = permit.artifacts.put(&place, upload).await?;
    Ok(HttpResponse::Ok()
        .insert_header(ETag(EntityTag::new_strong(stored.etag())))
        .finish())
}

/// Deletes a file, or a folder with all that is in it.
pub async fn delete(permit: Permit, http: HttpRequest) -> Result<HttpResponse> {
    let path = path(&http, ROUTE)?;
    if path.is_root() {
        return Ok(HttpResponse::NotFound().finish());
    }
    let place = permit.artifacts.destination(path);
    permit.artifacts.delete(&place).await?;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// How long the body is going to be, where the client says so.
fn length(http: &HttpRequest) -> Option<u64> {
    let length = http.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// These routes tell some refusals in a form of their own.
fn detail(message: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({ "detail": message }))
}
