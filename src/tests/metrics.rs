use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::json;

use super::TestApp;
use super::runs::{API, new_run};

const BULK: &str = "/ajax-api/2.0/mlflow/metrics/get-history-bulk";

async fn log(app: &TestApp, run: &str, points: &[(f64, i64)]) {
    for (value, step) in points {
        let body =
            json!({"run_id": run, "key": "loss", "value": value, "timestamp": 1, "step": step});
        app.post(&format!("{API}/runs/log-metric"), body).await.ok();
    }
}

#[actix_web::test]
async fn tells_the_history_of_a_metric() {
    let app = TestApp::new().await;
    let run = new_run(&app).await;
    log(&app, &run, &[(0.5, 2), (1.0, 1)]).await;
    let history = format!("{API}/metrics/get-history");
    let all = app
        .get(&format!("{history}?run_id={run}&metric_key=loss"))
        .await
        .ok();
    assert_json_snapshot!(all, @r#"
    {
      "metrics": [
        {
          "key": "loss",
          "value": 1.0,
          "timestamp": 1,
          "step": 1
        },
        {
          "key": "loss",
          "value": 0.5,
          "timestamp": 1,
          "step": 2
        }
      ]
    }
    "#);
    let nothing = app
        .get(&format!("{history}?run_id=unknown&metric_key=loss"))
        .await;
    assert_eq!(nothing.ok(), json!({}));
    let page = async |query: &str| {
        app.get(&format!("{history}?run_uuid={run}&metric_key=loss&{query}"))
            .await
    };
    assert_snapshot!(page("max_results=0").await.error(), @"400 INVALID_PARAMETER_VALUE: Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer.");
    assert_snapshot!(page("max_results=1&page_token=x").await.error(), @"400 INVALID_PARAMETER_VALUE: Invalid page token, could not base64-decode");
    let first = page("max_results=1").await.ok();
    assert_eq!(first["metrics"][0]["step"], 1);
    let token = first["next_page_token"].as_str().unwrap();
    let token = format!("max_results=1&page_token={}", token.replace('=', "%3D"));
    let last = page(&token).await.ok();
    assert_eq!(last["metrics"][0]["step"], 2);
    assert!(last.get("next_page_token").is_none());
}

#[actix_web::test]
async fn tells_the_history_of_several_runs() {
    let app = TestApp::new().await;
    let runs = [new_run(&app).await, new_run(&app).await];
    for run in &runs {
        log(&app, run, &[(0.5, 1)]).await;
    }
    let [first, second] = &runs;
    let query = format!("{BULK}?run_id={first}&run_id={second}&metric_key=loss");
    let found = app.get(&query).await.ok();
    assert_eq!(found["metrics"].as_array().unwrap().len(), 2);
    let found = app.get(&format!("{query}&max_results=1")).await.ok();
    assert_eq!(found["metrics"].as_array().unwrap().len(), 1);
    let found = app
        .get(&format!("{BULK}?run_id=unknown&metric_key=loss"))
        .await;
    assert_eq!(found.ok(), json!({"metrics": []}));

    assert_snapshot!(app.get(BULK).await.error(), @"400 INVALID_PARAMETER_VALUE: GetMetricHistoryBulk request must specify at least one run_id.");
    assert_snapshot!(app.get(&format!("{BULK}?run_id=a")).await.error(), @"400 INVALID_PARAMETER_VALUE: GetMetricHistoryBulk request must specify a metric_key.");
    assert_snapshot!(app.get(&format!("{query}&max_results=many")).await.error(), @"400 INVALID_PARAMETER_VALUE: Invalid value many for parameter 'max_results' supplied. It must be a positive integer.");
    let many = "&run_id=a".repeat(101);
    assert_snapshot!(app.get(&format!("{BULK}?metric_key=loss{many}")).await.error(), @"400 INVALID_PARAMETER_VALUE: GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received 101 run_ids.");
}

#[actix_web::test]
async fn samples_the_history_of_several_runs() {
    let app = TestApp::new().await;
    let run = new_run(&app).await;
    log(&app, &run, &[(1.0, 1), (2.0, 2), (3.0, 3), (4.0, 4)]).await;
    let path = format!("{API}/metrics/get-history-bulk-interval?metric_key=loss");
    let get = async |query: &str| app.get(&format!("{path}&run_ids={run}&{query}")).await;
    let found = get("max_results=2").await.ok();
    let steps = found["metrics"].as_array().unwrap().iter();
    assert_eq!(
        steps.map(|point| &point["step"]).collect::<Vec<_>>(),
        [1, 4]
    );
    assert_snapshot!(get("max_results=0").await.error(), @"400 INVALID_PARAMETER_VALUE: max_results must be between 1 and 2500. See the API docs for more information about request parameters.");
    assert_snapshot!(get("start_step=1").await.error(), @"400 INVALID_PARAMETER_VALUE: If either start step or end step are specified, both must be specified.");
    assert_snapshot!(get("start_step=3&end_step=2").await.error(), @"400 INVALID_PARAMETER_VALUE: end_step must be greater than start_step. Found start_step=3 and end_step=2.");
    let many = "&run_ids=a".repeat(101);
    assert_snapshot!(app.get(&format!("{path}{many}")).await.error(), @"400 INVALID_PARAMETER_VALUE: GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received 101 run_ids. See the API docs for more information about request parameters.");
}
