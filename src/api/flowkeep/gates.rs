//! What a version would need, without changing anything.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Payload};
use serde::Deserialize;
use serde_json::Value;

use super::input::VersionPath;
use super::payload;
use crate::api::State;
use crate::error::{Error, Result};
use crate::lifecycle::policy::Target;
use crate::lifecycle::preview;
use crate::store::model_versions::Stage;

const EXAMPLE: &str = r#"{"stage": "Production"}, {"alias": "champion"} or {"registration": true}"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    stage: Option<String>,
    alias: Option<String>,
    #[serde(default)]
    registration: bool,
}

impl Wanted {
    fn target(self) -> Result<Target> {
        match (self.stage, self.alias, self.registration) {
            (Some(stage), None, false) => Ok(Target::Stage(Stage::parse(&stage)?)),
            (None, Some(alias), false) => Ok(Target::Alias(alias)),
            (None, None, true) => Ok(Target::Registration),
            _ => Err(Error::invalid_parameter(format!(
                "The body names one target: {EXAMPLE}"
            ))),
        }
    }
}

pub async fn check(state: Data<State>, http: HttpRequest, body: Payload) -> Result<Json<Value>> {
    let path = VersionPath::of(&http)?;
    let target = payload::json::<Wanted>(body, EXAMPLE).await?.target()?;
    let report = preview::check(state.place(), path.name, path.version, target).await?;
    Ok(Json(report))
}

pub async fn gates(state: Data<State>, http: HttpRequest) -> Result<Json<Value>> {
    let path = VersionPath::of(&http)?;
    let gates = preview::gates(state.place(), path.name, path.version).await?;
    Ok(Json(gates))
}
