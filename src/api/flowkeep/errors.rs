//! How requests may fail, as the OpenAPI document describes it.

use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// The reply to a request that failed, as MLflow writes it.
#[derive(Serialize, ToSchema)]
pub struct ErrorReply {
    /// What kind of error it is, such as `INVALID_PARAMETER_VALUE`.
    error_code: String,
    /// What is wrong, for a person.
    message: String,
    sqlstate: Option<String>,
    error_class: Option<String>,
}

/// How requests that only read may fail.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum ReadErrors {
    /// Something is wrong with the request.
    #[response(status = 400)]
    Invalid(ErrorReply),
    /// What the request names is not there.
    #[response(status = 404)]
    Missing(ErrorReply),
    /// Any other failure.
    #[response(status = "default")]
    Other(ErrorReply),
}

/// How requests that change something may fail.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub enum ChangeErrors {
    /// Something is wrong with the request.
    #[response(status = 400)]
    Invalid(ErrorReply),
    /// A policy, a seal or a legal hold forbids it.
    #[response(status = 403)]
    Forbidden(ErrorReply),
    /// What the request names is not there.
    #[response(status = 404)]
    Missing(ErrorReply),
    /// Any other failure.
    #[response(status = "default")]
    Other(ErrorReply),
}
