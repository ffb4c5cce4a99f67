//! Stands before every route: finds out who sends a request, and whether they may.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpMessage};

use super::State;
use super::permit::Permit;
use crate::access::{Access, Caller};
use crate::artifacts::Incoming;
use crate::error::Error as Refusal;

/// The guard of a route. A message is read after it, and asks for what its own needs are.
pub async fn guard<B: MessageBody>(
    access: Access,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let Some(state) = request.app_data::<Data<State>>().cloned() else {
        // Without a state there is nothing to protect.
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let permit = match admit(state, access, &request).await {
        Ok(permit) => permit,
        Err(error) => return Ok(refuse(request, error).await.map_into_right_body()),
    };
    request.extensions_mut().insert(permit.clone());
    let response = next.call(request).await?;
    if response.status().is_success() {
        permit.check_settled()?;
    }
    Ok(response.map_into_left_body())
}

async fn admit(
    state: Data<State>,
    access: Access,
    request: &ServiceRequest,
) -> Result<Permit, Error> {
    let caller = Caller::extract(request.request()).await?;
    Ok(Permit::of_request(
        state,
        caller,
        access,
        request.request(),
    )?)
}

/// A user reads the answer once the body is sent. Of nobody, no body is waited for.
async fn refuse(request: ServiceRequest, error: Error) -> ServiceResponse {
    let (http, payload) = request.into_parts();
    let error = match error.as_error::<Refusal>().cloned() {
        Some(refusal) => Error::from(Incoming::new(payload, None).refuse(refusal).await),
        None => error,
    };
    ServiceResponse::from_err(error, http)
}
