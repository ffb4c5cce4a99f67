//! Who sends a request.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::State;
use super::authentication::NotLoggedIn;
use crate::access::Caller;

impl FromRequest for Caller {
    type Error = NotLoggedIn;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(http: &HttpRequest, _: &mut Payload) -> Self::Future {
        if let Some(caller) = http.extensions().get::<Self>() {
            return ready(Ok(caller.clone()));
        }
        // Where users log in, nobody passes who was not asked.
        let has_logins = http
            .app_data::<Data<State>>()
            .is_some_and(|state| state.logins.is_some());
        ready(if has_logins {
            Err(NotLoggedIn::nobody())
        } else {
            Ok(Self::open())
        })
    }
}
