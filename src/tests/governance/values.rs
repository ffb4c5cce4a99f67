//! Gates on metrics that are no numbers.

use serde_json::{Value, json};

use super::{apply, missing, mlflow, model, transition, try_mlflow};
use crate::tests::TestApp;

const POLICY: &str = r#"
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: loss}
spec:
  models: {names: ["gated"]}
  registration:
    require: {metrics: [{key: acc, min: 0.8}]}
  stages:
    Production:
      require: {metrics: [{key: loss, max: 0.1}]}
      rules:
        - name: small
          expression: metrics.loss < 0.1
          message: The loss must be small.
        - name: not-large
          expression: "!(metrics.loss >= 0.1)"
          message: The loss must not be large.
  aliases:
    champion: {same_as: Production}
"#;

/// A logged model with these metrics, logged as the client does: to the run, then once more with the model.
async fn logged(app: &TestApp, metrics: &[(&str, Value)]) -> String {
    let run = mlflow(app, "runs/create", json!({"experiment_id": "0"})).await;
    let run_id = run["run"]["info"]["run_id"].clone();
    let request = json!({"experiment_id": "0", "source_run_id": run_id});
    let model = mlflow(app, "logged-models", request).await;
    let model_id = model["model"]["info"]["model_id"].as_str().unwrap();
    for with_model in [false, true] {
        let points: Vec<Value> = metrics
            .iter()
            .map(|(key, value)| {
                let mut point = json!({"key": key, "value": value, "timestamp": 5, "step": 0});
                if with_model {
                    point["model_id"] = model_id.into();
                }
                point
            })
            .collect();
        let batch = json!({"run_id": run_id, "metrics": points});
        mlflow(app, "runs/log-batch", batch).await;
    }
    model_id.to_owned()
}

#[actix_web::test]
async fn a_diverged_model_gets_nowhere() {
    let app = TestApp::new().await;
    apply(&app, POLICY).await;
    model(&app, "gated").await;
    let register = |model_id: String| {
        let request =
            json!({"name": "gated", "source": format!("models:/{model_id}"), "model_id": model_id});
        try_mlflow(&app, "model-versions/create", request)
    };

    for acc in [json!("NaN"), json!("Infinity"), json!(f64::MAX)] {
        let bad = logged(&app, &[("loss", json!(0.05)), ("acc", acc.clone())]).await;
        assert_eq!(missing(&register(bad).await), ["metric:acc"], "{acc}");
    }

    for loss in [json!("NaN"), json!("-Infinity")] {
        let diverged = logged(&app, &[("loss", loss.clone()), ("acc", json!(0.9))]).await;
        let shown = app
            .get(&format!("/api/2.0/mlflow/logged-models/{diverged}"))
            .await
            .ok();
        let metrics = shown["model"]["data"]["metrics"].as_array().unwrap();
        let shown = metrics.iter().find(|metric| metric["key"] == "loss");
        assert_eq!(shown.unwrap()["value"], loss);

        let created = register(diverged).await.ok();
        let version = created["model_version"]["version"].as_str().unwrap();
        let unmet = ["metric:loss", "rule:small", "rule:not-large"];
        let refused = transition(&app, "gated", version, "Production").await;
        assert_eq!(missing(&refused), unmet, "{loss}");
        let alias = json!({"name": "gated", "alias": "champion", "version": version});
        let refused = try_mlflow(&app, "registered-models/alias", alias).await;
        assert_eq!(missing(&refused), unmet, "{loss}");
    }

    let found = mlflow(
        &app,
        "logged-models/search",
        json!({"experiment_ids": ["0"], "filter": "metrics.loss < 0.01"}),
    )
    .await;
    let found: Vec<_> = found["models"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|model| model["data"]["metrics"].as_array().unwrap())
        .filter(|metric| metric["key"] == "loss")
        .map(|metric| metric["value"].clone())
        .collect();
    assert_eq!(found, ["-Infinity"]);

    let good = logged(&app, &[("loss", json!(0.0)), ("acc", json!(0.9))]).await;
    let created = register(good).await.ok();
    let version = created["model_version"]["version"].as_str().unwrap();
    transition(&app, "gated", version, "Production").await.ok();
}

#[actix_web::test]
async fn evidence_that_is_no_number_is_refused() {
    let app = TestApp::new().await;
    model(&app, "free").await;
    super::version(&app, "free").await;
    // As Python writes it.
    for value in [
        r#"{"verdict": "passed", "metrics": {"gap": NaN}}"#,
        r#"{"verdict": "passed", "metrics": {"gap": 1e999}}"#,
    ] {
        let tag = json!({"name": "free", "version": "1", "key": "flowkeep.evaluation.bias", "value": value});
        let refused = try_mlflow(&app, "model-versions/set-tag", tag).await;
        let error = refused.error();
        assert!(error.starts_with("400 INVALID_PARAMETER_VALUE"), "{error}");
    }
}
