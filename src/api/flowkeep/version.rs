//! The model version that a path names, by number, by stage or by alias.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::percent_decode_str;
use std::future::{Ready, ready};

use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::model_versions::{self, Stage, names};
use crate::store::registered_models::aliases;
use crate::wire::ModelVersion;

/// `…/models/{name}/versions/{version}`, where the version is a number, a stage or `@alias`.
#[derive(Clone, Debug)]
pub struct NamedVersion {
    pub name: String,
    pub version: String,
}

impl NamedVersion {
    /// The newest of a stage, like in `models:/name/Production`. What is neither number nor stage is an
    /// alias, with or without the `@`.
    pub fn find(&self, db: &mut Db) -> Result<ModelVersion> {
        let (name, version) = (&self.name, &self.version);
        if let Some(alias) = version.strip_prefix('@') {
            return aliases::resolve(db, name, alias);
        }
        if names::version(version).is_ok() {
            return model_versions::get(db, name, version);
        }
        let Ok(stage) = Stage::parse(version) else {
            return aliases::resolve(db, name, version);
        };
        names::check_model(name)?;
        let newest = model_versions::latest_versions(db, name, &[stage.as_str().to_owned()])?;
        model_versions::newest(newest).ok_or_else(|| {
            Error::does_not_exist(format!(
                "No version of model '{name}' is in stage {}.",
                stage.as_str()
            ))
        })
    }
}

impl FromRequest for NamedVersion {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(http: &HttpRequest, _: &mut Payload) -> Self::Future {
        let part = |name| {
            // actix-web has decoded all but what would change the path's own structure.
            let part = percent_decode_str(http.match_info().query(name));
            part.decode_utf8_lossy().into_owned()
        };
        ready(Ok(Self {
            name: part("name"),
            version: part("version"),
        }))
    }
}
