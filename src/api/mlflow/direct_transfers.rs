//! Addresses that clients use to reach an object store themselves.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::Json;
use serde_json::{Value, json};

use super::artifacts::{logged_model_location, run_location};
use crate::access::needs::Action;
use crate::api::Permit;
use crate::api::artifact_address;
use crate::api::attachment::signed_content_disposition;
use crate::api::message::Message;
use crate::artifacts::{ArtifactLocation, ArtifactPath, DownloadAddress, SentPart, SignedAddress};
use crate::error::{Error, Result};
use crate::wire::artifacts::{
    AbortMultipartUpload, CompleteMultipartUpload, CreateMultipartUpload,
    MultipartUploadCredential, create_multipart_upload,
};
use crate::wire::{
    CreatePresignedDownloadUrl, CreatePresignedUploadUrl, create_presigned_download_url,
    create_presigned_upload_url,
};

/// The route that begins an upload in parts. The path of the artifact follows it, as it does for the other routes.
pub const CREATE: &str = "/2.0/mlflow-artifacts/mpu/create/";
/// The route that completes an upload in parts.
pub const COMPLETE: &str = "/2.0/mlflow-artifacts/mpu/complete/";
/// The route that cancels an upload in parts.
pub const ABORT: &str = "/2.0/mlflow-artifacts/mpu/abort/";
/// The route that returns a signed URL.
pub const PRESIGNED: &str = "/2.0/mlflow-artifacts/presigned/";

/// The default lifetime of a signed upload URL, in seconds.
const UPLOAD_LIFETIME: i64 = 900;
/// The maximum lifetime of a signed URL, in seconds. Object stores allow a week.
const LONGEST_LIFETIME: i64 = 604_800;

/// Begins an upload in parts, and returns an address for each part.
pub async fn create(
    permit: Permit,
    http: HttpRequest,
    message: Message<CreateMultipartUpload>,
) -> Result<Json<create_multipart_upload::Response>> {
    let Message(request) = message;
    let place = file(&permit, &http, CREATE, request.path())?;
    let begun = permit
        .artifacts
        .begin_parts(&place, request.num_parts())
        .await?;
    let credentials = begun.urls.into_iter().zip(1..);
    Ok(Json(create_multipart_upload::Response {
        upload_id: begun.upload,
        credentials: credentials
            .map(|(url, number)| MultipartUploadCredential {
                url: Some(url),
                part_number: Some(number),
                ..MultipartUploadCredential::default()
            })
            .collect(),
    }))
}

/// Ends an upload in parts: the file is there from then on.
pub async fn complete(
    permit: Permit,
    http: HttpRequest,
    message: Message<CompleteMultipartUpload>,
) -> Result<Json<Value>> {
    let Message(request) = message;
    let place = file(&permit, &http, COMPLETE, request.path())?;
    let parts = request.parts.iter().map(|part| SentPart {
        number: part.part_number(),
        etag: part.etag().to_owned(),
        url: part.url().to_owned(),
    });
    permit
        .artifacts
        .complete_parts(&place, request.upload_id(), parts.collect())
        .await?;
    Ok(Json(json!({})))
}

/// Gives up an upload in parts.
pub async fn abort(
    permit: Permit,
    http: HttpRequest,
    message: Message<AbortMultipartUpload>,
) -> Result<Json<Value>> {
    let Message(request) = message;
    let place = file(&permit, &http, ABORT, request.path())?;
    permit
        .artifacts
        .abort_parts(&place, request.upload_id())
        .await?;
    Ok(Json(json!({})))
}

/// Where a file behind the proxy can be fetched.
pub async fn presigned(permit: Permit, http: HttpRequest) -> Result<Json<Value>> {
    let place = permit
        .artifacts
        .destination(artifact_address::path(&http, PRESIGNED)?);
    let signed = download_address(&permit, place, "Multipart download", None).await?;
    Ok(Json(json!({
        "url": signed.url,
        "headers": {},
        "file_size": signed.size,
    })))
}

