use insta::assert_snapshot;
use serde_json::{Value, json};

use super::TestApp;

const CREATE: &str = "/api/2.0/mlflow/model-versions/create";
const TRANSITION: &str = "/api/2.0/mlflow/model-versions/transition-stage";
const SET_ALIAS: &str = "/api/2.0/mlflow/registered-models/alias";

async fn app_with_versions(count: usize) -> TestApp {
    let app = TestApp::new().await;
    app.post(
        "/api/2.0/mlflow/registered-models/create",
        json!({"name": "churn"}),
    )
    .await
    .ok();
    for _ in 0..count {
        create(&app, json!({})).await.ok();
    }
    app
}

async fn create(app: &TestApp, more: Value) -> super::harness::Reply {
    let mut request = json!({"name": "churn", "source": "s3://bucket/model"});
    for (key, value) in more.as_object().unwrap() {
        request[key] = value.clone();
    }
    app.post(CREATE, request).await
}

async fn version(app: &TestApp, number: u32) -> Value {
    let path = format!("/api/2.0/mlflow/model-versions/get?name=churn&version={number}");
    app.get(&path).await.ok()["model_version"].clone()
}

async fn transition(
    app: &TestApp,
    number: &str,
    stage: &str,
    archive: bool,
) -> super::harness::Reply {
    let request = json!({
        "name": "churn", "version": number, "stage": stage, "archive_existing_versions": archive
    });
    app.post(TRANSITION, request).await
}

