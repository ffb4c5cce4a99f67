//! Replies that are JSON already.

use std::convert::Infallible;

use actix_web::body::{BoxBody, SizedStream};
use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, Responder};
use bytes::Bytes;
use futures_util::stream;

use crate::wire::list_writer::JsonChunks;

impl Responder for JsonChunks {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let length: usize = self.chunks.iter().map(Bytes::len).sum();
        let chunks = stream::iter(self.chunks.into_iter().map(Ok::<_, Infallible>));
        HttpResponse::Ok()
            .insert_header(ContentType::json())
            .body(SizedStream::new(length as u64, chunks))
    }
}
