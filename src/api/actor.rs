//! Who is behind a request, as far as it says.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::audit::Actor;
use crate::error::Error;

impl FromRequest for Actor {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(http: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::claiming(name(http))))
    }
}

/// The name of HTTP's basic authentication, which MLflow's clients send where `MLFLOW_TRACKING_USERNAME`
/// is set. Nobody compares the password, so it is a claim.
fn name(http: &HttpRequest) -> Option<String> {
    let header = http.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64_STANDARD.decode(credentials.trim()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (name, _) = decoded.split_once(':')?;
    Some(name.to_owned())
}
