//! What a request about users says, read once: who may send it and what it does are decided by the same values.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::refusal::{Refusal, Result};
use crate::api::message::read;
use crate::error::Error;

/// The largest body of such a request.
const LARGEST_BODY: usize = 1 << 20;

/// The values of a request by name: those of the query of a GET, else those of a JSON body.
pub struct Parameters {
    values: Map<String, Value>,
    /// Names that a query has more than once, with all values.
    query: Vec<(String, String)>,
    pub is_json: bool,
}

impl FromRequest for Parameters {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(http: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = http.content_type();
        let is_json = content_type == "application/json"
            || content_type.starts_with("application/") && content_type.ends_with("+json");
        let reads_query = *http.method() == Method::GET
            || *http.method() == Method::HEAD
            || *http.method() == Method::DELETE && !is_json;
        let query = if reads_query {
            form_urlencoded::parse(http.query_string().as_bytes())
                .into_owned()
                .collect()
        } else {
            Vec::new()
        };
        let payload = payload.take();
        Box::pin(async move {
            let values = if reads_query {
                first_values(&query)
            } else if is_json {
                let body = read(payload, LARGEST_BODY).await?;
                // What is no object has no values, and the first that is asked for is missing.
                serde_json::from_slice(&body).unwrap_or_default()
            } else {
                Map::new()
            };
            Ok(Self {
                values,
                query,
                is_json,
            })
        })
    }
}

fn first_values(query: &[(String, String)]) -> Map<String, Value> {
    let mut values = Map::new();
    for (name, value) in query {
        values
            .entry(name.as_str())
            .or_insert_with(|| Value::String(value.clone()));
    }
    values
}

impl Parameters {
    /// Returns a text. Fails if it is missing or no text.
    pub fn text(&self, name: &str) -> Result<String> {
        match self.required(name)? {
            Value::String(text) => Ok(text.clone()),
            _ => Err(invalid(format!("Parameter '{name}' must be a string."))),
        }
    }

    /// Returns a text that may be missing or null.
    pub fn optional_text(&self, name: &str, complaint: &str) -> Result<Option<String>> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(invalid(complaint.to_owned())),
        }
    }

    /// Returns an id, written as a number or as a text.
    pub fn integer(&self, name: &str) -> Result<i32> {
        let value = self.required(name)?;
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number
            .and_then(|number| i32::try_from(number).ok())
            .ok_or_else(|| {
                let shown = match value {
                    Value::String(text) => format!("'{text}'"),
                    value => value.to_string(),
                };
                invalid(format!(
                    "Parameter '{name}' must be an integer. Got: {shown}"
                ))
            })
    }

    pub fn boolean(&self, name: &str) -> Result<bool> {
        self.required(name)?
            .as_bool()
            .ok_or_else(|| invalid(format!("Parameter '{name}' must be true or false.")))
    }

    /// Fails, as MLflow asks whoever is no admin, unless a role, a grant of one or a workspace is named.
    pub fn require_role(&self, is_admin: bool) -> Result<()> {
        let names = ["role_id", "role_permission_id", "workspace"];
        if is_admin || names.iter().any(|name| self.values.contains_key(*name)) {
            return Ok(());
        }
        Err(invalid(
            "Request must include one of: role_id, role_permission_id, workspace.",
        ))
    }

    /// Returns all values that a query has for a name.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.query
            .iter()
            .filter(|(found, _)| found == name)
            .map(|(_, value)| value.clone())
            .collect()
    }

    fn required(&self, name: &str) -> Result<&Value> {
        self.values.get(name).ok_or_else(|| {
            invalid(format!(
                "Missing value for required parameter '{name}'. See the API docs for more information about request \
                 parameters."
            ))
        })
    }
}

pub fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::Error(Error::invalid_parameter(message))
}
