//! Whether a version is still what was sealed.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json};

use super::input::VersionPath;
use crate::api::State;
use crate::error::Result;
use crate::lifecycle::integrity::{self, Integrity};

pub async fn get(state: Data<State>, http: HttpRequest) -> Result<Json<Integrity>> {
    let path = VersionPath::of(&http)?;
    let found = integrity::check(state.place(), path.name, path.version).await?;
    Ok(Json(found))
}
