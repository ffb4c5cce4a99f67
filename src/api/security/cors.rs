//! Which web pages may call the server, and what a browser is told about it.

use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ContentType, HeaderMap,
    HeaderName, HeaderValue, VARY,
};
use actix_web::{HttpRequest, HttpResponse};
use url::Url;

use super::patterns::Pattern;

const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];
const ALL_METHODS: &[&str] = &[
    "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY",
];
const REQUEST_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-request-private-network");

/// The origins of web pages that can call the API.
pub enum Origins {
    /// Every page can call the API and read replies. A browser then sends no cookies and no passwords.
    Any,
    Listed(Vec<Origin>),
}

/// An origin, which can contain wildcards.
pub struct Origin {
    name: String,
    pattern: Pattern,
}

impl Origins {
    /// Reads the list of allowed origins. `*` allows every origin.
    pub fn new(allowed: &[String]) -> Self {
        if allowed.iter().any(|origin| origin == "*") {
            return Self::Any;
        }
        let listed = allowed.iter().map(|name| Origin {
            name: name.clone(),
            pattern: Pattern::new(name),
        });
        Self::Listed(listed.collect())
    }

    /// Returns whether a page can send a request that changes something, even if it could not read the reply.
    pub fn may_change(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(listed) => {
                origin.is_empty()
                    || is_on_this_machine(origin)
                    || listed.iter().any(|allowed| allowed.pattern.matches(origin))
            }
        }
    }

    /// Whether a page may read what the server answers.
    fn may_read(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(listed) => {
                is_plain_local(origin) || listed.iter().any(|allowed| allowed.name == origin)
            }
        }
    }

    /// The answer to a browser that asks whether it may send a request.
    pub fn preflight(&self, request: &HttpRequest, origin: &str) -> Option<HttpResponse> {
        if request.method() != Method::OPTIONS {
            return None;
        }
        let wanted_method = request.headers().get(ACCESS_CONTROL_REQUEST_METHOD)?;
        let methods = match self {
            Self::Any => ALL_METHODS,
            Self::Listed(_) => METHODS,
        };
        let mut failures = Vec::new();
        if !self.may_read(origin) {
            failures.push("origin");
        }
        if !methods.iter().any(|method| wanted_method == method) {
            failures.push("method");
        }
        if request.headers().contains_key(REQUEST_PRIVATE_NETWORK) {
            failures.push("private-network");
        }
        let (mut response, body) = if failures.is_empty() {
            (HttpResponse::Ok(), "OK".to_owned())
        } else {
            let body = format!("Disallowed CORS {}", failures.join(", "));
            (HttpResponse::BadRequest(), body)
        };
        response
            .content_type(ContentType::plaintext())
            .insert_header((
                VARY,
                "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, \
                 Access-Control-Request-Private-Network",
            ))
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, methods.join(", ")))
            .insert_header((ACCESS_CONTROL_MAX_AGE, "600"));
        if let Some(headers) = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS) {
            response.insert_header((ACCESS_CONTROL_ALLOW_HEADERS, headers.clone()));
        }
        match self {
            Self::Any => {
                response.insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
            }
            Self::Listed(_) => {
                response.insert_header((ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"));
                if self.may_read(origin) {
                    response.insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, origin));
                }
            }
        }
        Some(response.body(body))
    }

    /// Tells the browser who may read a response.
    pub fn mark(&self, headers: &mut HeaderMap, origin: Option<&str>) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin else { return };
        let any = HeaderValue::from_static("*");
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, any.clone());
        match self {
            Self::Any => headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, any),
            Self::Listed(_) => {
                let yes = HeaderValue::from_static("true");
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
                match HeaderValue::from_str(origin) {
                    Ok(origin_value) if self.may_read(origin) => {
                        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin_value)
                    }
                    _ => return,
                }
            }
        };
    }
}

fn is_on_this_machine(origin: &str) -> bool {
    Url::parse(origin).is_ok_and(|url| {
        url.host_str()
            .is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host))
    })
}

/// `http://`, a name of this machine, and perhaps a port.
fn is_plain_local(origin: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|host| {
        origin
            .strip_prefix("http://")
            .and_then(|rest| rest.strip_prefix(host))
            .is_some_and(|rest| match rest.strip_prefix(':') {
                Some(port) => !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()),
                None => rest.is_empty(),
            })
    })
}