#[actix_web::test]
async fn a_new_version_says_what_it_was_given() {
    let app = app_with_versions(0).await;
    let tags = json!([{"key": "a", "value": "1"}, {"key": "b"}, {"key": "a", "value": "2"}]);
    let mut created = create(
        &app,
        json!({"run_link": "https://example.org", "description": "first", "tags": tags}),
    )
    .await
    .ok();
    assert_eq!(created["model_version"], version(&app, 1).await);
    for time in ["creation_timestamp", "last_updated_timestamp"] {
        assert!(created["model_version"][time].take().is_i64());
    }
    insta::assert_json_snapshot!(created, @r#"
    {
      "model_version": {
        "name": "churn",
        "version": "1",
        "creation_timestamp": null,
        "last_updated_timestamp": null,
        "current_stage": "None",
        "description": "first",
        "source": "s3://bucket/model",
        "run_id": "",
        "status": "READY",
        "tags": [
          {
            "key": "a",
            "value": "2"
          },
          {
            "key": "b",
            "value": ""
          }
        ],
        "run_link": "https://example.org"
      }
    }
    "#);
}

#[actix_web::test]
async fn numbers_of_deleted_versions_do_not_return() {
    let app = app_with_versions(2).await;
    let last = json!({"name": "churn", "version": "2"});
    app.delete("/api/2.0/mlflow/model-versions/delete", last.clone())
        .await
        .ok();
    assert_snapshot!(
        app.delete("/api/2.0/mlflow/model-versions/delete", last).await.error(),
        @"404 RESOURCE_DOES_NOT_EXIST: Model Version (name=churn, version=2) not found"
    );
    assert_eq!(
        create(&app, json!({})).await.ok()["model_version"]["version"],
        "3"
    );
}

#[actix_web::test]
async fn a_transition_archives_the_others_of_its_stage_if_asked_to() {
    let app = app_with_versions(3).await;
    transition(&app, "1", "Production", false).await.ok();
    transition(&app, "2", "production", false).await.ok();
    transition(&app, "3", "staging", false).await.ok();
    assert_eq!(version(&app, 1).await["current_stage"], "Production");
    transition(&app, "2", "PRODUCTION", true).await.ok();
    let stages = [
        version(&app, 1).await,
        version(&app, 2).await,
        version(&app, 3).await,
    ]
    .map(|version| version["current_stage"].clone());
    assert_eq!(stages, ["Archived", "Production", "Staging"]);
}

#[actix_web::test]
async fn transitions_to_nowhere_are_refused() {
    let app = app_with_versions(1).await;
    assert_snapshot!(
        transition(&app, "1", "Live", false).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Invalid Model Version stage: Live. Value must be one of None, Staging, Production, Archived."
    );
    assert_snapshot!(
        transition(&app, "1", "Archived", true).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Model version transition cannot archive existing model versions because 'Archived' is not an Active stage. Valid stages are ['Staging', 'Production']"
    );
    assert_snapshot!(
        transition(&app, "7", "Staging", false).await.error(),
        @"404 RESOURCE_DOES_NOT_EXIST: Model Version (name=churn, version=7) not found"
    );
    assert_snapshot!(
        transition(&app, "one", "Staging", false).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Parameter 'version' must be an integer, got 'one'."
    );
    assert_eq!(version(&app, 1).await["current_stage"], "None");
}

#[actix_web::test]
async fn aliases_move_and_go_with_their_version() {
    let app = app_with_versions(2).await;
    let set =
        |number: u32| json!({"name": "churn", "alias": "champion", "version": number.to_string()});
    app.post(SET_ALIAS, set(1)).await.ok();
    app.post(SET_ALIAS, set(2)).await.ok();
    assert_eq!(version(&app, 1).await["aliases"], Value::Null);
    assert_eq!(version(&app, 2).await["aliases"], json!(["champion"]));
    let by_alias = format!("{SET_ALIAS}?name=churn&alias=champion");
    assert_eq!(
        app.get(&by_alias).await.ok()["model_version"]["version"],
        "2"
    );
    app.delete(
        "/api/2.0/mlflow/model-versions/delete",
        json!({"name": "churn", "version": "2"}),
    )
    .await
    .ok();
    assert_snapshot!(
        app.get(&by_alias).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Registered model alias champion not found."
    );
    let latest = format!("{SET_ALIAS}?name=churn&alias=Latest");
    assert_eq!(app.get(&latest).await.ok()["model_version"]["version"], "1");
}

#[actix_web::test]
async fn a_source_may_be_another_version() {
    let app = app_with_versions(1).await;
    transition(&app, "1", "Production", false).await.ok();
    app.post(
        SET_ALIAS,
        json!({"name": "churn", "alias": "champion", "version": "1"}),
    )
    .await
    .ok();
    for source in [
        "models:/churn/1",
        "models:/churn@champion",
        "models:/churn/production",
        "models:/churn/latest",
    ] {
        let copy = create(&app, json!({"source": source})).await.ok();
        let copy = &copy["model_version"];
        if source != "models:/churn/latest" {
            assert_eq!(copy["source"], "models:/churn/1", "{source}");
        }
        let uri = format!(
            "/api/2.0/mlflow/model-versions/get-download-uri?name=churn&version={}",
            copy["version"].as_str().unwrap()
        );
        assert_eq!(
            app.get(&uri).await.ok()["artifact_uri"],
            "s3://bucket/model"
        );
    }
    assert_snapshot!(
        create(&app, json!({"source": "models:/churn/1", "run_id": "other"})).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Invalid model version source: 'models:/churn/1'. The run_id and model_id request parameters must match the referenced model version."
    );
    assert_snapshot!(
        create(&app, json!({"source": "models:/nobody/1"})).await.error(),
        @"404 RESOURCE_DOES_NOT_EXIST: Registered Model with name=nobody not found"
    );
}

#[actix_web::test]
async fn a_refused_source_leaves_nothing_behind() {
    let app = app_with_versions(0).await;
    for source in [
        "/etc/passwd",
        "file:///etc/passwd",
        "mlflow-artifacts:/1/run/artifacts",
        "s3://bucket/a/%2e%2e/b",
        "http://169.254.169.254/latest",
        "runs:/someone/model",
        "models:/m-1",
    ] {
        let reply = create(&app, json!({"source": source})).await;
        assert!(
            reply.error().starts_with("400 INVALID_PARAMETER_VALUE"),
            "{}",
            reply.text()
        );
    }
    let model = app
        .get("/api/2.0/mlflow/registered-models/get?name=churn")
        .await
        .ok();
    assert_eq!(model["registered_model"]["latest_versions"], Value::Null);
}

#[actix_web::test]
async fn prompts_have_a_placeholder_for_a_source() {
    let app = app_with_versions(0).await;
    let tags = json!([{"key": "mlflow.prompt.is_prompt", "value": "true"}]);
    create(&app, json!({"source": "dummy-source", "tags": tags}))
        .await
        .ok();
    assert_snapshot!(
        create(&app, json!({"source": "s3://bucket/a", "tags": tags})).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Invalid prompt source: 's3://bucket/a'. Prompt sources must use an MLflow placeholder."
    );
}
