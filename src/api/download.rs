//! Sends a file: whole, or the range that a client asks for.

use std::ops::Range;
use std::time::SystemTime;

use actix_web::body::SizedStream;
use actix_web::http::header::{
    self, ContentRange, ContentRangeSpec, ContentType, ETag, EntityTag, Header, HttpDate, IfRange,
    LastModified, Range as RangeHeader,
};
use actix_web::{HttpRequest, HttpResponse};

use super::attachment::{content_disposition, content_type};
use crate::artifacts::Download;

/// A file with what is known of it beyond its bytes.
pub struct Attachment<'a> {
    pub name: &'a str,
    pub download: Download,
    /// Names the content; another content has another one.
    pub etag: String,
}

impl Attachment<'_> {
    pub fn respond(self, http: &HttpRequest) -> HttpResponse {
        let size = self.download.size;
        let etag = EntityTag::new_strong(self.etag);
        let modified = HttpDate::from(self.download.modified);
        let range = match requested(http, size, &etag, self.download.modified) {
            Ok(range) => range,
            Err(refusal) => return *refusal,
        };
        let mut response = if range.is_some() {
            HttpResponse::PartialContent()
        } else {
            HttpResponse::Ok()
        };
        if let Some(range) = &range {
            response.insert_header(ContentRange(ContentRangeSpec::Bytes {
                range: Some((range.start, range.end - 1)),
                instance_length: Some(size),
            }));
        }
        let range = range.unwrap_or(0..size);
        let length = range.end - range.start;
        response
            .insert_header((header::CONTENT_TYPE, content_type(self.name)))
            .insert_header((header::CONTENT_DISPOSITION, content_disposition(self.name)))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::ACCEPT_RANGES, "bytes"))
            .insert_header(LastModified(modified))
            .insert_header(ETag(etag))
            .body(SizedStream::new(length, self.download.stream(range)))
    }
}

/// The one range that is wanted. Of several, the whole file is sent, which every client must accept.
fn requested(
    http: &HttpRequest,
    size: u64,
    etag: &EntityTag,
    modified: SystemTime,
) -> Result<Option<Range<u64>>, Box<HttpResponse>> {
    if !http.headers().contains_key(header::RANGE) || !still_the_same(http, etag, modified) {
        return Ok(None);
    }
    let specs = match RangeHeader::parse(http) {
        Ok(RangeHeader::Bytes(specs)) => specs,
        Ok(RangeHeader::Unregistered(..)) => {
            return Err(Box::new(refuse("Only support bytes range")));
        }
        Err(_) => return Err(Box::new(refuse("Malformed range header."))),
    };
    match specs.as_slice() {
        [one] => match one.to_satisfiable_range(size) {
            Some((first, last)) => Ok(Some(first..last + 1)),
            None => Err(Box::new(
                HttpResponse::RangeNotSatisfiable()
                    .insert_header((header::CONTENT_RANGE, format!("bytes */{size}")))
                    .finish(),
            )),
        },
        _ => Ok(None),
    }
}

fn refuse(why: &'static str) -> HttpResponse {
    HttpResponse::BadRequest()
        .insert_header(ContentType::plaintext())
        .body(why)
}

/// Whether a client that continues a download continues the same file.
fn still_the_same(http: &HttpRequest, etag: &EntityTag, modified: SystemTime) -> bool {
    if !http.headers().contains_key(header::IF_RANGE) {
        return true;
    }
    match IfRange::parse(http) {
        Ok(IfRange::EntityTag(given)) => given.strong_eq(etag),
        Ok(IfRange::Date(date)) => HttpDate::from(modified).to_string() == date.to_string(),
        Err(_) => false,
    }
}
