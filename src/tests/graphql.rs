//! GraphQL as the stock UI asks it, with the answers that MLflow gives.

use serde_json::{Value, json};

use super::TestApp;
use super::runs::{API, new_run};

async fn ask(app: &TestApp, query: &str, variables: Value) -> Value {
    let body = json!({"query": query, "variables": variables});
    app.post("/graphql", body).await.ok()
}

/// The first sentence of an answer that has no data.
async fn refusal(app: &TestApp, query: &str) -> String {
    let answer = ask(app, query, json!(null)).await;
    assert!(
        answer["data"].is_null()
            || answer["data"]
                .as_object()
                .unwrap()
                .values()
                .all(Value::is_null),
        "{answer}"
    );
    answer["errors"][0].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_run_comes_with_all_that_belongs_to_it() {
    const QUERY: &str = r#"
        query GetRun($data: MlflowGetRunInput!) @component(name: "MLflow.ExperimentRunTracking") {
          mlflowGetRun(input: $data) {
            apiError { code __typename }
            run {
              info { runName status startTime endTime lifecycleStage userId }
              experiment { experimentId name tags { key value } }
              modelVersions { name version status description aliases deploymentJobState { jobState } }
              data { metrics { key value step timestamp modelId } params { key value } }
              inputs { datasetInputs { dataset { name } } modelInputs { modelId } }
              outputs { modelOutputs { modelId step } }
              __typename
            }
          }
        }"#;
    let app = TestApp::new().await;
    let run = new_run(&app).await;
    let metric =
        |key: &str, value: Value| json!({"key": key, "value": value, "timestamp": 7, "step": 3});
    let batch = json!({
        "run_id": run,
        "metrics": [metric("loss", json!(0.5)), metric("broken", json!("NaN"))],
        "params": [{"key": "depth", "value": "3"}],
    });
    app.post(&format!("{API}/runs/log-batch"), batch).await.ok();
    let model = json!({"name": "churn"});
    app.post(&format!("{API}/registered-models/create"), model)
        .await
        .ok();
    let version = json!({"name": "churn", "run_id": run, "source": format!("mlflow-artifacts:/0/{run}/artifacts/m")});
    app.post(&format!("{API}/model-versions/create"), version)
        .await
        .ok();

    let answer = ask(&app, QUERY, json!({"data": {"runId": run}})).await;
    let expected = json!({
        "data": {"mlflowGetRun": {
            "apiError": null,
            "run": {
                "info": {
                    "runName": "quiet-otter-1", "status": "RUNNING", "startTime": "1", "endTime": "0",
                    "lifecycleStage": "active", "userId": "",
                },
                "experiment": {"experimentId": "0", "name": "Default", "tags": []},
                "modelVersions": [{
                    "name": "churn", "version": "1", "status": "READY", "description": "",
                    "aliases": [], "deploymentJobState": {"jobState": null},
                }],
                "data": {
                    "metrics": [
                        {"key": "broken", "value": null, "step": "3", "timestamp": "7", "modelId": ""},
                        {"key": "loss", "value": 0.5, "step": "3", "timestamp": "7", "modelId": ""},
                    ],
                    "params": [{"key": "depth", "value": "3"}],
                },
                "inputs": {"datasetInputs": [], "modelInputs": []},
                "outputs": {"modelOutputs": []},
                "__typename": "MlflowRunExtension",
            },
        }},
        "errors": null,
    });
    let mut answer = answer;
    let metrics = &mut answer["data"]["mlflowGetRun"]["run"]["data"]["metrics"];
    let by_key = |metric: &Value| metric["key"].as_str().unwrap().to_owned();
    metrics.as_array_mut().unwrap().sort_by_key(by_key);
    assert_eq!(answer, expected);
}

#[actix_web::test]
async fn the_searches_of_rest_can_be_asked_here() {
    let app = TestApp::new().await;
    let run = new_run(&app).await;
    let metric = json!({"run_id": run, "key": "loss", "value": 2.0, "timestamp": 1});
    app.post(&format!("{API}/runs/log-metric"), metric)
        .await
        .ok();
    let query = r#"
        query ($runs: MlflowSearchRunsInput, $most: LongString, $runIds: [String]) {
          mlflowSearchRuns(input: $runs) { runs { info { runName } experiment { name } modelVersions { name } } nextPageToken }
          mlflowGetExperiment(input: {experimentId: "0"}) { experiment { name lifecycleStage } }
          mlflowSearchModelVersions(input: {maxResults: $most}) { modelVersions { name } nextPageToken }
          mlflowGetMetricHistoryBulkInterval(input: {runIds: $runIds, metricKey: "loss", maxResults: 10}) { metrics { key value step } }
          mlflowListArtifacts(input: {runId: "RUN"}) { files { path } }
        }"#;
    let variables = json!({
        "runs": {"experimentIds": ["0"], "filter": "metrics.loss > 1", "runViewType": "ACTIVE_ONLY", "maxResults": 5},
        "most": "10",
        "runIds": [run],
    });
    let answer = ask(&app, &query.replace("RUN", &run), variables).await;
    let expected = json!({
        "data": {
            "mlflowSearchRuns": {
                "runs": [{"info": {"runName": "quiet-otter-1"}, "experiment": {"name": "Default"}, "modelVersions": []}],
                "nextPageToken": "",
            },
            "mlflowGetExperiment": {"experiment": {"name": "Default", "lifecycleStage": "active"}},
            "mlflowSearchModelVersions": {"modelVersions": [], "nextPageToken": ""},
            "mlflowGetMetricHistoryBulkInterval": {"metrics": [{"key": "loss", "value": 2.0, "step": "0"}]},
            "mlflowListArtifacts": {"files": []},
        },
        "errors": null,
    });
    assert_eq!(answer, expected);
    let mutation = r#"mutation { mlflowSearchDatasets(input: {experimentIds: ["0"]}) { datasetSummaries { name } } }"#;
    let answer = ask(&app, mutation, json!(null)).await;
    assert_eq!(
        answer["data"],
        json!({"mlflowSearchDatasets": {"datasetSummaries": []}})
    );
}

#[actix_web::test]
async fn errors_are_sentences() {
    let app = TestApp::new().await;
    for (query, expected) in [
        (
            r#"{ mlflowGetRun(input: {runId: "gone"}) { run { info { runId } } } }"#,
            "Run with id=gone not found",
        ),
        (
            r#"{ mlflowGetExperiment(input: {experimentId: "99"}) { experiment { name } } }"#,
            "No Experiment with id=99 exists",
        ),
        (
            r#"{ mlflowSearchRuns(input: {experimentIds: ["0"], filter: "nonsense"}) { runs { info { runId } } } }"#,
            "Invalid clause(s) in filter string: 'nonsense'",
        ),
    ] {
        assert_eq!(refusal(&app, query).await, expected);
    }
    let unknown = ask(&app, "{ test { nothing } }", json!(null)).await;
    let errors = unknown["errors"].as_array().unwrap();
    let told = |error: &Value| error.as_str().unwrap().contains("`nothing`");
    assert!(
        unknown["data"].is_null() && errors.iter().any(told),
        "{unknown}"
    );
    refusal(&app, "{ test(").await;
    refusal(
        &app,
        "query A { test { output } } query B { test { output } }",
    )
    .await;
    refusal(&app, "{ test { ...F } } fragment F on Test { output ...F }").await;
    let reply = app.post("/graphql", json!({})).await.error();
    assert!(
        reply.starts_with("400 INVALID_PARAMETER_VALUE: The body is not a GraphQL request"),
        "{reply}"
    );
}

#[actix_web::test]
async fn a_query_may_not_ask_for_too_much() {
    let app = TestApp::new().await;
    let repeat = |count: usize, text: &str| {
        let each = (0..count).map(|number| text.replace('#', &number.to_string()));
        each.collect::<Vec<_>>().join(" ")
    };
    let nested = format!("{{ {} b {}", "a { ".repeat(11), "} ".repeat(12));
    for (query, expected) in [
        (
            format!("{{ {} }}", repeat(11, "test { output }")),
            "GraphQL queries should have at most 10 root fields, got 11 root fields. \
             To increase the limit, set the MLFLOW_SERVER_GRAPHQL_MAX_ROOT_FIELDS environment variable.",
        ),
        (
            format!(
                "{{ test {{ {} }} }}",
                repeat(11, "... on Test { a#: output }")
            ),
            "GraphQL queries should have at most 10 aliases, got 11 aliases. \
             To increase the limit, set the MLFLOW_SERVER_GRAPHQL_MAX_ALIASES environment variable.",
        ),
        (
            format!("{{ test {{ {} }} }}", repeat(1001, "output")),
            "Query exceeds maximum total selections of 1000",
        ),
        (nested, "Query exceeds maximum depth of 10"),
        (
            "{ test { ...A } } fragment A on Test { a { ...A } }".to_owned(),
            "Query exceeds maximum depth of 10",
        ),
    ] {
        assert_eq!(refusal(&app, &query).await, expected);
    }
    let long = format!("{{ test {{ {} }} }}", repeat(30_000, "output"));
    refusal(&app, &long).await;
    refusal(&app, &"{a".repeat(5_000)).await;
}

#[actix_web::test]
async fn the_schema_can_be_read() {
    let app = TestApp::new().await;
    let answer = ask(
        &app,
        "{ __type(name: \"MlflowRunInfo\") { fields { name } } }",
        json!(null),
    )
    .await;
    let fields = answer["data"]["__type"]["fields"].as_array().unwrap();
    assert!(fields.contains(&json!({"name": "artifactUri"})), "{answer}");
}
