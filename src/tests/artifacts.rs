use std::fs;
use std::os::unix::fs::symlink;

use actix_web::test::TestRequest;
use serde_json::json;

use super::TestApp;
use super::harness::Reply;

pub const ARTIFACTS: &str = "/api/2.0/mlflow-artifacts/artifacts";

pub async fn put(app: &TestApp, path: &str, content: &[u8]) -> Reply {
    let request = TestRequest::put()
        .uri(&format!("{ARTIFACTS}/{path}"))
        .set_payload(content.to_vec());
    app.send(request).await
}

pub async fn get(app: &TestApp, path: &str) -> Reply {
    app.get(&format!("{ARTIFACTS}/{path}")).await
}

pub fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply
        .headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// All files below the artifact folder, hidden ones as well.
pub fn files(app: &TestApp) -> Vec<String> {
    fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(path.display().to_string());
            }
        }
    }
    let root = app.folder().join("mlartifacts");
    let mut found = Vec::new();
    walk(&root, &mut found);
    let prefix = format!("{}/", root.display());
    let mut found: Vec<_> = found.iter().map(|file| file.replace(&prefix, "")).collect();
    found.sort();
    found
}

#[actix_web::test]
async fn what_is_stored_is_sent() {
    let app = TestApp::new().await;
    let content: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let reply = put(&app, "1/run/artifacts/model%20a/weights.bin", &content).await;
    assert_eq!((reply.status, reply.text().as_str()), (200, ""));

    let reply = get(&app, "1/run/artifacts/model%20a/weights.bin").await;
    assert_eq!(reply.status, 200);
    assert!(reply.body == content);
    assert_eq!(header(&reply, "content-type"), "application/octet-stream");
    assert_eq!(
        header(&reply, "content-disposition"),
        "attachment; filename=weights.bin"
    );
    assert_eq!(header(&reply, "x-content-type-options"), "nosniff");
    assert_eq!(header(&reply, "accept-ranges"), "bytes");
    assert_eq!(files(&app), ["1/run/artifacts/model a/weights.bin"]);
}

#[actix_web::test]
async fn a_list_shows_one_level() {
    let app = TestApp::new().await;
    for (path, content) in [("a/z.txt", "12345"), ("a/b/c.txt", "1"), ("a/empty", "")] {
        put(&app, path, content.as_bytes()).await;
    }
    let list = app.get(&format!("{ARTIFACTS}?path=a")).await;
    assert_eq!(
        list.ok(),
        json!({"files": [
            {"path": "b", "is_dir": true},
            {"path": "empty", "is_dir": false},
            {"path": "z.txt", "is_dir": false, "file_size": 5},
        ]})
    );
    for nothing in ["nope", "a/z.txt"] {
        let list = app.get(&format!("{ARTIFACTS}?path={nothing}")).await;
        assert_eq!(list.ok(), json!({}));
    }
    let root = app.get(ARTIFACTS).await;
    assert_eq!(root.ok(), json!({"files": [{"path": "a", "is_dir": true}]}));
}

#[actix_web::test]
async fn a_deleted_artifact_is_gone() {
    let app = TestApp::new().await;
    for path in ["a/1", "a/b/2", "c"] {
        put(&app, path, b"x").await;
    }
    for path in ["c", "a/b", "nope", "c/below"] {
        let request = TestRequest::delete().uri(&format!("{ARTIFACTS}/{path}"));
        assert_eq!(app.send(request).await.ok(), json!({}));
    }
    assert_eq!(files(&app), ["a/1"]);
    let root = app
        .send(TestRequest::delete().uri(&format!("{ARTIFACTS}/")))
        .await;
    assert_eq!(root.status, 404);
    assert_eq!(files(&app), ["a/1"]);
}

#[actix_web::test]
async fn no_path_leaves_the_root() {
    let app = TestApp::new().await;
    fs::write(app.folder().join("secret"), "secret").unwrap();
    put(&app, "inside", b"x").await;
    let root = app.folder().join("mlartifacts");
    symlink("..", root.join("out")).unwrap();
    symlink("../secret", root.join("link")).unwrap();
    symlink("inside", root.join("within")).unwrap();
    for path in [
        "../secret",
        "%2e%2e/secret",
        "%252e%252e%252fsecret",
        "a/../../secret",
        "..%5csecret",
        "/etc/passwd",
        "%2fetc/passwd",
        "C:/secret",
        "C:%5csecret",
        "secret%00",
        "out/secret",
        "link",
    ] {
        let reply = get(&app, path).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text());
        let reply = app
            .send(TestRequest::delete().uri(&format!("{ARTIFACTS}/{path}")))
            .await;
        assert!(
            path == "link" || reply.status == 400,
            "{path}: {}",
            reply.text()
        );
    }
    for path in ["../new", "out/new", "%2e%2e%2fnew"] {
        assert_eq!(put(&app, path, b"x").await.status, 400, "{path}");
    }
    let list = app.get(&format!("{ARTIFACTS}?path=out")).await;
    assert_eq!(list.status, 400);
    assert_eq!(get(&app, "within").await.body, "x");
    assert_eq!(
        fs::read_to_string(app.folder().join("secret")).unwrap(),
        "secret"
    );
    assert!(!app.folder().join("new").exists());
}

