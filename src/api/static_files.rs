//! The files of the web UI, and a page of flowkeep's own if no UI is installed.

use std::borrow::Cow;
use std::fs;

use actix_files::NamedFile;
use actix_web::http::header::{
    self, AcceptEncoding, CACHE_CONTROL, CONTENT_TYPE, ContentEncoding, ETag, Encoding as Accepted,
    EntityTag, Header, HeaderValue, IfNoneMatch, VARY,
};
use actix_web::web::{Data, Html, Path};
use actix_web::{HttpRequest, HttpResponse, Responder};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::State;
use crate::error::{Error, ErrorCode, Result};
use crate::ui::{Encoding, UiFolder};

const INDEX: &str = "index.html";
/// A script of flowkeep's own, with which the UI shows what flowkeep does not have.
const NOTICES: &str = "flowkeep/notices.js";
const NOTICES_SCRIPT: &str = include_str!("notices.js");
/// Makes a browser check each time whether the file has changed.
const ASK_AGAIN: &str = "no-cache";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Sends the page of the UI, or a page of flowkeep's own if no UI is installed.
pub async fn page(http: HttpRequest) -> Result<HttpResponse> {
    match ui(&http) {
        Some(ui) => send_index(ui, &http),
        None => Ok(Html::new(include_str!("front_page.html"))
            .respond_to(&http)
            .map_into_boxed_body()),
    }
}

/// Sends one file of the UI.
pub async fn file(path: Path<String>, http: HttpRequest) -> Result<HttpResponse> {
    match (ui(&http), path.as_str()) {
        (Some(_), NOTICES) => Ok(send_text(NOTICES_SCRIPT.to_owned(), NOTICES, &http)),
        (Some(ui), INDEX) => send_index(ui, &http),
        (Some(ui), path) => send(ui, path, &http),
        (None, _) => Err(unknown(&http)),
    }
}

fn ui(http: &HttpRequest) -> Option<&UiFolder> {
    http.app_data::<Data<State>>()?.ui.as_ref()
}

/// Sends the page of the UI with the script of notices in it, before those of the UI.
fn send_index(ui: &UiFolder, http: &HttpRequest) -> Result<HttpResponse> {
    let page = ui
        .locate(INDEX, |_| false)
        .and_then(|(location, _)| fs::read_to_string(location).ok())
        // It was there when the server started.
        .ok_or_else(|| unknown(http))?;
    let head = format!("<head><script src=\"static-files/{NOTICES}\"></script>");
    Ok(send_text(page.replacen("<head>", &head, 1), INDEX, http))
}

/// Sends a text that is made here, unless the browser has it.
fn send_text(text: String, path: &str, http: &HttpRequest) -> HttpResponse {
    let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&text));
    let tag = EntityTag::new_strong(digest);
    let is_known = match IfNoneMatch::parse(http) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    };
    let mut response = if is_known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header(ETag(tag))
        .insert_header((CONTENT_TYPE, content_type(path)))
        .insert_header((CACHE_CONTROL, ASK_AGAIN));
    if is_known {
        response.finish()
    } else {
        response.body(text)
    }
}

fn send(ui: &UiFolder, path: &str, http: &HttpRequest) -> Result<HttpResponse> {
    let preferred = preferred_encoding(http, ui.encodings(path));
    let (location, encoding) = ui
        .locate(path, |encoding| Some(encoding) == preferred)
        .ok_or_else(|| unknown(http))?;
    let mut file = NamedFile::open(location)
        // It was there when the server started.
        .map_err(|_| unknown(http))?
        .disable_content_disposition();
    if let Some(encoding) = encoding {
        file = file.set_content_encoding(match encoding {
            Encoding::Brotli => ContentEncoding::Brotli,
            Encoding::Gzip => ContentEncoding::Gzip,
        });
    }
    let mut response = file.into_response(http);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type(path));
    let lifetime = if is_named_by_content(path) {
        FOR_EVER
    } else {
        ASK_AGAIN
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(lifetime));
    if ui.encodings(path).next().is_some() {
        headers.append(VARY, HeaderValue::from_name(header::ACCEPT_ENCODING));
    }
    Ok(response)
}

/// The encoding that a reader likes best, if it is not the plain file.
fn preferred_encoding(
    http: &HttpRequest,
    there: impl Iterator<Item = Encoding>,
) -> Option<Encoding> {
    let there: Vec<_> = there.map(|encoding| (encoding, name(encoding))).collect();
    let plain = Accepted::identity();
    let choice = AcceptEncoding::parse(http)
        .ok()?
        .negotiate(there.iter().map(|(_, name)| name).chain([&plain]))?;
    let (encoding, _) = there.iter().find(|(_, name)| *name == choice)?;
    Some(*encoding)
}

fn name(encoding: Encoding) -> Accepted {
    match encoding {
        Encoding::Brotli => Accepted::brotli(),
        Encoding::Gzip => Accepted::gzip(),
    }
}

fn content_type(path: &str) -> HeaderValue {
    let guess = match mime_guess::from_path(path).first_raw() {
        // Its name before it got the registered one.
        Some("application/javascript") => "text/javascript",
        Some(guess) => guess,
        None => "application/octet-stream",
    };
    let text = if guess.starts_with("text/") {
        Cow::Owned(format!("{guess}; charset=utf-8"))
    } else {
        Cow::Borrowed(guess)
    };
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// Whether a part of the name is a hash of the file, so that another content has another name.
fn is_named_by_content(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split('.')
        .skip(1)
        .any(|part| part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn unknown(http: &HttpRequest) -> Error {
    Error::new(
        ErrorCode::EndpointNotFound,
        format!(
            "There is no {} {} on this server.",
            http.method(),
            http.path()
        ),
    )
}
