use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::json;

use super::TestApp;

const API: &str = "/api/2.0/mlflow/experiments";

#[actix_web::test]
async fn creates_and_gets() {
    let app = TestApp::new().await;
    let created = app
        .post(
            "/api/2.0/mlflow/experiments/create",
            json!({"name": "churn", "tags": [{"key": "team", "value": "risk"}]}),
        )
        .await
        .ok();
    let id = created["experiment_id"].as_str().unwrap();
    let got = app
        .get(&format!(
            "/ajax-api/2.0/mlflow/experiments/get?experiment_id={id}"
        ))
        .await
        .ok();
    assert_eq!(got["experiment"]["name"], "churn");
    assert_eq!(
        got["experiment"]["tags"],
        json!([{"key": "team", "value": "risk"}])
    );
}

#[actix_web::test]
async fn refuses_what_does_not_fit_the_message() {
    let app = TestApp::new().await;
    let path = "/api/2.0/mlflow/experiments/create";
    assert_snapshot!(
        app.post(path, json!({})).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'name'. See the API docs for more information about request parameters."
    );
    assert_snapshot!(
        app.post(path, json!({"name": ["é"]})).await.error(),
        @r#"400 INVALID_PARAMETER_VALUE: Invalid value ["\u00e9"] for parameter 'name' supplied:  Hint: Value was of type 'list'. See the API docs for more information about request parameters."#
    );
    assert_snapshot!(
        app.post_text(path, "{not json").await.error(),
        @"400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'name'. See the API docs for more information about request parameters."
    );
    assert_snapshot!(
        app.post_text(path, "[1]").await.error(),
        @"400 INVALID_PARAMETER_VALUE: The body of the request must be a JSON object."
    );
}