#[actix_web::test]
async fn refusals_are_those_of_mlflow() {
    let app = TestApp::new().await;
    put(&app, "a/file", b"x").await;
    let told = |reply: Reply| format!("{} {}", reply.status, reply.text());
    let directory = r#"400 {"detail":"Artifact path refers to a directory, not a file: 'a'"}"#;
    assert_eq!(told(get(&app, "a").await), directory);
    let no_name =
        r#"400 {"detail":"Artifact path must include a filename (cannot end with '/')."}"#;
    assert_eq!(told(put(&app, "a/", b"").await), no_name);
    assert_eq!(told(put(&app, "a%2F", b"").await), no_name);
    assert_eq!(told(put(&app, "", b"").await), no_name);
    insta::assert_snapshot!(get(&app, "nope").await.error(), @"404 RESOURCE_DOES_NOT_EXIST: No such artifact: 'nope'");
    insta::assert_snapshot!(
        put(&app, "a/.artifact.uploading.x", b"").await.error(),
        @"400 INVALID_PARAMETER_VALUE: Invalid artifact file name: '.artifact.uploading.x'. Artifact names starting with '.artifact.uploading.' are reserved."
    );
    insta::assert_snapshot!(put(&app, "a", b"").await.error(), @"400 INVALID_PARAMETER_VALUE: 'a' is a directory, not a file.");
    insta::assert_snapshot!(put(&app, "a/file/b", b"").await.error(), @"400 INVALID_PARAMETER_VALUE: A part of 'a/file/b' is a file, not a directory.");
    insta::assert_snapshot!(put(&app, &"n".repeat(300), b"").await.status, @"400");
    let hidden = put(&app, ".artifact.uploading.x/a", b"").await;
    assert_eq!(hidden.status, 400);
    assert_eq!(files(&app), ["a/file"]);
}

#[actix_web::test]
async fn a_range_is_a_part_of_the_file() {
    let app = TestApp::new().await;
    put(&app, "f", b"0123456789").await;
    let etag = header(&get(&app, "f").await, "etag").to_owned();
    let range = async |range: &str, condition: &str| {
        let request = TestRequest::get()
            .uri(&format!("{ARTIFACTS}/f"))
            .insert_header(("range", range))
            .insert_header(("if-range", condition));
        let reply = app.send(request).await;
        let content_range = header(&reply, "content-range");
        format!("{} {content_range} {}", reply.status, reply.text())
    };
    assert_eq!(range("bytes=2-4", &etag).await, "206 bytes 2-4/10 234");
    assert_eq!(range("bytes=7-", &etag).await, "206 bytes 7-9/10 789");
    assert_eq!(range("bytes=-3", &etag).await, "206 bytes 7-9/10 789");
    assert_eq!(range("bytes=8-100", &etag).await, "206 bytes 8-9/10 89");
    assert_eq!(range("bytes=0-1,4-5", &etag).await, "200  0123456789");
    assert_eq!(range("bytes=10-", &etag).await, "416 bytes */10 ");
    assert_eq!(
        range("bytes=4-2", &etag).await,
        "400  Malformed range header."
    );
    assert_eq!(
        range("lines=1-2", &etag).await,
        "400  Only support bytes range"
    );
    assert_eq!(range("bytes=2-4", "\"another\"").await, "200  0123456789");
}

#[actix_web::test]
async fn what_is_off_says_so() {
    let app = TestApp::with(|settings| settings.serve = false).await;
    let told = |reply: Reply| format!("{} {}", reply.status, reply.text());
    insta::assert_snapshot!(told(get(&app, "x").await), @r#"503 {"detail":"Artifact serving is disabled. Run `mlflow server` with `--serve-artifacts` to enable."}"#);
    let delete = TestRequest::delete().uri("/api/2.0/mlflow-artifacts/artifacts/x");
    insta::assert_snapshot!(told(app.send(delete).await), @"503 Endpoint: /api/2.0/mlflow-artifacts/artifacts/<path:artifact_path> disabled due to the mlflow server running with `--no-serve-artifacts`. To enable artifacts server functionality, run `mlflow server` with `--serve-artifacts`");

    let app = TestApp::with(|settings| settings.only = true).await;
    insta::assert_snapshot!(told(app.get("/api/2.0/mlflow/artifacts/list?run_id=x").await), @"503 Endpoint: /api/2.0/mlflow/artifacts/list disabled due to the mlflow server running in `--artifacts-only` mode. To enable tracking server functionality, run `mlflow server` without `--artifacts-only`");
    assert_eq!(app.get("/health").await.status, 200);
    assert_eq!(put(&app, "x", b"x").await.status, 200);
}
