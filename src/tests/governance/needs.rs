//! A decision reads only what its policy asks for. It must come to what one comes to that reads all.

use serde_json::{Value, json};

use super::{OURS, apply, approve, evaluate, history, mlflow, model, transition};
use crate::tests::TestApp;

/// What a policy may ask for, each by itself.
const GATES: [&str; 21] = [
    "require: {tags: [algorithm, owner, missing]}",
    "require: {params: [depth, missing]}",
    "require: {metrics: [auc, missing]}",
    "require: {signature: true, feature_spec: true}",
    "require: {sealed_source: true}",
    "require: {evaluations: [responsible_ai, other]}",
    "require: {ab_test: {metric: conversion, first_promotion: needs_no_test}}",
    "require: {ab_test: {metric: conversion}}",
    "approvals: {count: 2}",
    "approvals: {count: 2, not_author: false}",
    "from: [None]",
    r#"rules: [{expression: 'run.params.depth == "7" && logged_model.tags.size() == 0', message: m}]"#,
    r#"rules: [{expression: 'tags.owner == "ann" && params.depth == "7"', message: m}]"#,
    "rules: [{expression: 'metrics.auc > 0.5', message: m}]",
    "rules: [{expression: '!has(version.aliases) || size(version.aliases) == 1', message: m}]",
    r#"rules: [{expression: 'size(version.authors) == 1 && "ann" in version.authors', message: m}]"#,
    r#"rules: [{expression: 'version.run_id != "" && version.digest == null', message: m}]"#,
    r#"rules: [{expression: 'version.model_id == "m-1"', message: m}]"#,
    "rules: [{expression: '[version].all(one, size(one.aliases) == 1 && size(one.authors) == 1)', message: m}]",
    "rules: [{expression: 'production == null || production > 0', message: m}]",
    r#"rules: [{expression: 'evaluations.responsible_ai.passed && approvals.exists(one, one.by == "bob")', message: m}]"#,
];

/// The policy with a gate in front of everything. It only warns, so that each decision is to be seen.
fn policy(gate: &str) -> String {
    let registration = match gate.split_once(": ") {
        Some(("require", what)) if !what.contains("ab_test") && !what.contains("eval") => {
            format!(
                "registration: {{{}}}",
                gate.replace("sealed_source: true", "")
            )
        }
        Some(("rules", _)) => format!("registration: {{{gate}}}"),
        _ => "registration: {}".to_owned(),
    };
    format!(
        "apiVersion: flowkeep/v1\nkind: LifecyclePolicy\nmetadata: {{name: p}}\nspec:\n  enforcement: warn\n  \
         {registration}\n  stages:\n    Staging: {{{gate}}}\n    Production: {{{gate}}}\n  aliases:\n    \
         champion: {{same_as: Production}}\n    '*': {{{gate}}}\n"
    )
}

async fn last_report(app: &TestApp, name: &str, action: &str) -> Value {
    let mut entries = history(app, &format!("model={name}")).await;
    entries.retain(|entry| entry["action"] == action);
    entries.pop().unwrap()["report"].clone()
}

async fn run(app: &TestApp) -> Value {
    let request = json!({
        "experiment_id": "0", "user_id": "ann", "tags": [{"key": "owner", "value": "ann"}]
    });
    let run = mlflow(app, "runs/create", request).await;
    let id = run["run"]["info"]["run_id"].clone();
    let batch = json!({
        "run_id": id,
        "params": [{"key": "depth", "value": "7"}],
        "metrics": [{"key": "auc", "value": 0.8, "timestamp": 1, "step": 0}],
    });
    mlflow(app, "runs/log-batch", batch).await;
    id
}

#[actix_web::test]
async fn what_is_left_unread_makes_no_difference() {
    let app = TestApp::new().await;
    let run = run(&app).await;
    let mut kinds = [0, 0];
    for (number, gate) in GATES.into_iter().enumerate() {
        apply(&app, &policy(gate)).await;
        let name = format!("model-{number}");
        model(&app, &name).await;
        let request = json!({
            "name": name, "source": "s3://bucket/models/m-1/artifacts", "run_id": run,
            "tags": [
                {"key": "algorithm", "value": "gbm"},
                {"key": "flowkeep.evaluation.other", "value": "{\"verdict\": \"failed\"}"},
            ],
        });
        mlflow(&app, "model-versions/create", request).await;
        let check = format!("{OURS}/model-versions/{name}/1/check");
        let expected = app.post(&check, json!({"registration": true})).await.ok();
        let found = last_report(&app, &name, "version.created").await;
        assert_eq!(found, expected, "{gate}");

        let version = format!("{name}/1");
        approve(&app, &version).await;
        // An approval that does not count any more, and others that do.
        let tag = json!({"name": name, "version": "1", "key": "reviewed", "value": "yes"});
        mlflow(&app, "model-versions/set-tag", tag).await;
        evaluate(&app, &version).await;
        approve(&app, &version).await;
        let by = json!({"by": "ann"});
        super::give(&app, &version, "approvals", by).await.ok();
        for alias in ["other", "champion"] {
            let expected = app.post(&check, json!({"alias": alias})).await.ok();
            let request = json!({"name": name, "version": "1", "alias": alias});
            mlflow(&app, "registered-models/alias", request).await;
            let found = last_report(&app, &name, "alias.set").await;
            assert_eq!(found, expected, "{gate}");
        }
        for stage in ["Staging", "Production"] {
            let expected = app.post(&check, json!({"stage": stage})).await.ok();
            transition(&app, &name, "1", stage).await.ok();
            let found = last_report(&app, &name, "version.transitioned").await;
            assert_eq!(found, expected, "{gate}");
            assert!(found["set_aside"].is_array(), "{gate}");
            kinds[usize::from(found["allowed"] == true)] += 1;
        }
    }
    // Neither all of it is met, nor nothing.
    assert!(kinds.iter().all(|count| *count > 5), "{kinds:?}");
}
