//! Brings an archived version back.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::input::VersionPath;
use crate::api::State;
use crate::api::routes::with_warnings;
use crate::audit::Actor;
use crate::error::Result;
use crate::lifecycle::restoring;
use crate::wire::transition_model_version_stage::Response;

/// The reply is that of MLflow's transition.
pub async fn restore(state: Data<State>, actor: Actor, http: HttpRequest) -> Result<HttpResponse> {
    let path = VersionPath::of(&http)?;
    let done = state
        .change(actor, move |db, change| {
            restoring::restore(db, change, &path.name, &path.version)
        })
        .await?;
    Ok(with_warnings(done.map(|version| Response {
        model_version: Some(version),
    })))
}
