use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::{Value, json};

use super::TestApp;

const MODELS: &str = "/api/2.0/mlflow/registered-models";

async fn create(app: &TestApp, request: Value) -> super::harness::Reply {
    app.post(&format!("{MODELS}/create"), request).await
}

async fn get(app: &TestApp, name: &str) -> super::harness::Reply {
    app.get(&format!("{MODELS}/get?name={name}")).await
}

#[actix_web::test]
async fn a_model_says_what_it_was_given() {
    let app = TestApp::new().await;
    let tags = json!([{"key": "team", "value": "risk"}]);
    create(
        &app,
        json!({"name": "churn", "description": "Who leaves?", "tags": tags}),
    )
    .await
    .ok();
    let mut got = get(&app, "churn").await.ok();
    for time in ["creation_timestamp", "last_updated_timestamp"] {
        assert!(got["registered_model"][time].take().is_i64());
    }
    assert_json_snapshot!(got, @r#"
    {
      "registered_model": {
        "name": "churn",
        "creation_timestamp": null,
        "last_updated_timestamp": null,
        "description": "Who leaves?",
        "tags": [
          {
            "key": "team",
            "value": "risk"
          }
        ]
      }
    }
    "#);
}

#[actix_web::test]
async fn a_name_is_taken_once() {
    let app = TestApp::new().await;
    let prompt = json!([{"key": "mlflow.prompt.is_prompt", "value": "true"}]);
    create(&app, json!({"name": "churn"})).await.ok();
    create(&app, json!({"name": "greeting", "tags": prompt}))
        .await
        .ok();
    let tagged = json!({"name": "churn", "tags": [{"key": "a", "value": "b"}]});
    assert_snapshot!(
        create(&app, tagged).await.error(),
        @"400 RESOURCE_ALREADY_EXISTS: Registered Model (name=churn) already exists."
    );
    assert_snapshot!(
        create(&app, json!({"name": "greeting", "tags": prompt})).await.error(),
        @"400 RESOURCE_ALREADY_EXISTS: Prompt (name=greeting) already exists."
    );
    assert_snapshot!(
        create(&app, json!({"name": "churn", "tags": prompt})).await.error(),
        @"400 RESOURCE_ALREADY_EXISTS: Tried to create a prompt with name 'churn', but the name is already taken by a registered model. MLflow does not allow creating a model and a prompt with the same name."
    );
    assert_eq!(
        get(&app, "churn").await.ok()["registered_model"]["tags"],
        Value::Null
    );
}

#[actix_web::test]
async fn a_new_name_takes_everything_along() {
    let app = TestApp::new().await;
    create(
        &app,
        json!({"name": "old", "tags": [{"key": "a", "value": "b"}]}),
    )
    .await
    .ok();
    create(&app, json!({"name": "taken"})).await.ok();
    app.post(
        "/api/2.0/mlflow/model-versions/create",
        json!({"name": "old", "source": "s3://b/a", "tags": [{"key": "c", "value": "d"}]}),
    )
    .await
    .ok();
    app.post(
        &format!("{MODELS}/alias"),
        json!({"name": "old", "alias": "champion", "version": "1"}),
    )
    .await
    .ok();
    let rename = |name: &str| json!({"name": "old", "new_name": name});
    assert_snapshot!(
        app.post(&format!("{MODELS}/rename"), rename("taken")).await.error(),
        @"400 RESOURCE_ALREADY_EXISTS: Registered Model (name=taken) already exists."
    );
    app.post(&format!("{MODELS}/rename"), rename("new"))
        .await
        .ok();
    let model = &get(&app, "new").await.ok()["registered_model"];
    assert_eq!(model["tags"], json!([{"key": "a", "value": "b"}]));
    assert_eq!(
        model["aliases"],
        json!([{"alias": "champion", "version": "1"}])
    );
    assert_eq!(model["latest_versions"][0]["name"], "new");
    assert_eq!(
        model["latest_versions"][0]["tags"],
        json!([{"key": "c", "value": "d"}])
    );
    assert_eq!(
        model["last_updated_timestamp"],
        model["latest_versions"][0]["last_updated_timestamp"]
    );
    assert_snapshot!(
        get(&app, "old").await.error(),
        @"404 RESOURCE_DOES_NOT_EXIST: Registered Model with name=old not found"
    );
}

#[actix_web::test]
async fn a_deleted_model_is_gone_with_its_versions() {
    let app = TestApp::new().await;
    for _ in 0..2 {
        create(&app, json!({"name": "churn"})).await.ok();
        let version = app
            .post(
                "/api/2.0/mlflow/model-versions/create",
                json!({"name": "churn", "source": "s3://b/a"}),
            )
            .await
            .ok();
        assert_eq!(version["model_version"]["version"], "1");
        app.delete(&format!("{MODELS}/delete"), json!({"name": "churn"}))
            .await
            .ok();
        assert_eq!(get(&app, "churn").await.status, 404);
    }
}

#[actix_web::test]
async fn names_that_are_no_names_are_refused() {
    let app = TestApp::new().await;
    assert_snapshot!(
        create(&app, json!({"name": "a/b"})).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Invalid model name 'a/b'. Names cannot contain '/' or ':'."
    );
    assert_snapshot!(
        create(&app, json!({"name": " "})).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'name'."
    );
    assert_snapshot!(
        create(&app, json!({"name": "a", "tags": [{"key": "..", "value": "b"}]})).await.error(),
        @r#"400 INVALID_PARAMETER_VALUE: Invalid value ".." for parameter 'key' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '..'"#
    );
    assert_eq!(get(&app, "a").await.status, 404);
}

#[actix_web::test]
async fn reserved_aliases_are_refused() {
    let app = TestApp::new().await;
    create(&app, json!({"name": "churn"})).await.ok();
    for alias in ["latest", "V1", "a b"] {
        let request = json!({"name": "churn", "alias": alias, "version": "1"});
        let reply = app.post(&format!("{MODELS}/alias"), request).await;
        assert!(
            reply.error().starts_with("400 INVALID_PARAMETER_VALUE"),
            "{alias}"
        );
    }
}
