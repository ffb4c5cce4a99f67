//! The artifacts of runs, model versions and logged models, wherever their addresses lead.

use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::artifact_proxy::{as_sent, sender};
use crate::api::State;
use crate::api::download::Attachment;
use crate::artifacts::{ArtifactPath, Incoming, Place, Upload};
use crate::error::{Error, ErrorCode, Result};
use crate::store::{artifact_locations, model_versions};
use crate::wire::{
    FileInfo, ListArtifacts, ListLoggedModelArtifacts, list_artifacts, list_logged_model_artifacts,
};

/// The most that the UI uploads through [`upload`].
const LARGEST_UPLOAD: usize = 10 * 1024 * 1024;

pub async fn list(state: Data<State>, request: ListArtifacts) -> Result<list_artifacts::Response> {
    let path = ArtifactPath::parse(request.path())?;
    let run_id = request.run_id.or(request.run_uuid).unwrap_or_default();
    let root_uri = run_location(&state, run_id).await?;
    Ok(list_artifacts::Response {
        files: files(&state, &root_uri, &path).await?,
        root_uri: Some(root_uri),
        next_page_token: None,
    })
}

pub async fn list_of_logged_model(
    state: Data<State>,
    request: ListLoggedModelArtifacts,
) -> Result<list_logged_model_artifacts::Response> {
    let path = ArtifactPath::parse(request.artifact_directory_path())?;
    let model_id = request.model_id.unwrap_or_default();
    let root_uri = logged_model_location(&state, model_id).await?;
    Ok(list_logged_model_artifacts::Response {
        files: files(&state, &root_uri, &path).await?,
        root_uri: Some(root_uri),
        next_page_token: None,
    })
}

#[derive(Deserialize)]
pub struct Wanted {
    run_id: Option<String>,
    run_uuid: Option<String>,
    name: Option<String>,
    version: Option<String>,
    path: Option<String>,
    artifact_file_path: Option<String>,
}

pub async fn download_of_run(
    state: Data<State>,
    http: HttpRequest,
    wanted: Query<Wanted>,
) -> Result<HttpResponse> {
    let wanted = wanted.into_inner();
    let path = ArtifactPath::parse(&wanted.path.ok_or_else(|| missing("path"))?)?;
    let run_id = wanted.run_id.or(wanted.run_uuid).unwrap_or_default();
    let uri = run_location(&state, run_id).await?;
    download(&state, &http, &uri, &path).await
}

pub async fn download_of_model_version(
    state: Data<State>,
    http: HttpRequest,
    wanted: Query<Wanted>,
) -> Result<HttpResponse> {
    let wanted = wanted.into_inner();
    let path = ArtifactPath::parse(&wanted.path.ok_or_else(|| missing("path"))?)?;
    let name = wanted.name.unwrap_or_default();
    let version = wanted.version.unwrap_or_default();
    let uri = state
        .store
        .read(move |db| model_versions::download_uri(db, &name, &version))
        .await?
        .unwrap_or_default();
    download(&state, &http, &uri, &path).await
}

pub async fn download_of_logged_model(
    state: Data<State>,
    http: HttpRequest,
    wanted: Query<Wanted>,
) -> Result<HttpResponse> {
    let path = wanted.into_inner().artifact_file_path.unwrap_or_default();
    if path.is_empty() {
        return Err(Error::new(
            ErrorCode::BadRequest,
            "Request must include the \"artifact_file_path\" query parameter.",
        ));
    }
    let path = ArtifactPath::parse(&path)?;
    let model_id = http.match_info().query("model_id").to_owned();
    let uri = logged_model_location(&state, model_id).await?;
    download(&state, &http, &uri, &path).await
}

/// How the UI stores a small file with a run.
pub async fn upload(
    state: Data<State>,
    http: HttpRequest,
    wanted: Query<Wanted>,
    body: Payload,
) -> Result<HttpResponse> {
    let wanted = wanted.into_inner();
    let given = |value: Option<String>, name| {
        value
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Error::invalid_parameter(format!("Request must specify {name}.")))
    };
    let run_id = given(wanted.run_uuid, "run_uuid")?;
    let path = ArtifactPath::parse(&given(wanted.path, "path")?)?;
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
    let uri = run_location(&state, run_id).await?;
    let place = state.artifacts.resolve(&uri)?;
    let upload = Upload {
        body: Incoming::whole(data),
        by: sender(&http),
    };
    state.artifacts.put(&place.below(&path), upload).await?;
    Ok(HttpResponse::Ok().content_type("application/json").finish())
}

pub async fn run_location(state: &State, run_id: String) -> Result<String> {
    state
        .store
        .read(move |db| artifact_locations::of_run(db, &run_id))
        .await
}

pub async fn logged_model_location(state: &State, model_id: String) -> Result<String> {
    state
        .store
        .read(move |db| artifact_locations::of_logged_model(db, &model_id))
        .await
}

async fn files(state: &State, uri: &str, below: &ArtifactPath) -> Result<Vec<FileInfo>> {
    let place = state.artifacts.resolve(uri)?.below(below);
    let entries = state.artifacts.list(&place).await?;
    let files = entries.into_iter().map(|entry| FileInfo {
        path: Some(if below.is_root() {
            entry.name
        } else {
            format!("{below}/{}", entry.name)
        }),
        is_dir: Some(entry.size.is_none()),
        file_size: entry.size.and_then(as_sent),
    });
    Ok(files.collect())
}

async fn download(
    state: &State,
    http: &HttpRequest,
    uri: &str,
    below: &ArtifactPath,
) -> Result<HttpResponse> {
    let place = state.artifacts.resolve(uri)?.below(below);
    send(state, http, place).await?
}

/// Sends a file; the inner error says that there is a folder.
pub async fn send(state: &State, http: &HttpRequest, place: Place) -> Result<Result<HttpResponse>> {
    let Some(artifact) = state.artifacts.open(&place).await? else {
        return Ok(Err(Error::invalid_parameter(format!(
            "Artifact path refers to a directory, not a file: '{}'",
            place.path
        ))));
    };
    let attachment = Attachment {
        name: place.path.name(),
        artifact,
    };
    Ok(Ok(attachment.respond(http)))
}

fn missing(name: &str) -> Error {
    Error::new(
        ErrorCode::BadRequest,
        format!("Request must include the \"{name}\" query parameter."),
    )
}
