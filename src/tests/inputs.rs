use insta::assert_snapshot;
use serde_json::{Value, json};

use super::TestApp;

const RUNS: &str = "/api/2.0/mlflow/runs";

async fn create_run(app: &TestApp) -> String {
    let reply = app
        .post(&format!("{RUNS}/create"), json!({"experiment_id": "0"}))
        .await
        .ok();
    reply["run"]["info"]["run_id"].as_str().unwrap().to_owned()
}

fn dataset(name: &str) -> Value {
    json!({"name": name, "digest": "d1", "source_type": "local", "source": "{}"})
}

#[actix_web::test]
async fn a_run_tells_what_went_in_and_what_came_out() {
    let app = TestApp::new().await;
    let run_id = create_run(&app).await;
    let datasets = json!([{
        "tags": [{"key": "mlflow.data.context", "value": "training"}],
        "dataset": dataset("rows"),
    }]);
    let body = json!({"run_id": run_id, "datasets": datasets, "models": [{"model_id": "m-in"}]});
    let reply = app.post(&format!("{RUNS}/log-inputs"), body).await.ok();
    assert_eq!(reply, json!({}));
    let body = json!({"run_id": run_id, "models": [{"model_id": "m-out", "step": 3}]});
    let reply = app.post(&format!("{RUNS}/outputs"), body).await.ok();
    assert_eq!(reply, json!({}));

    let got = app.get(&format!("{RUNS}/get?run_id={run_id}")).await.ok();
    assert_eq!(
        got["run"]["inputs"],
        json!({"dataset_inputs": datasets, "model_inputs": [{"model_id": "m-in"}]})
    );
    assert_eq!(
        got["run"]["outputs"],
        json!({"model_outputs": [{"model_id": "m-out", "step": 3}]})
    );
    let found = app
        .post(
            "/ajax-api/2.0/mlflow/experiments/search-datasets",
            json!({"experiment_ids": ["0"]}),
        )
        .await
        .ok();
    assert_eq!(
        found,
        json!({"dataset_summaries": [
            {"experiment_id": "0", "name": "rows", "digest": "d1", "context": "training"},
        ]})
    );
}

#[actix_web::test]
async fn refused_inputs_leave_nothing_behind() {
    let app = TestApp::new().await;
    let run_id = create_run(&app).await;
    let refusal = async |datasets: Value| {
        let body = json!({"run_id": run_id, "datasets": datasets});
        app.post(&format!("{RUNS}/log-inputs"), body).await.error()
    };
    let good = json!({"dataset": dataset("rows")});
    let long_name = json!({"dataset": dataset(&"é".repeat(501))});
    assert_snapshot!(
        refusal(json!([good, long_name])).await,
        @"400 INVALID_PARAMETER_VALUE: 'name' exceeds the maximum length of 500 characters"
    );
    let long_tag =
        json!({"dataset": dataset("a"), "tags": [{"key": "k", "value": "v".repeat(501)}]});
    assert_snapshot!(
        refusal(json!([good, long_tag])).await,
        @"400 INVALID_PARAMETER_VALUE: 'value' exceeds the maximum length of 500 characters"
    );
    let tag = json!({"key": "k", "value": "v"});
    let twice = json!({"dataset": dataset("a"), "tags": [tag, tag]});
    assert_snapshot!(
        refusal(json!([good, twice])).await,
        @"400 BAD_REQUEST: The tag 'k' is given twice for one dataset."
    );
    let body = json!({"run_id": run_id, "models": [{"model_id": "m1"}, {"model_id": "m1"}]});
    app.post(&format!("{RUNS}/outputs"), body).await.error();

    let got = app.get(&format!("{RUNS}/get?run_id={run_id}")).await.ok();
    assert_eq!(got["run"]["inputs"], json!({}));
    assert_eq!(got["run"]["outputs"], json!({}));
}

#[actix_web::test]
async fn refuses_what_names_no_run_or_no_experiment() {
    let app = TestApp::new().await;
    let log = async |run_id: &str| {
        let body = json!({"run_id": run_id, "datasets": []});
        app.post(&format!("{RUNS}/log-inputs"), body).await.error()
    };
    assert_snapshot!(
        log("../x").await,
        @r#"400 INVALID_PARAMETER_VALUE: Invalid value "../x" for parameter 'run_id' supplied."#
    );
    assert_snapshot!(
        log("unknown").await,
        @"404 RESOURCE_DOES_NOT_EXIST: Run with id=unknown not found"
    );
    let search = async |ids: Value| {
        app.post(
            "/ajax-api/2.0/mlflow/experiments/search-datasets",
            json!({"experiment_ids": ids}),
        )
        .await
        .error()
    };
    assert_snapshot!(
        search(json!([])).await,
        @"400 INVALID_PARAMETER_VALUE: SearchDatasets request must specify at least one experiment_id."
    );
    assert_snapshot!(
        search(json!(vec!["0"; 21])).await,
        @"400 INVALID_PARAMETER_VALUE: SearchDatasets request cannot specify more than 20 experiment_ids. Received 21 experiment_ids."
    );
    assert_snapshot!(
        search(json!(["x"])).await,
        @"400 INVALID_PARAMETER_VALUE: Invalid experiment ID 'x'. Experiment ID must be a valid integer."
    );
}
