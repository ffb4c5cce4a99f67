//! The artifacts of runs, model versions and logged models, wherever their addresses lead.

use actix_web::web::{Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::artifact_files::{is_folder, listed_size, requestable, send, sender};
use crate::api::Permit;
use crate::api::message::path_parameter;
use crate::artifacts::{ArtifactPath, Incoming, Upload};
use crate::error::{Error, Result};
use crate::store::{artifact_locations, model_versions, runs};
use crate::wire::{
    FileInfo, ListArtifacts, ListLoggedModelArtifacts, list_artifacts, list_logged_model_artifacts,
};

/// The most that the UI uploads through [`upload`].
const LARGEST_UPLOAD: usize = 10 * 1024 * 1024;

/// Lists one folder of a run's artifacts.
pub async fn list(permit: Permit, request: ListArtifacts) -> Result<list_artifacts::Response> {
    let path = ArtifactPath::from_plain(request.path())?;
    let run_id = runs::id(request.run_id(), request.run_uuid()).to_owned();
    let root_uri = run_location(&permit, run_id).await?;
    Ok(list_artifacts::Response {
        files: files(&permit, &root_uri, &path).await?,
        root_uri: Some(root_uri),
        next_page_token: None,
    })
}

/// Lists one folder of a logged model's artifacts.
pub async fn list_of_logged_model(
    permit: Permit,
    request: ListLoggedModelArtifacts,
) -> Result<list_logged_model_artifacts::Response> {
    let path = ArtifactPath::from_plain(request.artifact_directory_path())?;
    let model_id = request.model_id.unwrap_or_default();
    let root_uri = logged_model_location(&permit, model_id).await?;
    Ok(list_logged_model_artifacts::Response {
        files: files(&permit, &root_uri, &path).await?,
        root_uri: Some(root_uri),
        next_page_token: None,
    })
}

/// The query of the routes for files, which MLflow has no message for. Each reads what it needs of it.
#[derive(Deserialize)]
pub struct ArtifactQuery {
    run_id: Option<String>,
    run_uuid: Option<String>,
    name: Option<String>,
    version: Option<String>,
    path: Option<String>,
    artifact_file_path: Option<String>,
}

/// Sends a file of a run.
pub async fn download_of_run(
    permit: Permit,
    http: HttpRequest,
    query: Query<ArtifactQuery>,
) -> Result<HttpResponse> {
    let query = query.into_inner();
    let path = ArtifactPath::from_plain(&query.path.ok_or_else(|| missing("path"))?)?;
    let run_id = runs::id(
        query.run_id.as_deref().unwrap_or_default(),
        query.run_uuid.as_deref().unwrap_or_default(),
    )
    .to_owned();
    let uri = run_location(&permit, run_id).await?;
    download(&permit, &http, &uri, &path).await
}

/// Sends a file of a model version.
pub async fn download_of_model_version(
    permit: Permit,
    http: HttpRequest,
    query: Query<ArtifactQuery>,
) -> Result<HttpResponse> {
    let query = query.into_inner();
    let path = ArtifactPath::from_plain(&query.path.ok_or_else(|| missing("path"))?)?;
    let name = query.name.unwrap_or_default();
    let version = query.version.unwrap_or_default();
    let uri = permit
        .read(move |db| model_versions::download_uri(db, &name, &version))
        .await?
        .unwrap_or_default();
    download(&permit, &http, &uri, &path).await
}

/// Sends a file of a logged model.
pub async fn download_of_logged_model(
    permit: Permit,
    http: HttpRequest,
    query: Query<ArtifactQuery>,
) -> Result<HttpResponse> {
    let path = query.into_inner().artifact_file_path.unwrap_or_default();
    if path.is_empty() {
        return Err(Error::bad_request(
            "Request must include the \"artifact_file_path\" query parameter.",
        ));
    }
    let path = ArtifactPath::from_plain(&path)?;
    let model_id = path_parameter(&http, "model_id");
    let uri = logged_model_location(&permit, model_id).await?;
    download(&permit, &http, &uri, &path).await
}

/// How the UI stores a small file with a run.
pub async fn upload(
    permit: Permit,
    http: HttpRequest,
    query: Query<ArtifactQuery>,
    body: Payload,
) -> Result<HttpResponse> {
    let query = query.into_inner();
    let given = |value: Option<String>, name| {
        value
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Error::invalid_parameter(format!("Request must specify {name}.")))
    };
    let run_id = given(query.run_uuid, "run_uuid")?;
    let path = ArtifactPath::from_plain(&given(query.path, "path")?)?;
    let mut data = Vec::new();
    let mut body = Incoming::new(body, None);
    while let Some(chunk) = body.next().await? {
        data.extend_from_slice(&chunk);
        if data.len() > LARGEST_UPLOAD {
            let error = "Artifact size is too large. Max size is 10MB.";
            return Err(body.refuse(Error::invalid_parameter(error)).await);
        }
    }
    if data.is_empty() {
        return Err(Error::invalid_parameter("Request must specify data."));
    }
    let uri = run_location(&permit, run_id).await?;
    let place = permit.artifacts.resolve(&uri)?;
    let upload = Upload {
        body: Incoming::whole(data),
        by: sender(&http),
    };
    permit.artifacts.put(&place.below(&path), upload).await?;
    Ok(HttpResponse::Ok().content_type("application/json").finish())
}

/// Returns where the artifacts of a run are.
pub async fn run_location(permit: &Permit, run_id: String) -> Result<String> {
    permit
        .read(move |db| artifact_locations::of_run(db, &run_id))
        .await
}

/// Returns where the artifacts of a logged model are.
pub async fn logged_model_location(permit: &Permit, model_id: String) -> Result<String> {
    permit
        .read(move |db| artifact_locations::of_logged_model(db, &model_id))
        .await
}

async fn files(permit: &Permit, uri: &str, below: &ArtifactPath) -> Result<Vec<FileInfo>> {
    let place = permit.artifacts.resolve(uri)?.below(below);
    let entries = permit.artifacts.list(&place).await?;
    let files = requestable(below, entries).map(|(path, entry)| FileInfo {
        path: Some(path.to_string()),
        is_dir: Some(entry.size.is_none()),
        file_size: entry.size.and_then(listed_size),
    });
    Ok(files.collect())
}

async fn download(
    permit: &Permit,
    http: &HttpRequest,
    uri: &str,
    below: &ArtifactPath,
) -> Result<HttpResponse> {
    let place = permit.artifacts.resolve(uri)?.below(below);
    let sent = send(permit, http, &place).await?;
    sent.ok_or_else(|| Error::invalid_parameter(is_folder(&place)))
}

fn missing(name: &str) -> Error {
    Error::bad_request(format!(
        "Request must include the \"{name}\" query parameter."
    ))
}
