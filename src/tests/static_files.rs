//! The files of a made-up UI, as a browser gets them.

use std::fs;
use std::path::Path;

use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use actix_web::test::TestRequest;
use tempfile::TempDir;

use super::TestApp;
use super::harness::Reply;
use crate::ui::UiFolder;

const SCRIPT: &str = "/static-files/static/js/main.c2f5f8d4.js";

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

async fn app() -> (TestApp, TempDir) {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("ui");
    for (path, text) in [
        ("index.html", "<title>MLflow</title>"),
        ("favicon.ico", "icon"),
        ("static/js/main.c2f5f8d4.js", "plain"),
        ("static/js/main.c2f5f8d4.js.br", "brotli"),
        ("static/js/main.c2f5f8d4.js.gz", "gzip"),
        ("static/media/worker.16b289c2599c81a29db9.mjs", "module"),
        ("../secret", "not to be seen"),
    ] {
        write(&root, path, text);
    }
    let ui = UiFolder::open(&root).unwrap();
    let app = TestApp::with_settings(|settings| settings.ui = Some(ui)).await;
    (app, folder)
}

fn header(reply: &Reply, name: actix_web::http::header::HeaderName) -> &str {
    let value = reply.headers.get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[actix_web::test]
async fn files_named_by_content_are_kept_and_others_asked_for_again() {
    let (app, _folder) = app().await;
    for (path, text, content_type, cache) in [
        (
            "/",
            "<title>MLflow</title>",
            "text/html; charset=utf-8",
            "no-cache",
        ),
        (
            "/build/index.html",
            "<title>MLflow</title>",
            "text/html; charset=utf-8",
            "no-cache",
        ),
        (
            "/static-files/favicon.ico",
            "icon",
            "image/x-icon",
            "no-cache",
        ),
        (
            SCRIPT,
            "plain",
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
        (
            "/static-files/static/media/worker.16b289c2599c81a29db9.mjs",
            "module",
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
    ] {
        let reply = app.get(path).await;
        assert_eq!((reply.status, reply.text().as_str()), (200, text), "{path}");
        assert_eq!(header(&reply, CONTENT_TYPE), content_type, "{path}");
        assert_eq!(header(&reply, CACHE_CONTROL), cache, "{path}");
    }
}

#[actix_web::test]
async fn a_browser_gets_the_best_encoding_that_it_takes() {
    let (app, _folder) = app().await;
    for (accepts, text, encoding) in [
        ("gzip, deflate, br, zstd", "brotli", "br"),
        ("gzip", "gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip", "gzip"),
        ("identity, br;q=0.1", "plain", ""),
        ("", "plain", ""),
    ] {
        let request = TestRequest::get()
            .uri(SCRIPT)
            .insert_header((ACCEPT_ENCODING, accepts));
        let reply = app.send(request).await;
        assert_eq!(reply.text(), text, "{accepts}");
        assert_eq!(header(&reply, CONTENT_ENCODING), encoding, "{accepts}");
        assert_eq!(
            header(&reply, CONTENT_TYPE),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(header(&reply, VARY), "accept-encoding");
    }
}

#[actix_web::test]
async fn what_a_browser_has_is_not_sent_again() {
    let (app, _folder) = app().await;
    let first = app.get("/").await;
    let tag = header(&first, ETAG).to_owned();
    let request = TestRequest::get()
        .uri("/")
        .insert_header((IF_NONE_MATCH, tag));
    let second = app.send(request).await;
    assert_eq!((second.status, second.text().as_str()), (304, ""));
    assert_eq!(header(&second, CACHE_CONTROL), "no-cache");
    let head = TestRequest::with_uri(SCRIPT).method(Method::HEAD);
    assert_eq!(app.send(head).await.status, 200);
}

/// The UI shows nothing where it was refused. A script of flowkeep's does.
#[actix_web::test]
async fn the_page_begins_with_the_script_of_notices() {
    let (app, folder) = app().await;
    let page =
        "<!doctype html><html><head><script src=\"static-files/main.js\"></script></head></html>";
    write(&folder.path().join("ui"), "index.html", page);
    let script = "static-files/flowkeep/notices.js";
    for path in ["/", "/build/index.html", "/static-files/index.html"] {
        let text = app.get(path).await.text();
        let scripts: Vec<_> = text.split("src=\"").skip(1).collect();
        assert_eq!(scripts.len(), 2, "{path}: {text}");
        assert!(scripts[0].starts_with(script), "{path}: {text}");
    }
    let reply = app.get(&format!("/{script}")).await;
    assert_eq!(
        header(&reply, CONTENT_TYPE),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(header(&reply, CACHE_CONTROL), "no-cache");
    assert!(reply.text().contains("Flowkeep-Not-Built"));
}

#[actix_web::test]
async fn nothing_outside_of_the_folder_is_served() {
    let (app, _folder) = app().await;
    for path in [
        "/static-files/../secret",
        "/static-files/%2e%2e/secret",
        "/static-files/..%2fsecret",
        "/static-files/static/../../secret",
        "/static-files//etc/passwd",
        "/static-files/static/js",
        "/static-files/",
        "/build/..%2fsecret",
    ] {
        let reply = app.get(path).await;
        assert!(
            reply.error().starts_with("404 ENDPOINT_NOT_FOUND"),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn without_a_ui_the_front_page_says_how_to_get_it() {
    let app = TestApp::new().await;
    let page = app.get("/").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text().contains("flowkeep ui install"),
        "{}",
        page.text()
    );
    assert_eq!(
        app.get(SCRIPT).await.error(),
        format!("404 ENDPOINT_NOT_FOUND: There is no GET {SCRIPT} on this server.")
    );
}

#[actix_web::test]
async fn a_server_of_artifacts_alone_shows_the_ui_too() {
    let (_, folder) = app().await;
    let ui = UiFolder::open(&folder.path().join("ui")).unwrap();
    let app = TestApp::with_settings(|settings| {
        settings.ui = Some(ui);
        settings.artifacts.only = true;
    })
    .await;
    for (path, status) in [
        ("/", 200),
        (SCRIPT, 200),
        ("/ajax-api/2.0/mlflow/runs/get", 503),
    ] {
        assert_eq!(app.get(path).await.status, status, "{path}");
    }
}
