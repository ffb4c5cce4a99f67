//! The request log: one line per request, in the format in which uvicorn writes it for MLflow.
//!
//! Queries are left out, because a query can contain a token or the signature of a URL.

use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use serde::Serialize;
use tracing::{Level, enabled, info};

use super::client::Client;
use crate::config::{HttpSettings, REQUESTS, TrustedProxies};
use crate::error::Error as Refusal;

/// The settings of the log.
pub struct RequestLog {
    proxies: TrustedProxies,
}

impl RequestLog {
    /// Takes the proxies that are trusted to name the client.
    pub fn new(http: &HttpSettings) -> Self {
        Self {
            proxies: http.trusted_proxies.clone(),
        }
    }
}

/// Logs a request after the head of the reply was made. The time in the log does not include the sending of the
/// body.
pub async fn log_request<B: MessageBody>(
    log: Rc<RequestLog>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if !enabled!(target: REQUESTS, Level::INFO) {
        return next.call(request).await;
    }
    let begun = Instant::now();
    let response = next.call(request).await?;
    let line = Line {
        log: &log,
        response: &response,
        took: begun.elapsed(),
    };
    info!(target: REQUESTS, "{line}");
    Ok(response)
}

struct Line<'a, B> {
    log: &'a RequestLog,
    response: &'a ServiceResponse<B>,
    took: Duration,
}

/// `127.0.0.1 - "GET /path?… HTTP/1.1" 404 RESOURCE_DOES_NOT_EXIST 0.3 ms`
impl<B> fmt::Display for Line<'_, B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = self.response.request();
        let client = Client::new(&self.log.proxies, request.peer_addr(), request.headers());
        match client.address() {
            Some(address) => write!(formatter, "{address}")?,
            None => formatter.write_str("-")?,
        }
        let query = match request.uri().query() {
            Some(_) => "?…",
            None => "",
        };
        write!(
            formatter,
            " - \"{} {}{query} {:?}\" {}",
            request.method(),
            Quoted(request.uri().path()),
            request.version(),
            self.response.status().as_u16()
        )?;
        let error = self.response.response().error();
        if let Some(refusal) = error.and_then(actix_web::Error::as_error::<Refusal>) {
            formatter.write_str(" ")?;
            refusal.code.serialize(&mut *formatter)?;
        }
        write!(formatter, " {:.1} ms", self.took.as_secs_f64() * 1000.0)
    }
}

/// A path between quotation marks: nothing in it ends them, and nothing of it moves a terminal.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"';
        if self.0.bytes().all(is_plain) {
            formatter.write_str(self.0)
        } else {
            write!(formatter, "{}", self.0.escape_default())
        }
    }
}
