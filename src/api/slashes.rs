//! Doubled slashes in addresses, which clients make by joining a server's address and a path.

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::uri::PathAndQuery;
use actix_web::http::{Uri, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest};

/// Takes several slashes at the start of a path for one. This comes before anything else looks at the
/// path, so that no check takes it for another one.
pub async fn merge_leading_slashes<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if let Some(uri) = with_one_leading_slash(request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    next.call(request).await
}

fn with_one_leading_slash(uri: &Uri) -> Option<Uri> {
    let whole = uri.path_and_query()?.as_str();
    let path = whole.trim_start_matches('/');
    if whole.len() - path.len() < 2 {
        return None;
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("/{path}")).ok()?);
    Uri::from_parts(parts).ok()
}

/// Sends a client on that asks for a path with doubled slashes, if there is one without them.
pub fn redirection(request: &HttpRequest) -> Option<HttpResponse> {
    let sent = request.uri().path();
    if !sent.contains("//") {
        return None;
    }
    let merged = merged(sent);
    if !request.resource_map().has_resource(&merged) {
        return None;
    }
    let location = match request.uri().query() {
        Some(query) => format!("{merged}?{query}"),
        None => merged,
    };
    let mut response = HttpResponse::PermanentRedirect();
    Some(
        response
            .insert_header((header::LOCATION, location))
            .finish(),
    )
}

fn merged(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for letter in path.chars() {
        if letter != '/' || !merged.ends_with('/') {
            merged.push(letter);
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_slashes_at_the_start_are_merged() {
        for (sent, taken) in [
            ("//health", Some("/health")),
            ("///a//b?c=//d", Some("/a//b?c=//d")),
            ("//", Some("/")),
            ("//?a", Some("/?a")),
            ("/health", None),
            ("/a//b", None),
            ("/", None),
        ] {
            let uri = with_one_leading_slash(&sent.parse().unwrap());
            assert_eq!(uri.map(|uri| uri.to_string()).as_deref(), taken, "{sent}");
        }
    }
}
