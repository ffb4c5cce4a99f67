//! Replies to changes: what policies that only warn have against a change goes into headers.

use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;

use crate::lifecycle::Done;

/// The header with one warning.
pub const WARNING: &str = "Flowkeep-Warning";
/// The most letters of a warning. Clients refuse longer headers; the history has all of it.
const LONGEST_WARNING: usize = 4_000;

/// A change that was made, as a reply.
pub struct Changed<T>(pub Done<T>);

impl<T: Serialize> Responder for Changed<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        for warning in &self.0.warnings {
            response.append_header((WARNING, header_line(warning)));
        }
        response.json(self.0.value)
    }
}

/// Headers have one line and plain ASCII.
fn header_line(warning: &str) -> String {
    warning
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(LONGEST_WARNING)
        .map(|letter| if letter.is_ascii() { letter } else { '?' })
        .collect()
}