/// Returns an address to which a client can send a file of a run or a logged model.
pub async fn presigned_upload(
    permit: Permit,
    request: CreatePresignedUploadUrl,
) -> Result<create_presigned_upload_url::Response> {
    let path = ArtifactPath::from_plain(request.path())?;
    let lifetime = lifetime(request.expiration.unwrap_or(UPLOAD_LIFETIME))?;
    let uri = match (request.run_id(), request.model_id()) {
        (run, "") if !run.is_empty() => run_location(&permit, run.to_owned()).await?,
        ("", model) if !model.is_empty() => {
            logged_model_location(&permit, model.to_owned()).await?
        }
        _ => {
            return Err(Error::invalid_parameter(
                "Exactly one of run_id and model_id must be provided.",
            ));
        }
    };
    if let Some(scheme) = proxied(&uri) {
        return Err(Error::invalid_parameter(format!(
            "Presigned upload is not supported for proxied artifact storage (artifact URI scheme: {scheme}). \
             This endpoint requires a direct cloud storage artifact URI."
        )));
    }
    let place = permit.artifacts.resolve(&uri)?.below(&path);
    let signed = permit.artifacts.upload_address(&place, lifetime).await?;
    Ok(create_presigned_upload_url::Response {
        presigned_url: Some(signed.url),
        headers: signed.headers.into_iter().collect(),
    })
}

/// Returns an address from which a client can fetch a file of a run.
pub async fn presigned_download(
    permit: Permit,
    request: CreatePresignedDownloadUrl,
) -> Result<create_presigned_download_url::Response> {
    let path = ArtifactPath::from_plain(request.path())?;
    let lifetime = request.expiration.map(lifetime).transpose()?;
    let uri = run_location(&permit, request.run_id().to_owned()).await?;
    if let Some(scheme) = proxied(&uri) {
        return Err(Error::invalid_parameter(format!(
            "Presigned download is not supported for runs with proxied artifact storage (artifact URI scheme: {scheme}). \
             This endpoint requires a run with a direct cloud storage artifact URI."
        )));
    }
    let place = permit.artifacts.resolve(&uri)?.below(&path);
    let signed = download_address(&permit, place, "Presigned download", lifetime).await?;
    Ok(create_presigned_download_url::Response {
        presigned_url: Some(signed.url),
        headers: signed.headers.into_iter().collect(),
        file_size: signed.size.and_then(|size| i64::try_from(size).ok()),
    })
}

async fn download_address(
    permit: &Permit,
    place: ArtifactLocation,
    what: &str,
    lifetime: Option<Duration>,
) -> Result<SignedAddress> {
    let sign = async |place: &ArtifactLocation| {
        let request = DownloadAddress {
            disposition: signed_content_disposition(place.path.name()),
            lifetime,
        };
        permit
            .artifacts
            .download_address(place, what, request)
            .await
    };
    match sign(&place).await {
        Ok(signed) => Ok(signed),
        Err(error) => sign(&permit.artifacts.meant(&place, error).await?).await,
    }
}

/// The file that is sent in parts: it goes under its own name into the folder of the path.
fn file(permit: &Permit, http: &HttpRequest, route: &str, local: &str) -> Result<ArtifactLocation> {
    let folder = artifact_address::path(http, route)?;
    let name = local.rsplit(['/', '\\']).next().unwrap_or_default();
    let path = folder
        .below(name)
        .ok_or_else(|| Error::invalid_parameter("The path must end in a file name."))?;
    let path = ArtifactPath::from_plain(path.as_str())?;
    permit.sight().require_path(Action::Update, path.as_str())?;
    Ok(permit.artifacts.destination(path))
}

fn lifetime(seconds: i64) -> Result<Duration> {
    match u64::try_from(seconds) {
        Ok(wanted) if (1..=LONGEST_LIFETIME).contains(&seconds) => Ok(Duration::from_secs(wanted)),
        _ => Err(Error::invalid_parameter(format!(
            "expiration must be between 1 and {LONGEST_LIFETIME} seconds (got {seconds})."
        ))),
    }
}

fn proxied(uri: &str) -> Option<&str> {
    let (scheme, _) = uri.split_once(':')?;
    matches!(scheme, "http" | "https" | "mlflow-artifacts").then_some(scheme)
}
