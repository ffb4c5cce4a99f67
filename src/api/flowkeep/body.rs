//! Reads the bodies of requests, and refuses them in MLflow's manner.

use actix_web::web::Payload;
use serde::de::DeserializeOwned;

use crate::api::message;
use crate::error::{Error, Result};

/// The largest body that is read, in bytes: more than any policy or piece of evidence needs.
const LARGEST: usize = 1 << 20;

/// Reads a body as text. Fails where it is too large or not UTF-8.
pub async fn text(payload: Payload) -> Result<String> {
    let body = message::read(payload.into_inner(), LARGEST).await?;
    String::from_utf8(body.into())
        .map_err(|_| Error::invalid_parameter("The body of the request is not UTF-8."))
}

/// Reads a body as JSON. `example` is shown to a client that sends something else.
pub async fn json<T: DeserializeOwned>(payload: Payload, example: &str) -> Result<T> {
    let text = text(payload).await?;
    serde_json::from_str(&text).map_err(|error| {
        Error::invalid_parameter(format!(
            "The body is not understood: {error}. It is JSON such as {example}"
        ))
    })
}
