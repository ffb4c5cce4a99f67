use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::{Value, json};

use super::TestApp;

const PATH: &str = "/api/2.0/mlflow/logged-models";

async fn create(app: &TestApp, body: Value) -> Value {
    app.post(PATH, body).await.ok()["model"].clone()
}

fn path_of(model: &Value) -> String {
    format!("{PATH}/{}", model["info"]["model_id"].as_str().unwrap())
}

#[actix_web::test]
async fn creates_and_finalizes() {
    let app = TestApp::new().await;
    let body = json!({
        "experiment_id": "0",
        "name": "forest",
        "params": [{"key": "trees", "value": "7"}, {"key": "depth", "value": "3"}],
        "tags": [{"key": "team", "value": "risk"}],
    });
    let model = create(&app, body).await;
    let model_id = model["info"]["model_id"].as_str().unwrap();
    assert_eq!(model_id.len(), 34);
    let location = model["info"]["artifact_uri"].as_str().unwrap();
    assert!(
        location.ends_with(&format!("/models/{model_id}/artifacts")),
        "{location}"
    );
    let masked = |model: &Value| {
        let mut model = model.clone();
        for name in [
            "model_id",
            "artifact_uri",
            "creation_timestamp_ms",
            "last_updated_timestamp_ms",
        ] {
            model["info"][name] = "[masked]".into();
        }
        model
    };
    assert_json_snapshot!(masked(&model), @r#"
    {
      "info": {
        "model_id": "[masked]",
        "experiment_id": "0",
        "name": "forest",
        "creation_timestamp_ms": "[masked]",
        "last_updated_timestamp_ms": "[masked]",
        "artifact_uri": "[masked]",
        "status": "LOGGED_MODEL_PENDING",
        "model_type": "",
        "source_run_id": "",
        "tags": [
          {
            "key": "team",
            "value": "risk"
          }
        ]
      },
      "data": {
        "params": [
          {
            "key": "depth",
            "value": "3"
          },
          {
            "key": "trees",
            "value": "7"
          }
        ]
      }
    }
    "#);

    let got = app.get(&path_of(&model)).await.ok();
    assert_eq!(got["model"], model);
    let body = json!({"model_id": model_id, "status": "LOGGED_MODEL_READY"});
    let finalized = app.patch(&path_of(&model), body).await.ok();
    assert_eq!(finalized["model"]["info"]["status"], "LOGGED_MODEL_READY");
}

#[actix_web::test]
async fn names_what_has_no_name() {
    let app = TestApp::new().await;
    let model = create(&app, json!({"experiment_id": "0", "name": ""})).await;
    let name = model["info"]["name"].as_str().unwrap();
    assert_eq!(name.split('-').count(), 3, "{name}");
}

#[actix_web::test]
async fn refuses_what_cannot_become_a_model() {
    let app = TestApp::new().await;
    let refusal = async |body: Value| app.post(PATH, body).await.error();
    assert_snapshot!(
        refusal(json!({"experiment_id": "0", "name": "it's a.b"})).await,
        @r#"400 INVALID_PARAMETER_VALUE: Invalid model name ("it's a.b") provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '"', "'")"#
    );
    assert_snapshot!(
        refusal(json!({"name": "a"})).await,
        @"400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'experiment_id'. See the API docs for more information about request parameters."
    );
    assert_snapshot!(
        refusal(json!({"experiment_id": "x"})).await,
        @"400 INVALID_PARAMETER_VALUE: Invalid experiment ID 'x'. Experiment ID must be a valid integer."
    );
    assert_snapshot!(
        refusal(json!({"experiment_id": "77"})).await,
        @"404 RESOURCE_DOES_NOT_EXIST: No Experiment with id=77 exists"
    );
    let twice = json!([{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]);
    assert_snapshot!(
        refusal(json!({"experiment_id": "0", "params": twice})).await,
        @"400 BAD_REQUEST: The param 'a' is given more than once."
    );
    assert_snapshot!(
        refusal(json!({"experiment_id": "0", "tags": twice})).await,
        @"400 BAD_REQUEST: The tag 'a' is given more than once."
    );
}

#[actix_web::test]
async fn sets_and_deletes_tags() {
    let app = TestApp::new().await;
    let model = create(&app, json!({"experiment_id": "0"})).await;
    let path = path_of(&model);
    let tags = json!([{"key": "a b'c", "value": "1"}, {"key": "kept", "value": "é"}]);
    let reply = app
        .patch(&format!("{path}/tags"), json!({"tags": tags}))
        .await
        .ok();
    assert_eq!(reply, json!({}));
    app.delete(&format!("{path}/tags/a%20b%27c"), json!({}))
        .await
        .ok();
    let got = app.get(&path).await.ok();
    assert_eq!(
        got["model"]["info"]["tags"],
        json!([{"key": "kept", "value": "é"}])
    );
    let error = app
        .delete(&format!("{path}/tags/a%20b%27c"), json!({}))
        .await
        .error();
    assert!(
        error
            .starts_with(r#"404 RESOURCE_DOES_NOT_EXIST: No tag with key "a b'c" found for model"#),
        "{error}"
    );
}

/// Clients send a key as it is: the rest of the address is the key.
#[actix_web::test]
async fn deletes_tags_whose_keys_have_slashes() {
    let app = TestApp::new().await;
    let model = create(&app, json!({"experiment_id": "0"})).await;
    let path = path_of(&model);
    for (key, sent) in [
        ("a/b", "a/b"),
        ("a/b", "a%2Fb"),
        ("a%2Fb", "a%252Fb"),
        ("a//b", "a//b"),
        ("/a", "/a"),
        ("a/", "a/"),
        ("tags", "tags"),
        ("tags/a", "tags/a"),
        ("a+b c%", "a+b%20c%"),
        ("..", ".."),
        ("../x", "../x"),
    ] {
        let tags = json!({"tags": [{"key": key, "value": "1"}]});
        app.patch(&format!("{path}/tags"), tags).await.ok();
        let deleted = app.delete(&format!("{path}/tags/{sent}"), json!({})).await;
        assert_eq!(deleted.status, 200, "{sent}: {}", deleted.text());
        let left = app.get(&path).await.ok();
        assert_eq!(left["model"]["info"]["tags"], Value::Null, "{sent}");
    }
    let no_key = app.delete(&format!("{path}/tags/"), json!({})).await;
    assert!(no_key.error().starts_with("404 ENDPOINT_NOT_FOUND"));
}

#[actix_web::test]
async fn shows_a_deleted_model_only_on_request() {
    let app = TestApp::new().await;
    let model = create(&app, json!({"experiment_id": "0"})).await;
    let path = path_of(&model);
    app.delete(&path, json!({})).await.ok();
    // Again, as clients do that did not get the reply.
    app.delete(&path, json!({})).await.ok();
    assert_eq!(app.get(&path).await.status, 404);
    let got = app.get(&format!("{path}?allow_deleted=true")).await.ok();
    assert_eq!(got["model"]["info"]["model_id"], model["info"]["model_id"]);
}

#[actix_web::test]
async fn knows_no_other_models() {
    let app = TestApp::new().await;
    let path = format!("{PATH}/m-unknown");
    let params = json!({"model_id": "m-unknown", "params": []});
    let tags = json!({"tags": [{"key": "a", "value": "b"}]});
    let ready = json!({"model_id": "m-unknown", "status": 2});
    for reply in [
        app.get(&path).await,
        app.patch(&path, ready).await,
        app.delete(&path, json!({})).await,
        app.post(&format!("{path}/params"), params).await,
        app.patch(&format!("{path}/tags"), tags).await,
        app.delete(&format!("{path}/tags/a"), json!({})).await,
    ] {
        assert_eq!(
            reply.error(),
            "404 RESOURCE_DOES_NOT_EXIST: Logged model with ID 'm-unknown' not found."
        );
    }
}
