//! Sends a file: whole, or the range that a client asks for.

use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::body::SizedStream;
use actix_web::http::header::{
    self, ContentRange, ContentRangeSpec, ContentType, ETag, EntityTag, Header, HttpDate,
    IfModifiedSince, IfNoneMatch, IfRange, LastModified, Range as RangeHeader,
};
use actix_web::{HttpRequest, HttpResponse};

use super::attachment::{content_disposition, content_type};
use crate::artifacts::Artifact;

/// A file with what is known of it beyond its bytes.
pub struct Attachment<'a> {
    pub name: &'a str,
    pub artifact: Artifact,
}

impl Attachment<'_> {
    /// Sends the file, the range that the client asks for, or only that nothing has changed since the client
    /// read it.
    pub fn respond(self, http: &HttpRequest) -> HttpResponse {
        let Artifact { download, sha256 } = self.artifact;
        let size = download.size;
        // Names the content; another content has another one.
        let etag =
            EntityTag::new_strong(sha256.unwrap_or_else(|| format!("{}-{size}", download.version)));
        let modified = HttpDate::from(download.modified);
        if is_known(http, &etag, download.modified) {
            return HttpResponse::NotModified()
                .insert_header(LastModified(modified))
                .insert_header(ETag(etag))
                .finish();
        }
        let range = match requested(http, size, &etag, download.modified) {
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
            .body(SizedStream::new(length, download.stream(range)))
    }
}

/// Whether the client has the same file already.
fn is_known(http: &HttpRequest, etag: &EntityTag, modified: SystemTime) -> bool {
    if http.headers().contains_key(header::IF_NONE_MATCH) {
        return match IfNoneMatch::parse(http) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(etag)),
            Err(_) => false,
        };
    }
    match IfModifiedSince::parse(http) {
        // Dates have no fractions of a second.
        Ok(IfModifiedSince(date)) => seconds(modified) <= seconds(date.into()),
        Err(_) => false,
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
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
