//! Keeps web pages from using the browser of somebody who can reach the server. A page elsewhere may
//! send requests here (so its `Origin` is checked), or point its own name at this machine and read the
//! answers too (so the `Host` is checked).

mod cors;
mod hosts;
mod patterns;

use std::rc::Rc;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderValue, ORIGIN, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use actix_web::http::{Method, header::ContentType};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, HttpResponseBuilder};
use tracing::warn;
use url::Url;

use self::cors::Origins;
use self::hosts::Hosts;
pub use self::hosts::without_port;
use super::API_PREFIXES;
use super::client::{self, Client};
use crate::config::{HttpSettings, SecuritySettings, TrustedProxies};

/// The protection against requests that a web page on another site makes a browser send.
pub struct Protection {
    hosts: Hosts,
    origins: Origins,
    frame_options: Option<HeaderValue>,
    static_prefix: String,
    proxies: TrustedProxies,
}

impl Protection {
    /// Reads the settings.
    pub fn new(settings: &SecuritySettings, http: &HttpSettings) -> Self {
        Self {
            hosts: Hosts::new(settings.allowed_hosts.as_deref()),
            origins: Origins::new(&settings.allowed_origins),
            frame_options: settings.frame_options.map(HeaderValue::from_static),
            static_prefix: http.static_prefix.clone(),
            proxies: http.trusted_proxies.clone(),
        }
    }

    /// Returns whether the path is one of those that probes read. Probes use any host name.
    fn is_health_check(&self, path: &str) -> bool {
        path.strip_prefix(&self.static_prefix)
            .is_some_and(|path| ["/health", "/version"].contains(&path))
    }

    /// Returns whether the path is the page in which a notebook shows a trace, inside of a frame.
    fn is_for_frames(&self, path: &str) -> bool {
        path.strip_prefix(&self.static_prefix)
            .is_some_and(|path| path.starts_with("/static-files/lib/notebook-trace-renderer"))
    }

    fn is_api(&self, path: &str) -> bool {
        path.strip_prefix(&self.static_prefix).is_some_and(|path| {
            API_PREFIXES.iter().any(|prefix| {
                path.strip_prefix(prefix)
                    .is_some_and(|rest| rest.starts_with('/'))
            })
        })
    }

    fn refuses(&self, request: &ServiceRequest, origin: &str) -> bool {
        let changes_something =
            [Method::POST, Method::PUT, Method::DELETE, Method::PATCH].contains(request.method());
        changes_something
            && self.is_api(request.path())
            && !self.origins.may_change(origin)
            && !self.is_own_page(request, origin)
    }

    /// Returns whether a page comes from this server: its origin is the address under which the browser reached the server.
    /// The host of that address is an allowed name of this server, so no other site has it.
    fn is_own_page(&self, request: &ServiceRequest, origin: &str) -> bool {
        // Browsers do not let pages set this header, so it can be trusted.
        let told = request.headers().get("sec-fetch-site");
        if told.is_some_and(|site| site == "same-origin") {
            return true;
        }
        let Ok(origin) = Url::parse(origin) else {
            return false;
        };
        let client = Client::new(&self.proxies, request.peer_addr(), request.headers());
        let host = client::host(request.headers());
        let forwarded = client
            .forwarded_host()
            .filter(|host| self.hosts.allow(host));
        [forwarded, Some(host.as_str())]
            .into_iter()
            .flatten()
            .any(|host| client.origins(host).any(|own| own == origin.origin()))
    }

    fn log_refused_origin(&self, request: &ServiceRequest, origin: &str) {
        let host = client::host(request.headers());
        let is_other_address =
            Url::parse(origin).is_ok_and(|origin| origin.host_str() == Some(without_port(&host)));
        let remedy = if is_other_address {
            let client = Client::new(&self.proxies, request.peer_addr(), request.headers());
            let own = client.origins(&host).next();
            let own = own.map(|own| own.ascii_serialization()).unwrap_or_default();
            format!(
                "The request came to {own}. If a proxy passed it on, name the proxy with \
                 --forwarded-allow-ips and let it send X-Forwarded-Proto and X-Forwarded-Host"
            )
        } else {
            "If that page may use this server, add it: --cors-allowed-origins".to_owned()
        };
        warn!(
            "Refused {} {} from a page of {origin:?}. {remedy}",
            request.method(),
            request.uri().path()
        );
    }
}

/// The middleware. Without a protection it lets everything pass.
pub async fn protect(
    protection: Rc<Option<Protection>>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(protection) = protection.as_ref() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let host = client::host(request.headers());
    if !protection.is_health_check(request.path()) && !protection.hosts.allow(&host) {
        log_refused_host(&request, &host);
        let refusal = text(
            HttpResponse::Forbidden(),
            "Invalid Host header - possible DNS rebinding attack detected",
        );
        return Ok(request.into_response(refusal));
    }
    let origin = request
        .headers()
        .get(ORIGIN)
        .map(|origin| String::from_utf8_lossy(origin.as_bytes()).into_owned());
    if let Some(origin) = &origin
        && let Some(answer) = protection.origins.preflight(request.request(), origin)
    {
        return Ok(request.into_response(answer));
    }
    let mut response = match &origin {
        Some(origin) if protection.refuses(&request, origin) => {
            protection.log_refused_origin(&request, origin);
            let refusal = text(HttpResponse::Forbidden(), "Cross-origin request blocked");
            request.into_response(refusal)
        }
        _ => {
            let is_for_frames = protection.is_for_frames(request.path());
            let mut response = next.call(request).await?.map_into_boxed_body();
            let headers = response.headers_mut();
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            if let Some(frame_options) =
                protection.frame_options.as_ref().filter(|_| !is_for_frames)
            {
                headers.insert(X_FRAME_OPTIONS, frame_options.clone());
            }
            response
        }
    };
    protection
        .origins
        .mark(response.headers_mut(), origin.as_deref());
    Ok(response)
}

fn log_refused_host(request: &ServiceRequest, host: &str) {
    let name = without_port(host);
    let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_[]:".contains(letter);
    let remedy = if name.is_empty() || !name.chars().all(plain) {
        String::new()
    } else {
        format!(" If that is a name of this server, add it: --allowed-hosts {name}")
    };
    warn!(
        "Refused {} {} for the host {host:?}.{remedy}",
        request.method(),
        request.uri().path()
    );
}

fn text(mut response: HttpResponseBuilder, body: &'static str) -> HttpResponse {
    response.content_type(ContentType::plaintext()).body(body)
}
