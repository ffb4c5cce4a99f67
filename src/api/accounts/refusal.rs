//! Why a request about users is not carried out, as MLflow answers it.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, ResponseError};

use crate::access::LoginError;
use crate::api::authentication::NotLoggedIn;
use crate::error::Error;

#[derive(Debug)]
pub enum Refusal {
    /// The caller may not. It is not said whether what was named is there.
    Denied,
    /// A request that MLflow refuses with a plain sentence.
    Text(&'static str),
    Error(Error),
    NotLoggedIn(NotLoggedIn),
}

/// The result of a handler.
pub type Result<T> = std::result::Result<T, Refusal>;

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<LoginError> for Refusal {
    fn from(error: LoginError) -> Self {
        Self::NotLoggedIn(error.into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => formatter.write_str("Permission denied"),
            Self::Text(text) => formatter.write_str(text),
            Self::Error(error) => error.fmt(formatter),
            Self::NotLoggedIn(error) => error.fmt(formatter),
        }
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Denied => StatusCode::FORBIDDEN,
            Self::Text(_) => StatusCode::BAD_REQUEST,
            Self::Error(error) => error.status_code(),
            Self::NotLoggedIn(error) => error.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Error(error) => error.error_response(),
            Self::NotLoggedIn(error) => error.error_response(),
            Self::Denied | Self::Text(_) => HttpResponse::build(self.status_code())
                .content_type(ContentType::html())
                .body(self.to_string()),
        }
    }
}
