//! A name is one name by every route: what is listed can be read, written and deleted, letter by letter.

use std::fs;

use actix_web::test::TestRequest;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::TestApp;
use super::artifacts::{ARTIFACTS, files, get, put};
use crate::store::artifact_digests;

const MLFLOW: &str = "/api/2.0/mlflow";
const NAMES: [&str; 11] = [
    "100%",
    "50%25",
    "a b",
    "a#b?c&d=e;f+g",
    "a%20b",
    "a%2520b",
    "a%2Fb.txt",
    "c%3Ad",
    "dog%step%20%timestamp%1795841614982%g.png",
    "dog%step%2500%timestamp%1795841614982%g.png",
    "x%E4.txt",
];

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn names(list: &Value) -> Vec<&str> {
    let files = list["files"].as_array().into_iter().flatten();
    files.map(|file| file["path"].as_str().unwrap()).collect()
}

async fn listed(app: &TestApp, folder: &str) -> Value {
    app.get(&format!("{ARTIFACTS}?path={}", encoded(folder)))
        .await
        .ok()
}

async fn delete(app: &TestApp, path: &str) -> u16 {
    let request = TestRequest::delete().uri(&format!("{ARTIFACTS}/{path}"));
    app.send(request).await.status
}

#[actix_web::test]
async fn a_name_is_no_other_name() {
    let app = TestApp::new().await;
    put(&app, "a/b.txt", b"in a folder").await;
    put(&app, "a%252Fb.txt", b"beside it").await;
    put(&app, "a%25252Fb.txt", b"encoded twice").await;
    assert_eq!(files(&app), ["a%252Fb.txt", "a%2Fb.txt", "a/b.txt"]);
    assert_eq!(get(&app, "a/b.txt").await.body, "in a folder");
    assert_eq!(get(&app, "a%2Fb.txt").await.body, "in a folder");
    assert_eq!(get(&app, "a%252Fb.txt").await.body, "beside it");
    assert_eq!(delete(&app, "a%252Fb.txt").await, 200);
    assert_eq!(files(&app), ["a%252Fb.txt", "a/b.txt"]);
    assert_eq!(get(&app, "a%252Fb.txt").await.status, 404);
    assert_eq!(delete(&app, "a%25252F").await, 200);
    assert_eq!(delete(&app, "a%2Fb.txt").await, 200);
    assert_eq!(files(&app), ["a%252Fb.txt"]);
}

#[actix_web::test]
async fn the_proxy_keeps_every_letter() {
    let app = TestApp::new().await;
    for name in NAMES {
        let path = format!("1/{0}/{0}", encoded(name));
        assert_eq!(
            put(&app, &path, name.as_bytes()).await.status,
            200,
            "{name}"
        );
    }
    assert_eq!(names(&listed(&app, "1").await), NAMES);
    let place = app
        .state()
        .artifacts
        .resolve("mlflow-artifacts:/1")
        .unwrap();
    let manifest = app.state().artifacts.manifest(&place).await.unwrap();
    let sealed: Vec<_> = manifest.entries.iter().map(|entry| &entry.path).collect();
    assert_eq!(
        sealed,
        NAMES.map(|name| format!("{name}/{name}")).each_ref()
    );
    for name in NAMES {
        assert_eq!(names(&listed(&app, &format!("1/{name}")).await), [name]);
        let path = format!("1/{0}/{0}", encoded(name));
        let reply = get(&app, &path).await;
        assert_eq!(reply.text(), name);
        let address = format!("mlflow-artifacts:/1/{name}/{name}");
        let digest = app
            .state()
            .store
            .read(move |db| artifact_digests::get(db, &address))
            .await
            .unwrap()
            .expect("what was recorded as it was stored");
        let etag = reply.headers.get("etag").unwrap().to_str().unwrap();
        assert_eq!(etag, format!("\"{}\"", digest.sha256));
        assert_eq!(delete(&app, &path).await, 200);
        assert_eq!(listed(&app, &format!("1/{name}")).await, json!({}));
    }
}

async fn post(app: &TestApp, path: &str, body: Value) -> Value {
    app.post(&format!("{MLFLOW}/{path}"), body).await.ok()
}

