//! The path of an artifact in the address of a request.

use actix_web::HttpRequest;

use crate::artifacts::ArtifactPath;
use crate::error::Result;

/// Returns the path that follows a route, as it was sent. The router's own has some characters decoded and others not.
pub fn path(http: &HttpRequest, route: &str) -> Result<ArtifactPath> {
    let sent = http.uri().path();
    let below = sent.split_once(route).map_or("", |(_, below)| below);
    ArtifactPath::from_address(below)
}

/// Returns the path that a route of the artifact proxy asks for.
pub fn requested(http: &HttpRequest) -> Result<ArtifactPath> {
    let pattern = http.match_pattern().unwrap_or_default();
    let route = pattern.split_once('{').map_or("", |(route, _)| route);
    let version = route.find("/2.0/").unwrap_or_default();
    path(http, &route[version..])
}
