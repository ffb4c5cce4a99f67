//! How a client gets an error: the HTTP status of its code, and MLflow's JSON.

use actix_web::http::header::ContentType;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::error::{Error, ErrorCode};

/// The HTTP status that MLflow answers with an error code.
fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InternalError | ErrorCode::InvalidState | ErrorCode::FeatureDisabled => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::BadRequest
        | ErrorCode::InvalidParameterValue
        | ErrorCode::ResourceAlreadyExists => StatusCode::BAD_REQUEST,
        ErrorCode::NotFound | ErrorCode::EndpointNotFound | ErrorCode::ResourceDoesNotExist => {
            StatusCode::NOT_FOUND
        }
        ErrorCode::PermissionDenied | ErrorCode::AccessDenied => StatusCode::FORBIDDEN,
        ErrorCode::NotImplemented => StatusCode::NOT_IMPLEMENTED,
        ErrorCode::ResourceConflict => StatusCode::CONFLICT,
        ErrorCode::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::InsufficientStorage => StatusCode::INSUFFICIENT_STORAGE,
        ErrorCode::ContentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
    }
}

/// MLflow's finer class of an error and its SQLSTATE, which go into the reply where MLflow has them.
fn classification(code: ErrorCode) -> Option<(&'static str, &'static str)> {
    match code {
        ErrorCode::InternalError | ErrorCode::InvalidState | ErrorCode::TemporarilyUnavailable => {
            Some(("CLIENT_INTERNAL_ERROR", "XXM00"))
        }
        ErrorCode::BadRequest | ErrorCode::InvalidParameterValue => {
            Some(("INVALID_PARAMETER_VALUE", "KAM00"))
        }
        ErrorCode::NotFound | ErrorCode::EndpointNotFound | ErrorCode::ResourceDoesNotExist => {
            Some(("RESOURCE_NOT_FOUND", "KAM00"))
        }
        ErrorCode::PermissionDenied => Some(("PERMISSION_DENIED", "KAM00")),
        ErrorCode::ResourceAlreadyExists => Some(("RESOURCE_ALREADY_EXISTS", "KAM00")),
        ErrorCode::FeatureDisabled => Some(("FEATURE_DISABLED", "KAM00")),
        ErrorCode::NotImplemented
        | ErrorCode::AccessDenied
        | ErrorCode::ResourceConflict
        | ErrorCode::ResourceExhausted
        | ErrorCode::InsufficientStorage
        | ErrorCode::ContentTooLarge
        | ErrorCode::RequestTimeout => None,
    }
}

/// The JSON of an error, as MLflow's clients read it.
#[derive(Serialize)]
struct ErrorBody<'a> {
    error_code: ErrorCode,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqlstate: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_class: Option<&'static str>,
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        status(self.code)
    }

    fn error_response(&self) -> HttpResponse {
        let classification = classification(self.code);
        let mut response = HttpResponse::build(status(self.code));
        if self.code == ErrorCode::TemporarilyUnavailable {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        // What is left of such a body is not waited for: the next request would begin in its midst.
        if let ErrorCode::ContentTooLarge
        | ErrorCode::InsufficientStorage
        | ErrorCode::RequestTimeout = self.code
        {
            response.force_close();
        }
        if self.code == ErrorCode::AccessDenied {
            response.content_type(ContentType::html());
            return response.body(self.message.clone().into_owned());
        }
        response.json(ErrorBody {
            error_code: self.code,
            message: &self.message,
            sqlstate: classification.map(|(_, sqlstate)| sqlstate),
            error_class: classification.map(|(class, _)| class),
        })
    }
}