/// What is on the disk is shown by every route that leads there, also without the proxy.
#[actix_web::test]
async fn each_route_sends_what_it_lists() {
    for serve in [true, false] {
        let app = TestApp::with(|settings| settings.serve = serve).await;
        let location = app.folder().join("elsewhere");
        let experiment = json!({"name": "x", "artifact_location": location});
        let experiment = post(&app, "experiments/create", experiment).await;
        let id = json!({"experiment_id": experiment["experiment_id"]});
        let run = post(&app, "runs/create", id.clone()).await;
        let run = &run["run"]["info"];
        let model = post(&app, "logged-models", id).await;
        let model = &model["model"]["info"];
        let model_id = model["model_id"].as_str().unwrap();
        let run_id = run["run_id"].as_str().unwrap();
        for root in [run, model] {
            let folder = root["artifact_uri"].as_str().unwrap();
            fs::create_dir_all(format!("{folder}/a%2Fb")).unwrap();
            for name in NAMES {
                fs::write(format!("{folder}/a%2Fb/{name}"), name).unwrap();
            }
        }
        post(&app, "registered-models/create", json!({"name": "m"})).await;
        let version = json!({"name": "m", "source": run["artifact_uri"], "run_id": run_id});
        post(&app, "model-versions/create", version).await;

        let expected: Vec<_> = NAMES.iter().map(|name| format!("a%2Fb/{name}")).collect();
        let list = format!("{MLFLOW}/artifacts/list?run_id={run_id}&path=a%252Fb");
        assert_eq!(names(&app.get(&list).await.ok()), expected);
        let list = format!("{MLFLOW}/logged-models/{model_id}/artifacts/directories");
        let list = format!("{list}?artifact_directory_path=a%252Fb");
        assert_eq!(names(&app.get(&list).await.ok()), expected);
        for name in NAMES {
            let path = encoded(&format!("a%2Fb/{name}"));
            for route in [
                format!("/get-artifact?run_id={run_id}&path={path}"),
                format!("/model-versions/get-artifact?name=m&version=1&path={path}"),
                format!(
                    "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files?artifact_file_path={path}"
                ),
            ] {
                let reply = app.get(&route).await;
                assert_eq!(
                    (reply.status, reply.text().as_str()),
                    (200, name),
                    "{route}"
                );
            }
        }
        let upload = format!(
            "/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=new%2520%252Fnote"
        );
        let reply = app.send(TestRequest::post().uri(&upload).set_payload("x"));
        assert_eq!(reply.await.status, 200);
        let uploaded = format!("{}/new%20%2Fnote", run["artifact_uri"].as_str().unwrap());
        assert_eq!(fs::read_to_string(uploaded).unwrap(), "x");
    }
}

#[actix_web::test]
async fn names_that_nobody_can_ask_for_are_sealed_and_not_listed() {
    let app = TestApp::new().await;
    put(&app, "m/plain", b"1").await;
    let folder = app.folder().join("mlartifacts/m");
    let hidden = [
        "%2e%2e%2fx",
        "a\\b",
        "c:d",
        "e\nf",
        ".artifact.uploading.g/h",
    ];
    fs::create_dir(folder.join(".artifact.uploading.g")).unwrap();
    for name in hidden {
        fs::write(folder.join(name), "x").unwrap();
    }
    assert_eq!(names(&listed(&app, "m").await), ["c:d", "plain"]);
    assert_eq!(get(&app, "m/c:d").await.body, "x");
    let artifacts = &app.state().artifacts;
    let place = artifacts.resolve("mlflow-artifacts:/m").unwrap();
    let manifest = artifacts.manifest(&place).await.unwrap();
    let mut sealed: Vec<_> = manifest
        .entries
        .iter()
        .map(|entry| entry.path.as_str())
        .collect();
    sealed.retain(|name| *name != "plain");
    let mut expected = hidden.to_vec();
    expected.sort_unstable();
    assert_eq!(sealed, expected);
    // No name passes for another line.
    assert_eq!(manifest.text().lines().count(), manifest.entries.len());
    assert!(
        manifest.text().contains(
            "\\2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  e\\nf\n"
        )
    );

    let odd = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff");
    let odd: &std::ffi::OsStr = odd;
    fs::write(folder.join(odd), "x").unwrap();
    assert_eq!(names(&listed(&app, "m").await), ["c:d", "plain"]);
    let error = artifacts.manifest(&place).await.unwrap_err();
    assert_eq!(error.message, "A name in 'm' is not UTF-8.");
}

