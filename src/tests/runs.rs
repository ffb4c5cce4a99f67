use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::{Value, json};

use super::TestApp;
use super::harness::Reply;

pub const API: &str = "/api/2.0/mlflow";

/// A new run of the experiment that is always there.
pub async fn new_run(app: &TestApp) -> String {
    let body = json!({"experiment_id": "0", "run_name": "quiet-otter-1", "start_time": 1});
    let created = app.post(&format!("{API}/runs/create"), body).await.ok();
    created["run"]["info"]["run_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Sends a request about a run.
async fn post(app: &TestApp, action: &str, run: &str, mut body: Value) -> Reply {
    body["run_id"] = run.into();
    app.post(&format!("{API}/runs/{action}"), body).await
}

#[actix_web::test]
async fn tells_all_of_a_run() {
    let app = TestApp::new().await;
    let run = new_run(&app).await;
    let batch = json!({
        "metrics": [{"key": "loss", "value": 0.5, "timestamp": 7, "step": 3}],
        "params": [{"key": "depth", "value": "3"}],
        "tags": [{"key": "team", "value": "risk"}],
    });
    post(&app, "log-batch", &run, batch).await.ok();
    post(
        &app,
        "update",
        &run,
        json!({"status": "FINISHED", "end_time": 2}),
    )
    .await
    .ok();
    let got = app
        .get(&format!("{API}/runs/get?run_id={run}"))
        .await
        .text()
        .replace(&run, "[run]");
    let got: Value = serde_json::from_str(&got).unwrap();
    assert_json_snapshot!(got, @r#"
    {
      "run": {
        "info": {
          "run_id": "[run]",
          "run_uuid": "[run]",
          "run_name": "quiet-otter-1",
          "experiment_id": "0",
          "user_id": "",
          "status": "FINISHED",
          "start_time": 1,
          "end_time": 2,
          "artifact_uri": "mlflow-artifacts:/0/[run]/artifacts",
          "lifecycle_stage": "active"
        },
        "data": {
          "metrics": [
            {
              "key": "loss",
              "value": 0.5,
              "timestamp": 7,
              "step": 3
            }
          ],
          "params": [
            {
              "key": "depth",
              "value": "3"
            }
          ],
          "tags": [
            {
              "key": "mlflow.runName",
              "value": "quiet-otter-1"
            },
            {
              "key": "team",
              "value": "risk"
            }
          ]
        },
        "inputs": {},
        "outputs": {}
      }
    }
    "#);
}

#[actix_web::test]
async fn a_deleted_run_takes_nothing_until_it_is_restored() {
    let app = TestApp::new().await;
    let run = new_run(&app).await;
    post(&app, "delete", &run, json!({})).await.ok();
    let requests = [
        (
            "log-metric",
            json!({"key": "m", "value": 1, "timestamp": 1}),
        ),
        ("log-parameter", json!({"key": "p", "value": "1"})),
        ("set-tag", json!({"key": "t", "value": "1"})),
        ("delete-tag", json!({"key": "mlflow.runName"})),
        ("log-batch", json!({})),
        ("update", json!({"status": "FAILED"})),
    ];
    for (action, body) in &requests {
        let error = post(&app, action, &run, body.clone()).await.error();
        assert_eq!(
            error,
            format!(
                "400 INVALID_PARAMETER_VALUE: The run {run} must be in the 'active' state. \
                 Current state is deleted."
            ),
            "{action}"
        );
    }
    post(&app, "restore", &run, json!({})).await.ok();
    for (action, body) in requests {
        post(&app, action, &run, body).await.ok();
    }
}

#[actix_web::test]
async fn says_what_is_wrong_with_a_run() {
    let app = TestApp::new().await;
    let create = |body| app.post("/api/2.0/mlflow/runs/create", body);
    assert_snapshot!(create(json!({})).await.error(), @"400 BAD_REQUEST: The run names no experiment.");
    assert_snapshot!(create(json!({"experiment_id": "no"})).await.error(), @"400 INVALID_PARAMETER_VALUE: Invalid experiment ID 'no'. Experiment ID must be a valid integer.");
    assert_snapshot!(create(json!({"experiment_id": "9"})).await.error(), @"404 RESOURCE_DOES_NOT_EXIST: No Experiment with id=9 exists");
    let names = json!({
        "experiment_id": "0",
        "run_name": "one",
        "tags": [{"key": "mlflow.runName", "value": "other"}],
    });
    assert_snapshot!(create(names).await.error(), @"400 INVALID_PARAMETER_VALUE: Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='one', mlflow.runName='other').");
    let twice = json!({"experiment_id": "0", "tags": [{"key": "a"}, {"key": "a"}]});
    assert_snapshot!(create(twice).await.error(), @"400 BAD_REQUEST: The tag 'a' is given twice.");
    assert_snapshot!(
        app.get("/api/2.0/mlflow/runs/get?run_id=unknown").await.error(),
        @"404 RESOURCE_DOES_NOT_EXIST: Run with id=unknown not found"
    );
}

#[actix_web::test]
async fn says_what_is_wrong_with_what_is_logged() {
    let app = TestApp::new().await;
    let run = new_run(&app).await;
    let error = async |action: &str, body: Value| {
        let reply = post(&app, action, &run, body).await.error();
        reply.replace(&run, "[run]")
    };
    let metric =
        |key: &str, timestamp: i64| json!({"key": key, "value": 0.5, "timestamp": timestamp});
    assert_snapshot!(error("log-metric", metric("a,b", 1)).await, @r#"400 INVALID_PARAMETER_VALUE: Invalid value "a,b" for parameter 'name' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/)."#);
    assert_snapshot!(error("log-metric", metric("a", -1)).await, @"400 INVALID_PARAMETER_VALUE: Invalid value -1 for parameter 'timestamp' supplied: metric 'a' (value=0.5). Timestamp must be a nonnegative long (64-bit integer)");
    assert_snapshot!(error("log-batch", json!({"metrics": [metric("a", 1), metric("../a", 1)]})).await, @r#"400 INVALID_PARAMETER_VALUE: Invalid value "../a" for parameter 'metrics[1].name' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '../a'"#);
    let half = json!({"key": "a", "value": 1, "timestamp": 1, "dataset_name": "d"});
    assert_snapshot!(error("log-metric", half).await, @"400 INVALID_PARAMETER_VALUE: Both dataset_name and dataset_digest must be provided if one is provided");
    let many = |count: usize| vec![json!({"key": "a", "value": "1"}); count];
    assert_snapshot!(error("log-batch", json!({"params": many(101)})).await, @"400 INVALID_PARAMETER_VALUE: A batch logging request can contain at most 100 params. Got 101 params. Please split up params across multiple requests and try again.");
    assert_snapshot!(error("log-batch", json!({"params": many(3)})).await, @"400 INVALID_PARAMETER_VALUE: Duplicate parameter keys have been submitted: ['a', 'a']. Please ensure the request contains only one param value per param key.");
    assert_snapshot!(error("log-batch", json!({"metrics": vec![metric("a", 1); 1001]})).await, @"400 INVALID_PARAMETER_VALUE: A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split up metrics across multiple requests and try again.");
    let full = json!({"metrics": vec![metric("a", 1); 1000], "tags": many(1)});
    assert_snapshot!(error("log-batch", full).await, @"400 INVALID_PARAMETER_VALUE: A batch logging request can contain at most 1000 metrics, params, and tags. Got 1001 metrics, params, and tags. Please split up metrics, params, and tags across multiple requests and try again.");
    post(
        &app,
        "log-parameter",
        &run,
        json!({"key": "p", "value": "1"}),
    )
    .await
    .ok();
    assert_snapshot!(error("log-parameter", json!({"key": "p", "value": "2"})).await, @"400 INVALID_PARAMETER_VALUE: Changing param values is not allowed. Param with key='p' was already logged with value='1' for run ID='[run]'. Attempted logging new value '2'.");
    assert_snapshot!(error("set-tag", json!({"key": "k".repeat(251), "value": ""})).await, @"400 INVALID_PARAMETER_VALUE: 'key' exceeds the maximum length of 250 characters");
    assert_snapshot!(error("delete-tag", json!({"key": "none"})).await, @"404 RESOURCE_DOES_NOT_EXIST: No tag with name: none in run with id [run]");
    assert_snapshot!(error("log-model", json!({"model_json": "{"})).await, @r"
    400 INVALID_PARAMETER_VALUE: Malformed model info. 
     { 
     is not a valid JSON.
    ");
    assert_snapshot!(error("log-model", json!({"model_json": "[]"})).await, @"400 INVALID_PARAMETER_VALUE: The model json must be a JSON object.");
    assert_snapshot!(error("log-model", json!({"model_json": "{\"run_id\": 1}"})).await, @"400 INVALID_PARAMETER_VALUE: Model json is missing mandatory fields: {'artifact_path', 'flavors', 'utc_time_created'}");
}

#[actix_web::test]
async fn records_models_of_old_clients_in_a_tag() {
    let app = TestApp::new().await;
    let run = new_run(&app).await;
    let model = json!({
        "run_id": "r",
        "artifact_path": "modèle",
        "utc_time_created": "2026-01-01",
        "flavors": {"sklearn": {"config": {}, "code": null}},
        "signature": {},
    });
    for _ in 0..2 {
        let body = json!({"model_json": model.to_string()});
        post(&app, "log-model", &run, body).await.ok();
    }
    let got = app.get(&format!("{API}/runs/get?run_id={run}")).await.ok();
    let tag = got["run"]["data"]["tags"]
        .as_array()
        .unwrap()
        .iter()
        .find(|tag| tag["key"] == "mlflow.log-model.history")
        .unwrap();
    assert_snapshot!(tag["value"].as_str().unwrap(), @r#"[{"run_id": "r", "artifact_path": "mod\u00e8le", "utc_time_created": "2026-01-01", "model_uuid": null, "flavors": {"sklearn": {"code": null}}}, {"run_id": "r", "artifact_path": "mod\u00e8le", "utc_time_created": "2026-01-01", "model_uuid": null, "flavors": {"sklearn": {"code": null}}}]"#);
}

#[actix_web::test]
async fn cuts_long_values() {
    let app = TestApp::new().await;
    let run = new_run(&app).await;
    let long = "é".repeat(9_000);
    post(
        &app,
        "log-parameter",
        &run,
        json!({"key": "p", "value": long}),
    )
    .await
    .ok();
    post(&app, "set-tag", &run, json!({"key": "t", "value": long}))
        .await
        .ok();
    let got = app.get(&format!("{API}/runs/get?run_id={run}")).await.ok();
    let data = &got["run"]["data"];
    let length = |value: &Value| value["value"].as_str().unwrap().chars().count();
    assert_eq!(length(&data["params"][0]), 6_000);
    let tags = data["tags"].as_array().unwrap();
    assert_eq!(tags.iter().map(length).max(), Some(8_000));
}
