//! Who is behind a request: the user who is logged in, or on a server without logins whoever it says.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::authentication::{NotLoggedIn, credentials};
use crate::access::{Authenticated, Caller, Credentials};
use crate::audit::Actor;

impl FromRequest for Actor {
    type Error = NotLoggedIn;
    type Future = Ready<Result<Self, NotLoggedIn>>;

    fn from_request(http: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(http, payload).into_inner();
        ready(caller.map(|caller| actor(&caller, http)))
    }
}

fn actor(caller: &Caller, http: &HttpRequest) -> Actor {
    match (caller.name(), &caller.how) {
        (Some(name), Authenticated::Password) => Actor::authenticated(name, "password".to_owned()),
        (Some(name), Authenticated::Token(id)) => Actor::authenticated(name, format!("token {id}")),
        // Nobody compares the password that clients send where `MLFLOW_TRACKING_USERNAME` is set: the name is a claim.
        _ => Actor::claiming(match credentials(http.headers()) {
            Credentials::Password { name, .. } => Some(name),
            Credentials::None | Credentials::Bearer(_) => None,
        }),
    }
}
