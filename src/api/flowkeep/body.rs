//! The body of a request as JSON, and what is wrong with it in words.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use crate::api::message;
use crate::error::{Error, Result};

pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Body<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(http: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let http = http.clone();
        let payload = payload.take();
        Box::pin(async move {
            message::check_content_type(&http)?;
            let body = message::read(payload).await?;
            let value = serde_json::from_slice(&body).map_err(|error| {
                Error::invalid_parameter(format!("The body is not what it should be: {error}"))
            })?;
            Ok(Self(value))
        })
    }
}
