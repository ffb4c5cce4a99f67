//! Reads a request's message from its body, or for a GET from its query.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::{Method, header};
use actix_web::{FromRequest, HttpRequest};
use bytes::BytesMut;
use futures_util::StreamExt;
use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};
use crate::wire::reading;
use crate::wire::request::Request;

/// The largest body that is read as a message. Artifacts do not come this way.
const LARGEST_BODY: usize = 64 << 20;

/// A request of MLflow's API. Reading it fails as on MLflow, with the same words.
pub struct Message<R>(pub R);

impl<R: Request> FromRequest for Message<R> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(http: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let http = http.clone();
        let payload = payload.take();
        Box::pin(async move {
            // The head is asked for as the whole is.
            let is_read = matches!(*http.method(), Method::GET | Method::HEAD);
            let mut message: R = if is_read && !http.query_string().is_empty() {
                reading::from_query(http.query_string())?
            } else {
                check_content_type(&http)?;
                reading::from_body(&read(payload, LARGEST_BODY).await?)?
            };
            for (name, value) in http.match_info().iter() {
                message.set_path_parameter(name, decoded(value));
            }
            Ok(Self(message))
        })
    }
}

/// Returns a parameter of a path without its percent-encoding.
pub fn path_parameter(http: &HttpRequest, name: &str) -> String {
    decoded(http.match_info().query(name))
}

/// actix-web has decoded all but what would change the path's own structure.
fn decoded(parameter: &str) -> String {
    percent_decode_str(parameter)
        .decode_utf8_lossy()
        .into_owned()
}

/// The bytes of a body that says that it is JSON.
pub struct JsonBody(pub BytesMut);

impl FromRequest for JsonBody {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(http: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let checked = check_content_type(http);
        let payload = payload.take();
        Box::pin(async move {
            checked?;
            Ok(Self(read(payload, LARGEST_BODY).await?))
        })
    }
}

/// Reads a body of at most `largest` bytes.
pub(super) async fn read(mut payload: Payload, largest: usize) -> Result<BytesMut> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            Error::invalid_parameter(format!("The body cannot be read: {error}"))
        })?;
        if body.len() + chunk.len() > largest {
            return Err(Error::invalid_parameter(format!(
                "The body of the request is larger than {largest} bytes."
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn check_content_type(http: &HttpRequest) -> Result<()> {
    if http.method() != Method::POST && http.method() != Method::PUT {
        return Ok(());
    }
    let Some(content_type) = http.headers().get(header::CONTENT_TYPE) else {
        return Err(Error::invalid_parameter(
            "Bad Request. Content-Type header is missing.",
        ));
    };
    let media_type = content_type.to_str().unwrap_or_default().split(';').next();
    if media_type != Some("application/json") {
        return Err(Error::invalid_parameter(
            "Bad Request. Content-Type must be one of ['application/json'].",
        ));
    }
    Ok(())
}