#[actix_web::test]
async fn lives_through_delete_and_restore() {
    let app = TestApp::new().await;
    let created = app
        .post(&format!("{API}/create"), json!({"name": "churn"}))
        .await
        .ok();
    assert_eq!(created, json!({"experiment_id": "1"}));
    let id = json!({"experiment_id": "1"});
    let post = async |action: &str, body| app.post(&format!("{API}/{action}"), body).await;
    let rename = json!({"experiment_id": "1", "new_name": "renamed"});
    post("update", rename.clone()).await.ok();
    post("delete", id.clone()).await.ok();
    assert_snapshot!(post("delete", id.clone()).await.error(), @"404 RESOURCE_DOES_NOT_EXIST: No Experiment with id=1 exists");
    assert_snapshot!(post("update", rename).await.error(), @"500 INVALID_STATE: Cannot rename a non-active experiment.");
    let tag = json!({"experiment_id": "1", "key": "a", "value": "1"});
    assert_snapshot!(post("set-experiment-tag", tag.clone()).await.error(), @"400 INVALID_PARAMETER_VALUE: The experiment 1 must be in the 'active' state. Current state is deleted.");
    post("restore", id.clone()).await.ok();
    assert_snapshot!(post("restore", id).await.error(), @"404 RESOURCE_DOES_NOT_EXIST: No Experiment with id=1 exists");
    post("set-experiment-tag", tag.clone()).await.ok();
    let found = app
        .get(&format!("{API}/get-by-name?experiment_name=renamed"))
        .await
        .ok();
    let mut experiment = found["experiment"].clone();
    for time in ["creation_time", "last_update_time"] {
        assert!(experiment[time].is_i64(), "{experiment}");
        experiment[time] = "[now]".into();
    }
    assert_json_snapshot!(experiment, @r#"
    {
      "experiment_id": "1",
      "name": "renamed",
      "artifact_location": "mlflow-artifacts:/1",
      "lifecycle_stage": "active",
      "last_update_time": "[now]",
      "creation_time": "[now]",
      "tags": [
        {
          "key": "a",
          "value": "1"
        }
      ],
      "workspace": "default"
    }
    "#);
    post("delete-experiment-tag", tag.clone()).await.ok();
    assert_snapshot!(post("delete-experiment-tag", tag).await.error(), @"404 RESOURCE_DOES_NOT_EXIST: No tag with name: a in experiment with id 1");
}

#[actix_web::test]
async fn says_what_is_wrong_with_an_experiment() {
    let app = TestApp::new().await;
    let create = |body| app.post("/api/2.0/mlflow/experiments/create", body);
    assert_snapshot!(create(json!({"name": "Default"})).await.error(), @"400 RESOURCE_ALREADY_EXISTS: Experiment(name=Default) already exists. Error: Experiment 0 has this name.");
    assert_snapshot!(create(json!({"name": "n".repeat(501)})).await.error(), @"400 INVALID_PARAMETER_VALUE: 'name' exceeds the maximum length of 500 characters");
    let tags = json!({"name": "a", "tags": [{"key": "k", "value": "v".repeat(20_001)}]});
    assert_snapshot!(create(tags).await.error(), @"400 INVALID_PARAMETER_VALUE: 'value' exceeds the maximum length of 20000 characters");
    let location = |location: &str| json!({"name": "a", "artifact_location": location});
    assert_snapshot!(create(location("s3://bucket/a#b")).await.error(), @"400 INVALID_PARAMETER_VALUE: 'artifact_location' URL can't include fragments or params.");
    assert_snapshot!(create(location("https://elsewhere/a")).await.error(), @"400 INVALID_PARAMETER_VALUE: 'artifact_location' cannot use the 'https' scheme: the 'https' scheme addresses a host other than the tracking server's configured artifact storage, so the server would connect to the host named in the URI. Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the server to allow it.");
    assert_snapshot!(create(location("runs:/a")).await.error(), @"400 INVALID_PARAMETER_VALUE: Artifact location cannot be a runs:/ URI. Given: 'runs:/a'");
    let retention = json!({
        "name": "a",
        "tags": [{"key": "mlflow.trace.archivalRetention", "value": "{\"type\": \"duration\", \"value\": \"7\"}"}],
    });
    assert_snapshot!(create(retention).await.error(), @"400 INVALID_PARAMETER_VALUE: Trace archival retention must be in the form `<int><unit>`, where unit is one of 'm', 'h', or 'd'.");
    let rename = json!({"experiment_id": "1", "new_name": "Default"});
    create(json!({"name": "other"})).await.ok();
    let renamed = app.post("/api/2.0/mlflow/experiments/update", rename).await;
    assert_snapshot!(renamed.error(), @"400 BAD_REQUEST: Experiment(name=Default) already exists.");
    for (id, words) in [
        (
            "x",
            "400 INVALID_PARAMETER_VALUE: Invalid experiment ID 'x'. Experiment ID must be a valid integer.",
        ),
        (
            "7",
            "404 RESOURCE_DOES_NOT_EXIST: No Experiment with id=7 exists",
        ),
    ] {
        let found = app.get(&format!("{API}/get?experiment_id={id}")).await;
        assert_eq!(found.error(), words);
    }
}

#[actix_web::test]
async fn keeps_no_more_views_than_mlflow() {
    let app = TestApp::new().await;
    let set = |key: String| {
        let tag = json!({"experiment_id": "0", "key": key, "value": "{}"});
        app.post("/api/2.0/mlflow/experiments/set-experiment-tag", tag)
    };
    for view in 0..50 {
        set(format!("mlflow.customView.view{view}")).await.ok();
    }
    set("mlflow.customView.view7".to_owned()).await.ok();
    set("another tag".to_owned()).await.ok();
    assert_snapshot!(set("mlflow.customView.view50".to_owned()).await.error(), @"400 INVALID_PARAMETER_VALUE: Unable to create another custom view for experiment 0; the maximum number of custom views per experiment is 50. Delete an existing custom view before creating a new one.");
}
