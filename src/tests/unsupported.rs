//! What the stock UI is told about things that flowkeep does not keep.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use serde_json::json;

use super::TestApp;
use crate::api::UNSUPPORTED_LISTS;

#[actix_web::test]
async fn lists_of_what_cannot_be_created_are_empty() {
    let app = TestApp::new().await;
    for list in &UNSUPPORTED_LISTS {
        let path = format!("/ajax-api{}", list.path);
        let reply = if list.method == Method::GET {
            app.get(&path).await
        } else {
            app.post(&path, json!({"experiment_ids": ["0"]})).await
        };
        assert!(reply.headers.contains_key("Flowkeep-Not-Built"), "{path}");
        let reply = reply.ok();
        let full = reply
            .as_object()
            .unwrap()
            .values()
            .any(|value| value.as_array().is_some_and(|array| !array.is_empty()));
        assert!(!full, "{path}: {reply}");
    }
    let endpoints = app
        .get("/ajax-api/2.0/mlflow/gateway-proxy?gateway_path=api/2.0/endpoints/")
        .await;
    assert_eq!(endpoints.ok(), json!({"endpoints": []}));
    let assistant = app.get("/ajax-api/3.0/mlflow/assistant/providers").await;
    assert_eq!(assistant.ok()["providers"], json!([]));
}

#[actix_web::test]
async fn of_no_traces_there_is_a_count_and_no_other_figure() {
    let app = TestApp::new().await;
    let ask = |body| app.post("/ajax-api/3.0/mlflow/traces/metrics", body);
    let count =
        json!({"metric_name": "trace_count", "aggregations": [{"aggregation_type": "COUNT"}]});
    let expected =
        json!({"data_points": [{"metric_name": "trace_count", "values": {"COUNT": 0.0}}]});
    assert_eq!(ask(count.clone()).await.ok(), expected);
    let mut by_day = count;
    by_day["time_interval_seconds"] = json!(86400);
    assert_eq!(ask(by_day).await.ok(), json!({}));
    let average = json!({"metric_name": "latency", "aggregations": [{"aggregation_type": "AVG"}]});
    assert_eq!(ask(average).await.ok(), json!({}));
}

#[actix_web::test]
async fn what_mlflow_has_stored_is_not_denied() {
    let app = TestApp::new().await;
    let file = app.folder().join("mlflow.db");
    let mut database = SqliteConnection::establish(&file.display().to_string()).unwrap();
    database
        .batch_execute(
            "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status)
             VALUES ('tr-1', 0, 1, 'OK')",
        )
        .unwrap();
    let search = TestRequest::post()
        .uri("/ajax-api/3.0/mlflow/traces/search")
        .set_json(json!({"locations": []}));
    assert_eq!(
        app.send(search).await.error(),
        "501 NOT_IMPLEMENTED: MLflow has stored what is asked for in this database, and flowkeep \
         cannot show it yet."
    );
}
