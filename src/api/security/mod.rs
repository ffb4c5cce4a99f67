//! Keeps web pages from using the browser of somebody who can reach the server. A page elsewhere may
//! send requests here (so its `Origin` is checked), or point its own name at this machine and read the
//! answers too (so the `Host` is checked).

mod cors;
mod patterns;

use std::rc::Rc;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    HOST, HeaderName, HeaderValue, ORIGIN, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::http::{Method, header::ContentType};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, HttpResponseBuilder};
use tracing::warn;

use self::cors::Origins;
use self::patterns::Hosts;
use super::API_PREFIXES;
use crate::config::SecuritySettings;

pub struct Protection {
    hosts: Hosts,
    origins: Origins,
    frame_options: Option<HeaderValue>,
    static_prefix: String,
}

impl Protection {
    pub fn new(settings: &SecuritySettings, static_prefix: &str) -> Self {
        Self {
            hosts: Hosts::new(settings.allowed_hosts.as_deref()),
            origins: Origins::new(&settings.allowed_origins),
            frame_options: settings.frame_options.map(HeaderValue::from_static),
            static_prefix: static_prefix.to_owned(),
        }
    }

    /// Probes address a server by whatever name they have for it.
    fn is_health_check(&self, path: &str) -> bool {
        path.strip_prefix(&self.static_prefix)
            .is_some_and(|path| ["/health", "/version"].contains(&path))
    }

    /// The page that a notebook shows a trace in, in a frame of its own.
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
        changes_something && self.is_api(request.path()) && !self.origins.may_change(origin)
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
    let host = header(&request, &HOST).unwrap_or_default();
    if !protection.is_health_check(request.path()) && !protection.hosts.allow(&host) {
        warn!("Refused a request with the Host header '{host}'.");
        let refusal = text(
            HttpResponse::Forbidden(),
            "Invalid Host header - possible DNS rebinding attack detected",
        );
        return Ok(request.into_response(refusal));
    }
    let origin = header(&request, &ORIGIN);
    if let Some(origin) = &origin
        && let Some(answer) = protection.origins.preflight(request.request(), origin)
    {
        return Ok(request.into_response(answer));
    }
    let mut response = match &origin {
        Some(origin) if protection.refuses(&request, origin) => {
            warn!("Refused a request from a page of '{origin}'.");
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

fn header(request: &ServiceRequest, name: &HeaderName) -> Option<String> {
    let value = request.headers().get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn text(mut response: HttpResponseBuilder, body: &'static str) -> HttpResponse {
    response.content_type(ContentType::plaintext()).body(body)
}
