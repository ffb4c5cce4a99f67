use std::fs;

use actix_web::test::TestRequest;
use serde_json::json;

use super::TestApp;
use super::artifacts::{ARTIFACTS, files, get, header, put};
use crate::store::artifact_digests;

#[actix_web::test]
async fn a_digest_names_the_content() {
    let app = TestApp::new().await;
    let stored = put(&app, "a/f", b"hello").await;
    let digest = "\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"";
    assert_eq!(header(&stored, "etag"), digest);
    let sent = get(&app, "a/f").await;
    assert_eq!(header(&sent, "etag"), digest);
    let modified = header(&sent, "last-modified").to_owned();

    let with = async |name: &'static str, value: &str| {
        let request = TestRequest::get()
            .uri(&format!("{ARTIFACTS}/a/f"))
            .insert_header((name, value));
        let reply = app.send(request).await;
        assert_eq!(header(&reply, "etag"), digest);
        format!("{} {}", reply.status, reply.text())
    };
    assert_eq!(with("if-none-match", digest).await, "304 ");
    assert_eq!(
        with("if-none-match", &format!("\"x\", W/{digest}")).await,
        "304 "
    );
    assert_eq!(with("if-none-match", "*").await, "304 ");
    assert_eq!(with("if-none-match", "\"x\"").await, "200 hello");
    assert_eq!(with("if-modified-since", &modified).await, "304 ");
    let long_ago = "Thu, 01 Jan 1970 00:00:01 GMT";
    assert_eq!(with("if-modified-since", long_ago).await, "200 hello");

    put(&app, "a/f", b"other").await;
    let other = header(&get(&app, "a/f").await, "etag").to_owned();
    assert_ne!(other, digest);
    assert_eq!(other.len(), 66);
}

#[actix_web::test]
async fn a_digest_is_not_believed_of_another_file() {
    let app = TestApp::new().await;
    put(&app, "f", b"hello").await;
    let path = app.folder().join("mlartifacts/f");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    // As long as it was, and as old as it was: the digest is of another file all the same.
    let other = app.folder().join("other");
    fs::write(&other, "jello").unwrap();
    let file = fs::File::options().write(true).open(&other).unwrap();
    file.set_modified(before).unwrap();
    fs::rename(&other, &path).unwrap();
    let reply = get(&app, "f").await;
    assert_eq!(reply.body, "jello");
    let etag = header(&reply, "etag");
    assert!(etag.len() < 66, "{etag}");

    fs::remove_file(&path).unwrap();
    assert_eq!(get(&app, "f").await.status, 404);
}