/// A client decodes the names in a listing before it asks for the files.
#[actix_web::test]
async fn a_client_finds_what_it_asks_for() {
    let app = TestApp::new().await;
    let image = |step: &str| format!("i/dog%step{step}%timestamp%1795841614982%g.png");
    for step in ["20", "21", "85"] {
        let path = encoded(&image(&format!("%{step}")));
        assert_eq!(
            put(&app, &path.replace("%2F", "/"), step.as_bytes())
                .await
                .status,
            200
        );
    }
    for (asked, step) in [(" ", "20"), ("!", "21"), ("\u{fffd}", "85")] {
        let path = encoded(&image(asked));
        let reply = get(&app, &path).await;
        assert_eq!(
            (reply.status, reply.text().as_str()),
            (200, step),
            "{asked}"
        );
        let disposition = reply.headers.get("content-disposition").unwrap();
        assert!(
            disposition
                .to_str()
                .unwrap()
                .contains(&format!("%step%{step}%"))
        );
        // This is for reading only.
        assert_eq!(delete(&app, &path).await, 200);
    }
    assert_eq!(files(&app).len(), 3);
    put(&app, &encoded(&image("%2520")), b"20 again").await;
    assert_eq!(
        get(&app, &encoded(&image(" "))).await.status,
        404,
        "two files could be meant"
    );
    put(&app, &encoded(&image(" ")), b"itself").await;
    assert_eq!(get(&app, &encoded(&image(" "))).await.body, "itself");
    // A name without a percent sign is nothing that a client has decoded.
    put(&app, "i/a%2520b", b"x").await;
    assert_eq!(get(&app, "i/a%20b").await.status, 404);
}

#[actix_web::test]
async fn no_spelling_leads_out_by_any_route() {
    let app = TestApp::new().await;
    let default = json!({"experiment_id": "0"});
    let run = post(&app, "runs/create", default.clone()).await;
    let run = run["run"]["info"]["run_id"].as_str().unwrap();
    let model = post(&app, "logged-models", default).await;
    let model = model["model"]["info"]["model_id"].as_str().unwrap();
    fs::write(app.folder().join("secret"), "secret").unwrap();
    for way in [
        "../secret",
        "a/../../secret",
        "/secret",
        "..\\secret",
        "C:/secret",
        "C:\\secret",
        "..\0/secret",
        "%2e%2e/secret",
        "%252e%252e/secret",
        "..%2fsecret",
        "..%252fsecret",
        "..%5csecret",
        "%2fsecret",
        "%255c..%255csecret",
        "c%3a/secret",
        "..%00/secret",
        "%c0%ae%c0%ae/secret",
        "file:/secret",
    ] {
        let once = encoded(way);
        for path in [&once, &encoded(&once)] {
            let address = format!("{ARTIFACTS}/{path}");
            for route in [
                address.clone(),
                format!("{ARTIFACTS}?path={path}"),
                format!("{MLFLOW}/artifacts/list?run_id={run}&path={path}"),
                format!("/get-artifact?run_id={run}&path={path}"),
                format!(
                    "{MLFLOW}/logged-models/{model}/artifacts/directories?artifact_directory_path={path}"
                ),
                format!(
                    "/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files?artifact_file_path={path}"
                ),
            ] {
                let reply = app.get(&route).await;
                assert_eq!(
                    reply.error(),
                    "400 INVALID_PARAMETER_VALUE: Invalid path",
                    "{route}"
                );
            }
            assert_eq!(put(&app, path, b"x").await.status, 400, "{path}");
            assert_eq!(delete(&app, path).await, 400, "{path}");
            let upload = format!("/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path={path}");
            let reply = app.send(TestRequest::post().uri(&upload).set_payload("x"));
            assert_eq!(reply.await.status, 400, "{upload}");
        }
    }
    assert_eq!(
        fs::read_to_string(app.folder().join("secret")).unwrap(),
        "secret"
    );
    assert_eq!(files(&app), [""; 0]);
}
