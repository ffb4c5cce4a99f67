//! One error for the whole house: MLflow's code, and a sentence for the person who reads it.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use diesel::result::{DatabaseErrorKind, Error as DatabaseError};
use serde::Serialize;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The codes of MLflow that this server answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    InternalError,
    TemporarilyUnavailable,
    BadRequest,
    NotFound,
    EndpointNotFound,
    InvalidParameterValue,
    InvalidState,
    PermissionDenied,
    NotImplemented,
    ResourceAlreadyExists,
    ResourceConflict,
    ResourceDoesNotExist,
    ResourceExhausted,
    FeatureDisabled,
    InsufficientStorage,
    ContentTooLarge,
    RequestTimeout,
}

impl ErrorCode {
    pub fn status(self) -> StatusCode {
        match self {
            Self::InternalError | Self::InvalidState | Self::FeatureDisabled => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::BadRequest | Self::InvalidParameterValue | Self::ResourceAlreadyExists => {
                StatusCode::BAD_REQUEST
            }
            Self::NotFound | Self::EndpointNotFound | Self::ResourceDoesNotExist => {
                StatusCode::NOT_FOUND
            }
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Self::ResourceConflict => StatusCode::CONFLICT,
            Self::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Self::InsufficientStorage => StatusCode::INSUFFICIENT_STORAGE,
            Self::ContentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// MLflow's finer class of the error and its SQLSTATE, which go into the reply where it has them.
    fn classification(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::InternalError | Self::InvalidState | Self::TemporarilyUnavailable => {
                Some(("CLIENT_INTERNAL_ERROR", "XXM00"))
            }
            Self::BadRequest | Self::InvalidParameterValue => {
                Some(("INVALID_PARAMETER_VALUE", "KAM00"))
            }
            Self::NotFound | Self::EndpointNotFound | Self::ResourceDoesNotExist => {
                Some(("RESOURCE_NOT_FOUND", "KAM00"))
            }
            Self::PermissionDenied => Some(("PERMISSION_DENIED", "KAM00")),
            Self::ResourceAlreadyExists => Some(("RESOURCE_ALREADY_EXISTS", "KAM00")),
            Self::FeatureDisabled => Some(("FEATURE_DISABLED", "KAM00")),
            Self::NotImplemented
            | Self::ResourceConflict
            | Self::ResourceExhausted
            | Self::InsufficientStorage
            | Self::ContentTooLarge
            | Self::RequestTimeout => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub code: ErrorCode,
    pub message: Cow<'static, str>,
}

impl Error {
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    pub fn invalid_parameter(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidParameterValue, message)
    }

    pub fn does_not_exist(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::ResourceDoesNotExist, message)
    }

    pub fn already_exists(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::ResourceAlreadyExists, message)
    }

    pub fn permission_denied(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::PermissionDenied, message)
    }

    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InternalError, message)
    }

    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::TemporarilyUnavailable, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// How the triggers begin that keep versions within their retention.
const KEPT: &str = "flowkeep keeps this: ";

/// What the database says is for the log; a client learns only that something went wrong here, and
/// whether another try may help.
impl From<DatabaseError> for Error {
    fn from(error: DatabaseError) -> Self {
        if is_transient(&error) {
            // The store tells by itself when the database is gone.
            if !is_lost(&error) {
                tracing::warn!(%error, "the database broke off a transaction");
            }
            return Self::unavailable("The database is busy. Try again.");
        }
        if let Some(complaint) = complaint_about_value(&error) {
            let message = format!("The database takes no such value: {complaint}.");
            return Self::new(ErrorCode::BadRequest, message);
        }
        if let Some(reason) = kept(&error) {
            return Self::permission_denied(reason.to_owned());
        }
        tracing::error!(%error, "the database refused a statement");
        Self::internal("The database could not carry out the request.")
    }
}

/// What a trigger of ours says that keeps something from being deleted or changed.
pub fn kept(error: &DatabaseError) -> Option<&str> {
    let DatabaseError::DatabaseError(_, information) = error else {
        return None;
    };
    let message = information.message();
    message.starts_with(KEPT).then_some(message)
}

/// What PostgreSQL has against a value that a client sent: it is stricter than SQLite, and than the
/// checks of MLflow, about lengths, ranges, the letters of a text and where a pattern ends.
fn complaint_about_value(error: &DatabaseError) -> Option<&str> {
    let DatabaseError::DatabaseError(_, information) = error else {
        return None;
    };
    let complaint = information.message();
    [
        "value too long for type",
        "invalid byte sequence for encoding",
        "out of range",
        "LIKE pattern must not end with",
    ]
    .iter()
    .any(|sign| complaint.contains(sign))
    .then_some(complaint)
}

/// Whether the connection was lost in the midst of the transaction.
fn is_lost(error: &DatabaseError) -> bool {
    matches!(
        error,
        DatabaseError::DatabaseError(DatabaseErrorKind::ClosedConnection, _)
            | DatabaseError::BrokenTransactionManager
    )
}

fn is_transient(error: &DatabaseError) -> bool {
    match error {
        DatabaseError::DatabaseError(kind, information) => {
            matches!(
                kind,
                DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::ClosedConnection
            ) || ["deadlock detected", "database is locked"]
                .iter()
                .any(|sign| information.message().contains(sign))
        }
        DatabaseError::BrokenTransactionManager => true,
        _ => false,
    }
}

#[derive(Serialize)]
struct Body<'a> {
    error_code: ErrorCode,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqlstate: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_class: Option<&'static str>,
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let classification = self.code.classification();
        let mut response = HttpResponse::build(self.code.status());
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
        response.json(Body {
            error_code: self.code,
            message: &self.message,
            sqlstate: classification.map(|(_, sqlstate)| sqlstate),
            error_class: classification.map(|(class, _)| class),
        })
    }
}
