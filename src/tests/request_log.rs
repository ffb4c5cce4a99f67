//! The request log: a line for each request, and nothing secret in it.

use std::io::{self, Write};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use actix_web::App;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service};
use tracing::instrument::WithSubscriber;

use crate::api;
use crate::api::request_log::{RequestLog, log_request};
use crate::config::HttpSettings;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The line of a request, without the time that it took.
async fn line(request: TestRequest) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let http = HttpSettings {
        host: "127.0.0.1".to_owned(),
        port: 5000,
        workers: None,
        static_prefix: String::new(),
        trusted_proxies: "127.0.0.1".parse().unwrap(),
    };
    let log = Rc::new(RequestLog::new(&http));
    let request = request.peer_addr("127.0.0.1:4711".parse().unwrap());
    async {
        let app = init_service(
            App::new()
                .wrap(from_fn(move |request, next| {
                    log_request(Rc::clone(&log), request, next)
                }))
                .configure(api::configure),
        )
        .await;
        call_service(&app, request.to_request()).await;
    }
    .with_subscriber(subscriber)
    .await;
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let (line, took) = text.trim_end().rsplit_once("\" ").unwrap();
    let (outcome, took) = took.strip_suffix(" ms").unwrap().rsplit_once(' ').unwrap();
    assert!(took.parse::<f64>().is_ok(), "{took}");
    assert_eq!(text.lines().count(), 1, "{text}");
    format!("{line}\" {outcome}")
}

#[actix_web::test]
async fn a_line_tells_who_asked_for_what_and_got_what() {
    let health = TestRequest::with_uri("/health");
    insta::assert_snapshot!(line(health).await, @r#" INFO flowkeep::requests: 127.0.0.1 - "GET /health HTTP/1.1" 200"#);

    let proxied = TestRequest::post()
        .uri("/nowhere")
        .insert_header(("x-forwarded-for", "198.51.100.7"));
    insta::assert_snapshot!(line(proxied).await, @r#" INFO flowkeep::requests: 198.51.100.7 - "POST /nowhere HTTP/1.1" 404 ENDPOINT_NOT_FOUND"#);
}

#[actix_web::test]
async fn a_query_is_kept_secret() {
    let signed = TestRequest::with_uri("/health?X-Amz-Signature=0123&token=secret")
        .insert_header(("authorization", "Bearer secret"));
    insta::assert_snapshot!(line(signed).await, @r#" INFO flowkeep::requests: 127.0.0.1 - "GET /health?… HTTP/1.1" 200"#);
}

#[actix_web::test]
async fn nothing_in_a_path_ends_its_line() {
    let forged = TestRequest::with_uri("/health%0A127.0.0.1\"%20200");
    insta::assert_snapshot!(line(forged).await, @r#" INFO flowkeep::requests: 127.0.0.1 - "GET /health%0A127.0.0.1\"%20200 HTTP/1.1" 404 ENDPOINT_NOT_FOUND"#);
}
