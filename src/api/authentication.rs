//! HTTP's authentication: what a request shows of its sender, and the answer where that is not enough.

use std::fmt;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    AUTHORIZATION, ContentType, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error as ActixError, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::State;
use super::client::Client;
use crate::access::{Caller, Credentials, LoginError};

/// MLflow's answer to whoever is not logged in.
const NOT_AUTHENTICATED: &str = "You are not authenticated. Please see \
    https://www.mlflow.org/docs/latest/auth/index.html#authenticating-to-mlflow on how to authenticate.";

/// Finds out who sends a request, before anything else looks at it, and refuses whoever is nobody. What a load balancer
/// or a client must read first is open.
pub async fn authenticate<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, ActixError> {
    // No password is checked where none is needed.
    if is_open(&request) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    match caller_of(request.request()).await {
        // Without logins there is nobody to find out about.
        Ok(None) => {}
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
        }
        Err(error) => {
            let response = error.error_response().map_into_right_body();
            return Ok(request.into_response(response));
        }
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// Whether a request is answered without a login.
fn is_open(request: &ServiceRequest) -> bool {
    let state = request.app_data::<Data<State>>();
    let prefix = state.map_or("", |state| state.static_prefix.as_str());
    let own = request.path().strip_prefix(prefix);
    own.is_some_and(is_open_path)
}

/// Whether a path is open. The whole path decides, not how it begins: a prefix such as `/static-of-mine` frees nothing.
fn is_open_path(path: &str) -> bool {
    const PATHS: [&str; 4] = [
        "/health",
        "/favicon.ico",
        "/api/3.0/mlflow/server-info",
        "/ajax-api/3.0/mlflow/server-info",
    ];
    PATHS.contains(&path) || path.starts_with("/static-files/")
}

/// Returns who sends a request. `None` on a server without logins.
async fn caller_of(http: &HttpRequest) -> Result<Option<Caller>, NotLoggedIn> {
    // A layer further out may know already.
    if let Some(caller) = http.extensions().get::<Caller>() {
        return Ok(Some(caller.clone()));
    }
    let state = http.app_data::<Data<State>>();
    let Some((state, logins)) = state.and_then(|state| Some((state, state.logins.as_ref()?)))
    else {
        return Ok(None);
    };
    let address = Client::new(&state.trusted_proxies, http.peer_addr(), http.headers()).address();
    let credentials = credentials(http.headers());
    Ok(Some(logins.authenticate(credentials, address).await?))
}

/// What the `Authorization` header shows. Several of them show nothing: two readers may take different ones.
pub fn credentials(headers: &HeaderMap) -> Credentials {
    let mut sent = headers.get_all(AUTHORIZATION);
    let (Some(header), None) = (sent.next(), sent.next()) else {
        return Credentials::None;
    };
    read(header.as_bytes()).unwrap_or(Credentials::None)
}

fn read(header: &[u8]) -> Option<Credentials> {
    let header = std::str::from_utf8(header).ok()?;
    let (scheme, value) = header.trim().split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Credentials::Bearer(value.to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(value).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some(Credentials::Password {
        name: name.to_owned(),
        password: password.to_owned(),
    })
}

/// Why a request is not answered: nobody is logged in, or the server could not find out.
#[derive(Debug)]
pub struct NotLoggedIn(LoginError);

impl NotLoggedIn {
    /// A request that shows nothing.
    pub const fn nobody() -> Self {
        Self(LoginError::Refused)
    }
}

impl From<LoginError> for NotLoggedIn {
    fn from(error: LoginError) -> Self {
        Self(error)
    }
}

impl fmt::Display for NotLoggedIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            LoginError::Refused => formatter.write_str(NOT_AUTHENTICATED),
            LoginError::TooMany { .. } => {
                formatter.write_str("Too many logins have failed. Try again later.")
            }
            LoginError::Failed(error) => error.fmt(formatter),
        }
    }
}

impl ResponseError for NotLoggedIn {
    fn status_code(&self) -> StatusCode {
        match &self.0 {
            LoginError::Refused => StatusCode::UNAUTHORIZED,
            LoginError::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            LoginError::Failed(error) => error.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        if let LoginError::Failed(error) = &self.0 {
            return error.error_response();
        }
        let mut response = HttpResponse::build(self.status_code());
        response.content_type(ContentType::html());
        match &self.0 {
            LoginError::TooMany { retry_after } => {
                response.insert_header((RETRY_AFTER, retry_after.as_secs().max(1).to_string()));
            }
            _ => {
                response.insert_header((WWW_AUTHENTICATE, "Basic realm=\"mlflow\""));
            }
        }
        // The rest of a body is not waited for: whoever is nobody could send one without an end.
        response.body(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn shown(headers: &[&str]) -> String {
        let mut request = TestRequest::default();
        for header in headers {
            request = request.append_header((AUTHORIZATION, *header));
        }
        match credentials(request.to_http_request().headers()) {
            Credentials::None => "nothing".to_owned(),
            Credentials::Bearer(token) => format!("bearer {token}"),
            Credentials::Password { name, password } => format!("{name} / {password}"),
        }
    }

    #[test]
    fn credentials_are_read_from_one_header() {
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        assert_eq!(shown(&[&basic("user:pass:word ü")]), "user / pass:word ü");
        assert_eq!(shown(&[&basic(":")]), " / ");
        assert_eq!(shown(&["bearer fkt_abc"]), "bearer fkt_abc");
        for headers in [
            &[][..],
            &["Basic"],
            &["Basic ?"],
            &[&basic("no colon")],
            &["Digest abc"],
            &[&basic("a:b"), &basic("c:d")],
        ] {
            assert_eq!(shown(headers), "nothing", "{headers:?}");
        }
    }

    #[test]
    fn only_whole_paths_are_open() {
        for path in [
            "/health",
            "/static-files/a/b.js",
            "/api/3.0/mlflow/server-info",
        ] {
            assert!(is_open_path(path), "{path}");
        }
        for path in [
            "/healthy",
            "/static",
            "/static-files",
            "/version",
            "/",
            "/health/",
            "/api/2.0/mlflow/runs/create/server-info",
            "/%68ealth/../api/2.0/mlflow/runs/get",
        ] {
            assert!(!is_open_path(path), "{path}");
        }
    }
}
