//! Who sends a request.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use crate::access::Caller;
use crate::error::Error;

impl FromRequest for Caller {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(http: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = http.extensions().get::<Self>().cloned();
        ready(Ok(known.unwrap_or(Self::open())))
    }
}
