//! Reads the parameters of requests, and refuses them in MLflow's manner.

use std::collections::BTreeMap;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::DateTime;
use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};

/// The parameters of a query string.
pub struct Parameters(BTreeMap<String, String>);

impl FromRequest for Parameters {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(http: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = url::form_urlencoded::parse(http.query_string().as_bytes());
        ready(Ok(Self(pairs.into_owned().collect())))
    }
}

impl Parameters {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub fn required(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| {
            Error::invalid_parameter(format!(
                "Missing value for required parameter '{name}'. See the API docs for more information about request parameters."
            ))
        })
    }

    pub fn version(&self, name: &str) -> Result<Option<i32>> {
        self.get(name).map(version).transpose()
    }

    /// A moment: milliseconds since 1970, or RFC 3339.
    pub fn time(&self, name: &str) -> Result<Option<i64>> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let refused = || {
            Error::invalid_parameter(format!(
                "Parameter '{name}' must be a time, as milliseconds since 1970 or like 2026-01-31T12:00:00Z, got '{text}'."
            ))
        };
        if let Ok(milliseconds) = text.parse() {
            return Ok(Some(milliseconds));
        }
        // In a query string, the plus sign of an offset stands for a space.
        let moment = DateTime::parse_from_rfc3339(&text.replace(' ', "+"));
        Ok(Some(moment.map_err(|_| refused())?.timestamp_millis()))
    }

    /// How many entries a page may have at most.
    pub fn max_results(&self, default: i64, most: i64) -> Result<i64> {
        let Some(text) = self.get("max_results") else {
            return Ok(default);
        };
        text.parse()
            .ok()
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| {
                Error::invalid_parameter(format!(
                    "Parameter 'max_results' must be an integer from 1 to {most}, got '{text}'."
                ))
            })
    }

    /// The last entry of the page before; zero for the first page.
    pub fn page_token(&self) -> Result<i64> {
        let Some(token) = self.get("page_token") else {
            return Ok(0);
        };
        BASE64_URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| text.parse().ok())
            .filter(|after| *after > 0)
            .ok_or_else(|| Error::invalid_parameter(format!("Invalid page token: '{token}'.")))
    }
}

/// The version that a path names.
pub struct VersionPath {
    pub name: String,
    pub version: String,
}

impl VersionPath {
    pub fn of(http: &HttpRequest) -> Result<Self> {
        let part = |name: &str| {
            // actix-web has decoded all but what would change the path's own structure.
            let part = http.match_info().query(name);
            percent_decode_str(part).decode_utf8_lossy().into_owned()
        };
        let path = Self {
            name: part("name"),
            version: part("version"),
        };
        version(&path.version)?;
        Ok(path)
    }
}

pub fn page_token(after: i64) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(after.to_string())
}

/// The number of a version.
pub fn version(text: &str) -> Result<i32> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| {
            Error::invalid_parameter(format!(
                "Parameter 'version' must be an integer, got '{text}'."
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(query: &str) -> Parameters {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        Parameters(pairs.into_owned().collect())
    }

    #[test]
    fn times_are_numbers_or_dates() {
        for query in [
            "at=1700000000000",
            "at=2023-11-14T22:13:20Z",
            "at=2023-11-14T23:13:20+01:00",
            "at=2023-11-14T23:13:20%2B01:00",
        ] {
            let time = parameters(query).time("at").unwrap();
            assert_eq!(time, Some(1_700_000_000_000), "{query}");
        }
        assert_eq!(parameters("").time("at").unwrap(), None);
        assert!(parameters("at=yesterday").time("at").is_err());
    }

    #[test]
    fn page_tokens_come_back() {
        let token = page_token(42);
        let page = parameters(&format!("page_token={token}"));
        assert_eq!(page.page_token(), Ok(42));
        assert_eq!(parameters("").page_token(), Ok(0));
        assert!(parameters("page_token=%3F").page_token().is_err());
    }
}
