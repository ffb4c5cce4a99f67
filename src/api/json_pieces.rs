//! Replies that are JSON already.

use std::convert::Infallible;

use actix_web::body::{BoxBody, SizedStream};
use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, Responder};
use bytes::Bytes;
use futures_util::stream;

use crate::wire::list::Written;

impl Responder for Written {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let length: usize = self.pieces.iter().map(Bytes::len).sum();
        let pieces = stream::iter(self.pieces.into_iter().map(Ok::<_, Infallible>));
        HttpResponse::Ok()
            .insert_header(ContentType::json())
            .body(SizedStream::new(length as u64, pieces))
    }
}
