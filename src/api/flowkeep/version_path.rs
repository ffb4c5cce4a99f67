//! Reads which model version a path is about.

use std::fmt::Display;
use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;

use super::parameters::VersionNumber;
use crate::api::message::path_parameter;
use crate::error::{Error, Result};

/// `…/model-versions/{name}/{version}/…`, where the version is a number unless a handler says that it
/// takes other references, too.
#[derive(Clone, Debug)]
pub struct VersionPath<V = VersionNumber> {
    /// The model's name.
    pub name: String,
    pub version: V,
}

impl<V> FromRequest for VersionPath<V>
where
    V: FromStr,
    V::Err: Display,
{
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(http: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(http))
    }
}

impl<V> VersionPath<V>
where
    V: FromStr,
    V::Err: Display,
{
    /// Reads the path of a request. Fails where the version is not written as `V` asks.
    pub fn of(http: &HttpRequest) -> Result<Self> {
        let version = path_parameter(http, "version").parse().map_err(|problem| {
            Error::invalid_parameter(format!("Parameter 'version' {problem}"))
        })?;
        Ok(Self {
            name: path_parameter(http, "name"),
            version,
        })
    }
}

/// The path of a version, as the OpenAPI document describes it.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only its description is used")]
pub struct NumberedVersion {
    /// The model's name.
    #[param(min_length = 1)]
    name: String,
    /// The version's number.
    #[param(minimum = 1)]
    version: i32,
}

/// The path of a version that may be named in several ways.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only its description is used")]
pub struct ReferencedVersion {
    /// The model's name.
    #[param(min_length = 1)]
    name: String,
    /// The version's number, a stage (its newest version), or an alias with or without an `@` before it.
    #[param(min_length = 1)]
    version: String,
}