#[actix_web::test]
async fn a_manifest_digests_what_is_in_a_folder() {
    let app = TestApp::new().await;
    for (path, content) in [
        ("m/b%20c.txt", "2"),
        ("m/a/z", "1"),
        ("m/a.txt", "3"),
        ("m2/other", "4"),
    ] {
        put(&app, path, content.as_bytes()).await;
    }
    let artifacts = &app.state().artifacts;
    let place = artifacts.resolve("mlflow-artifacts:/m").unwrap();
    let manifest = artifacts.manifest(&place).await.unwrap();
    insta::assert_snapshot!(manifest.text(), @r"
    4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce  a.txt
    6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b  a/z
    d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35  b c.txt
    ");
    let digest = manifest.digest();

    // What nobody digested is read, and what was changed is read again.
    fs::write(app.folder().join("mlartifacts/m/new"), "5").unwrap();
    fs::write(app.folder().join("mlartifacts/m/a/z"), "changed").unwrap();
    let manifest = artifacts.manifest(&place).await.unwrap();
    let paths: Vec<_> = manifest.entries.iter().map(|entry| &entry.path).collect();
    assert_eq!(paths, ["a.txt", "a/z", "b c.txt", "new"]);
    assert_ne!(manifest.digest(), digest);
    fs::remove_file(app.folder().join("mlartifacts/m/new")).unwrap();
    fs::write(app.folder().join("mlartifacts/m/a/z"), "1").unwrap();
    assert_eq!(artifacts.manifest(&place).await.unwrap().digest(), digest);

    let file = artifacts.resolve("mlflow-artifacts:/m/a/z").unwrap();
    let manifest = artifacts.manifest(&file).await.unwrap();
    assert_eq!(manifest.entries[0].path, "z");
    let nothing = artifacts.resolve("mlflow-artifacts:/nope").unwrap();
    assert!(
        artifacts
            .manifest(&nothing)
            .await
            .unwrap()
            .entries
            .is_empty()
    );
}

#[actix_web::test]
async fn a_deleted_folder_has_no_digests() {
    let app = TestApp::new().await;
    for path in ["m/a", "m/b/c", "m2"] {
        put(&app, path, b"x").await;
    }
    let known = async || {
        let known = app
            .state()
            .store
            .read(|db| artifact_digests::at_or_below(db, "mlflow-artifacts:/"))
            .await
            .unwrap();
        let known: Vec<_> = known.into_iter().map(|digest| digest.address).collect();
        known.join(" ")
    };
    assert_eq!(
        known().await,
        "mlflow-artifacts:/m/a mlflow-artifacts:/m/b/c mlflow-artifacts:/m2"
    );
    app.send(TestRequest::delete().uri(&format!("{ARTIFACTS}/m")))
        .await;
    assert_eq!(known().await, "mlflow-artifacts:/m2");
}

#[actix_web::test]
async fn what_is_too_large_is_refused() {
    let app = TestApp::with(|settings| settings.largest = Some(10)).await;
    assert_eq!(put(&app, "f", b"0123456789").await.status, 200);
    insta::assert_snapshot!(put(&app, "f", b"0123456789x").await.error(), @"413 CONTENT_TOO_LARGE: The artifact is too large. This server takes up to 10 bytes.");
    assert_eq!(get(&app, "f").await.body, "0123456789");
    assert_eq!(files(&app), ["f"]);
}

#[actix_web::test]
async fn what_a_killed_server_left_is_removed() {
    let app = TestApp::new().await;
    put(&app, "f", b"x").await;
    let staging = app
        .folder()
        .join("mlartifacts/.artifact.uploading.flowkeep");
    let left = staging.join(".artifact.uploading.flowkeep-1");
    let in_use = staging.join(".artifact.uploading.flowkeep-2");
    let of_others = staging.join(".artifact.uploading.x");
    for file in [&left, &in_use, &of_others] {
        fs::write(file, "x").unwrap();
    }
    let writer = fs::File::options().write(true).open(&in_use).unwrap();
    writer.lock().unwrap();
    let destination = app.folder().join("mlartifacts").display().to_string();
    let _other = TestApp::with(|settings| settings.destination = destination).await;
    assert!(!left.exists());
    assert!(in_use.exists() && of_others.exists());
    assert_eq!(get(&app, "f").await.body, "x");
}

#[actix_web::test]
async fn a_disk_keeps_its_bytes_to_itself() {
    let app = TestApp::new().await;
    let artifacts = "/api/2.0/mlflow-artifacts";
    let create = app
        .post(
            &format!("{artifacts}/mpu/create/a"),
            json!({"path": "f", "num_parts": 2}),
        )
        .await;
    insta::assert_snapshot!(create.error(), @"501 NOT_IMPLEMENTED: Multipart upload is not supported for the current artifact repository");
    let complete = app
        .post(
            &format!("{artifacts}/mpu/complete/a"),
            json!({"path": "f", "upload_id": "x", "parts": [{"part_number": 1}]}),
        )
        .await;
    assert_eq!(complete.error(), create.error());
    let abort = app
        .post(
            &format!("{artifacts}/mpu/abort/a"),
            json!({"path": "f", "upload_id": "x"}),
        )
        .await;
    assert_eq!(abort.error(), create.error());
    insta::assert_snapshot!(app.get(&format!("{artifacts}/presigned/a/f")).await.error(), @"501 NOT_IMPLEMENTED: Multipart download is not supported for the current artifact repository");
    insta::assert_snapshot!(
        app.post(&format!("{artifacts}/mpu/create/a"), json!({})).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'path'. See the API docs for more information about request parameters."
    );
}

#[actix_web::test]
async fn signed_addresses_need_a_store_of_their_own() {
    let app = TestApp::new().await;
    let create = "/api/2.0/mlflow/experiments/create";
    let local = format!("file://{}/runs", app.folder().display());
    let body = json!({"name": "local", "artifact_location": local});
    let experiment = app.post(create, body).await.ok()["experiment_id"].clone();
    let create = "/api/2.0/mlflow/runs/create";
    let run = async |experiment: serde_json::Value| {
        let run = app.post(create, json!({"experiment_id": experiment})).await;
        run.ok()["run"]["info"]["run_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (local, proxied) = (run(experiment).await, run(json!("0")).await);
    let upload = async |body| {
        let path = "/api/2.0/mlflow/artifacts/presigned-upload-url";
        app.post(path, body).await.error()
    };
    insta::assert_snapshot!(upload(json!({"path": "f"})).await, @"400 INVALID_PARAMETER_VALUE: Exactly one of run_id and model_id must be provided.");
    insta::assert_snapshot!(upload(json!({"path": "f", "run_id": proxied})).await, @"400 INVALID_PARAMETER_VALUE: Presigned upload is not supported for proxied artifact storage (artifact URI scheme: mlflow-artifacts). This endpoint requires a direct cloud storage artifact URI.");
    insta::assert_snapshot!(upload(json!({"path": "f", "run_id": local})).await, @"501 NOT_IMPLEMENTED: Presigned upload is not supported for the current artifact repository");
    let download = async |body| {
        let path = "/api/2.0/mlflow/artifacts/presigned-download-url";
        app.post(path, body).await.error()
    };
    insta::assert_snapshot!(download(json!({"path": "f", "run_id": local})).await, @"501 NOT_IMPLEMENTED: Presigned download is not supported for the current artifact repository");
    insta::assert_snapshot!(download(json!({"path": "f", "run_id": local, "expiration": 0})).await, @"400 INVALID_PARAMETER_VALUE: expiration must be between 1 and 604800 seconds (got 0).");
    insta::assert_snapshot!(download(json!({"path": "../f", "run_id": local})).await, @"400 INVALID_PARAMETER_VALUE: Invalid path");
}
