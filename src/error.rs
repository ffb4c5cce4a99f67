//! The error of the whole house: MLflow's code, and a sentence for the person who reads it. How a client
//! gets it is said in `api/error_reply.rs`, what a database failure becomes in `store/database_errors.rs`.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// A result whose error is [`Error`] unless another is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error codes of MLflow that this server answers with.
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
    /// The caller may not send the request. MLflow answers in plain text, and not with an error of its own.
    AccessDenied,
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

/// Why a request is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub code: ErrorCode,
    /// A sentence for the client. It holds no secret and nothing of the server's inside.
    pub message: Cow<'static, str>,
}

impl Error {
    /// An error with a code for which there is no constructor of its own.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// A request that MLflow would call wrong: `INVALID_PARAMETER_VALUE`.
    pub fn invalid_parameter(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidParameterValue, message)
    }

    /// A request that breaks MLflow's rules in a way that it answers with `BAD_REQUEST`.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    /// Something that the request names and that is not there.
    pub fn does_not_exist(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::ResourceDoesNotExist, message)
    }

    /// Something that the request would make and that is there already.
    pub fn already_exists(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::ResourceAlreadyExists, message)
    }

    /// A request that a rule of this server refuses.
    pub fn permission_denied(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::PermissionDenied, message)
    }

    /// A request that its caller may not send. The answer is the same whatever the request is about.
    pub fn access_denied() -> Self {
        Self::new(ErrorCode::AccessDenied, "Permission denied")
    }

    /// A failure of the server itself.
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InternalError, message)
    }

    /// A failure of the moment: the same request may succeed later.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::TemporarilyUnavailable, message)
    }

    /// There is no experiment with this id.
    pub fn experiment_not_found(experiment_id: impl fmt::Display) -> Self {
        Self::does_not_exist(format!("No Experiment with id={experiment_id} exists"))
    }

    /// There is no run with this id.
    pub fn run_not_found(run_id: &str) -> Self {
        Self::does_not_exist(format!("Run with id={run_id} not found"))
    }

    /// There is no logged model with this id.
    pub fn logged_model_not_found(model_id: &str) -> Self {
        Self::does_not_exist(format!("Logged model with ID '{model_id}' not found."))
    }

    /// There is no registered model with this name.
    pub fn registered_model_not_found(name: &str) -> Self {
        Self::does_not_exist(format!("Registered Model with name={name} not found"))
    }

    /// There is no such version of a registered model.
    pub fn model_version_not_found(name: &str, version: &str) -> Self {
        Self::does_not_exist(format!(
            "Model Version (name={name}, version={version}) not found"
        ))
    }

    /// There is no webhook with this id.
    pub fn webhook_not_found(webhook_id: &str) -> Self {
        Self::does_not_exist(format!("Webhook with ID {webhook_id} not found."))
    }

    /// There is no file or folder at this path of the artifacts.
    pub fn artifact_not_found(path: impl fmt::Display) -> Self {
        Self::does_not_exist(format!("No such artifact: '{path}'"))
    }

    /// Whether something that the request names is not there.
    pub fn is_not_found(&self) -> bool {
        self.code == ErrorCode::ResourceDoesNotExist
    }

    /// Whether a rule of this server refuses the request.
    pub fn is_denied(&self) -> bool {
        self.code == ErrorCode::PermissionDenied
    }

    /// Whether the same work may succeed when it is tried again at once: it failed for the moment, such as
    /// two transactions in each other's way.
    pub fn is_worth_retrying(&self) -> bool {
        self.code == ErrorCode::TemporarilyUnavailable
    }

    /// Whether the server or its database failed, rather than refused. What such work has left behind in
    /// its transaction is not known.
    pub fn is_failure(&self) -> bool {
        matches!(
            self.code,
            ErrorCode::InternalError | ErrorCode::TemporarilyUnavailable
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Turns "it is not there" into `None`, and leaves every other failure a failure.
pub fn found<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
