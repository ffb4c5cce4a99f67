//! What a policy that asks for a feature retrieval spec makes of it when a version is registered.

use serde_json::json;

use super::sealing::Sealing;
use super::{missing, try_mlflow};
use crate::tests::harness::Reply;

const POLICY: &str = "
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: features}
spec:
  registration: {require: {feature_spec: true}}
";

const MLMODEL: &str = r#"
flavors: {}
signature:
  inputs: '[{"type": "long", "name": "tenure", "required": true}, {"type": "double", "name": "calls", "required": true}]'
"#;

const SPEC: &str =
    "feature_store_uri: feast://churn\nfeatures:\n  - {name: tenure, source: 'profile:v2'}\n";
const CALLS: &str = "  - {name: calls, source: 'calls_daily:v1'}\n";

#[track_caller]
fn refusal(reply: &Reply) -> String {
    assert_eq!(missing(reply), ["feature_spec"]);
    let error = reply.error();
    let line = error
        .lines()
        .find(|line| line.starts_with("- feature_spec: "));
    line.unwrap().to_owned()
}

async fn files(files: &[(&str, &str)]) -> Sealing {
    let sealing = Sealing::new(Some(POLICY)).await;
    for (path, content) in files {
        assert_eq!(sealing.put(path, content).await.status, 200);
    }
    sealing
}

#[actix_web::test]
async fn a_spec_that_fits_the_signature_is_taken() {
    let spec = [SPEC, CALLS].concat();
    for path in [
        "model/feature_retrieval_spec.yaml",
        "model/extra_files/feature_retrieval_spec.yaml",
    ] {
        let sealing = files(&[("model/MLmodel", MLMODEL), (path, &spec)]).await;
        sealing.register("model").await.ok();
    }
}

#[actix_web::test]
async fn without_a_spec_there_is_no_version() {
    let sealing = files(&[("model/MLmodel", MLMODEL)]).await;
    let told = refusal(&sealing.register("model").await);
    assert!(
        told.contains("the model has no feature retrieval spec"),
        "{told}"
    );
    let request = json!({"name": "credit-risk", "source": "dbfs:/models/risk"});
    let reply = try_mlflow(&sealing.app, "model-versions/create", request).await;
    assert!(refusal(&reply).contains("cannot read the model's artifacts"));
}

#[actix_web::test]
async fn mistakes_are_told_with_their_lines() {
    let wrong = [SPEC, "  - {name: tenure, source: 'profile'}\n"].concat();
    let path = "model/extra_files/feature_retrieval_spec.yaml";
    let sealing = files(&[("model/MLmodel", MLMODEL), (path, &wrong)]).await;
    let told = refusal(&sealing.register("model").await);
    for part in [
        "extra_files/feature_retrieval_spec.yaml",
        "line 4, column 12: feature 'tenure' is there already, in line 3",
        "source 'profile' of feature 'tenure' is not of the form table:version",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[actix_web::test]
async fn what_differs_from_the_signature_is_named() {
    let spec = [SPEC, "  - {name: age, source: 'profile:v2'}\n"].concat();
    let path = "model/feature_retrieval_spec.yaml";
    let sealing = files(&[("model/MLmodel", MLMODEL), (path, &spec)]).await;
    let told = refusal(&sealing.register("model").await);
    assert!(
        told.contains("inputs that the spec does not list: 'calls'"),
        "{told}"
    );
    assert!(
        told.contains("no inputs of the model's signature: 'age'"),
        "{told}"
    );
}

#[actix_web::test]
async fn tags_point_to_the_spec() {
    let spec = [SPEC, CALLS].concat();
    let sealing = files(&[("model/MLmodel", MLMODEL), ("specs/churn.yaml", &spec)]).await;
    refusal(&sealing.register("model").await);
    let request = |value: &str| {
        json!({
            "name": "credit-risk",
            "source": format!("mlflow-artifacts:/{}/model", sealing.root),
            "run_id": sealing.run_id,
            "tags": [{"key": "feature_retrieval_spec", "value": value}],
        })
    };
    let create = "model-versions/create";
    let nowhere = try_mlflow(&sealing.app, create, request("specs/other.yaml")).await;
    assert!(refusal(&nowhere).contains("says 'specs/other.yaml'"));
    try_mlflow(&sealing.app, create, request("specs/churn.yaml"))
        .await
        .ok();
    // Or the run says it.
    let tag = json!({"run_id": sealing.run_id, "key": "feature_retrieval_spec", "value": "specs/churn.yaml"});
    try_mlflow(&sealing.app, "runs/set-tag", tag).await.ok();
    sealing.register("model").await.ok();
}
