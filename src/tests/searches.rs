use insta::assert_snapshot;
use serde_json::{Value, json};

use super::TestApp;

const RUNS: &str = "/api/2.0/mlflow/runs/search";
const EXPERIMENTS: &str = "/api/2.0/mlflow/experiments/search";

#[actix_web::test]
async fn goes_on_from_a_token_and_refuses_a_changed_one() {
    let app = TestApp::new().await;
    for name in ["a", "b", "c"] {
        app.post(
            "/api/2.0/mlflow/experiments/create",
            json!({ "name": name }),
        )
        .await
        .ok();
    }
    let first = app
        .post(
            EXPERIMENTS,
            json!({"max_results": 2, "filter": "name != 'Default'", "order_by": ["name"]}),
        )
        .await
        .ok();
    assert_eq!(first["experiments"][1]["name"], "b");
    let token = first["next_page_token"].as_str().unwrap();
    let second = app
        .post(
            EXPERIMENTS,
            json!({"max_results": 2, "order_by": ["name"], "page_token": token, "filter": "name != 'Default'"}),
        )
        .await
        .ok();
    assert_eq!(second["experiments"][0]["name"], "c");
    assert_eq!(second["next_page_token"], json!(null));

    let search =
        |token: String| app.post(EXPERIMENTS, json!({"max_results": 2, "page_token": token}));
    // Sort keys of a search with another order.
    assert_snapshot!(search(token.to_owned()).await.error(), @"400 INVALID_PARAMETER_VALUE: Invalid page token, it belongs to a search with another order_by");
    let changed = token.replacen('i', "j", 1);
    assert!(
        search(changed)
            .await
            .error()
            .starts_with("400 INVALID_PARAMETER_VALUE: Invalid page token")
    );
    assert_snapshot!(search("abc".to_owned()).await.error(), @"400 INVALID_PARAMETER_VALUE: Invalid page token, could not base64-decode");
    assert_snapshot!(search("eyJvZmZzZXQiOiAxfQ==".to_owned()).await.error(), @r#"400 INVALID_PARAMETER_VALUE: Invalid page token, decoded value=b'{"offset": 1}'"#);
}

/// As with MLflow, a token of logged models is for one search.
#[actix_web::test]
async fn a_token_of_logged_models_is_for_one_search() {
    let app = TestApp::new().await;
    let path = "/api/2.0/mlflow/logged-models";
    for name in ["a", "b"] {
        let model = json!({"experiment_id": "0", "name": name});
        app.post(path, model).await.ok();
    }
    let search = async |changes: Value| {
        let mut request = json!({
            "experiment_ids": ["0"], "max_results": 1, "filter": "name != 'it'", "order_by": [{"field_name": "name"}],
        });
        request
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        app.post(&format!("{path}/search"), request).await
    };
    let first = search(json!({})).await.ok();
    assert_eq!(first["models"][0]["info"]["name"], "a");
    let token = &first["next_page_token"];
    let second = search(json!({"page_token": token, "max_results": 5}))
        .await
        .ok();
    assert_eq!(second["models"][0]["info"]["name"], "b");
    let refusal = async |mut changes: Value| {
        changes["page_token"] = token.clone();
        search(changes).await.error()
    };
    assert_snapshot!(refusal(json!({"experiment_ids": ["0", "1"]})).await, @"400 INVALID_PARAMETER_VALUE: Experiment IDs in the page token do not match the requested experiment IDs. Expected: ['0', '1']. Found: ['0']");
    assert_snapshot!(refusal(json!({"filter": ""})).await, @"400 INVALID_PARAMETER_VALUE: Filter string in the page token does not match the requested filter string. Expected: None. Found: name != 'it'");
    assert_snapshot!(refusal(json!({"order_by": []})).await, @"400 INVALID_PARAMETER_VALUE: Order by in the page token does not match the requested order by. Expected: None. Found: [{'field_name': 'name', 'ascending': True, 'dataset_name': None, 'dataset_digest': None}]");
    // A token of another kind of search says of none which it is for.
    let runs = "eyJhZnRlciI6W10sImNoZWNrIjoxNDUxMDUxMDN9";
    let other = search(json!({"page_token": runs})).await.error();
    assert!(
        other.starts_with("400 INVALID_PARAMETER_VALUE: "),
        "{other}"
    );
}

#[actix_web::test]
async fn refuses_what_is_no_search() {
    let app = TestApp::new().await;
    assert_snapshot!(app.post(EXPERIMENTS, json!({})).await.error(), @"400 INVALID_PARAMETER_VALUE: Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer");
    assert_snapshot!(app.post(RUNS, json!({"max_results": 50_001})).await.error(), @"400 INVALID_PARAMETER_VALUE: Invalid value 50001 for parameter 'max_results' supplied:  Hint: Value was of type 'int'. See the API docs for more information about request parameters.");
    assert_snapshot!(app.post(RUNS, json!({"experiment_ids": ["x"]})).await.error(), @"400 INVALID_PARAMETER_VALUE: Invalid experiment ID 'x'. Experiment ID must be a valid integer.");
    assert_snapshot!(app.post(RUNS, json!({"order_by": ["status", "status"]})).await.error(), @"400 INVALID_PARAMETER_VALUE: `order_by` contains duplicate fields: ['status', 'status']");
    assert_snapshot!(app.post(RUNS, json!({"filter": "metrics.loss = 'low'"})).await.error(), @"400 INVALID_PARAMETER_VALUE: Expected numeric value type for metric. Found 'low'");
}
