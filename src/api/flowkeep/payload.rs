//! Reads bodies, and refuses them in MLflow's manner.

use actix_web::web::Payload;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// More than any policy or piece of evidence needs.
const LARGEST: usize = 1 << 20;

pub async fn text(mut payload: Payload) -> Result<String> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            Error::invalid_parameter(format!("The body cannot be read: {error}"))
        })?;
        if body.len() + chunk.len() > LARGEST {
            return Err(Error::invalid_parameter(format!(
                "The body of the request is larger than {LARGEST} bytes."
            )));
        }
        body.extend_from_slice(&chunk);
    }
    String::from_utf8(body)
        .map_err(|_| Error::invalid_parameter("The body of the request is not UTF-8."))
}

/// A body of JSON. `example` is shown to whoever sends something else.
pub async fn json<T: DeserializeOwned>(payload: Payload, example: &str) -> Result<T> {
    let text = text(payload).await?;
    serde_json::from_str(&text).map_err(|error| {
        Error::invalid_parameter(format!(
            "The body is not understood: {error}. It is JSON such as {example}"
        ))
    })
}
