//! What flowkeep adds to the registry.

mod bypass;
mod evidence;
mod gates;
mod history;
mod kept_sequences;
mod limit;
mod needs;
mod policies;
mod restore;
mod retention;
mod sealed_names;
mod sealed_sequences;
mod sealing;
mod spec_at_registration;
mod values;

use serde_json::{Value, json};

use super::TestApp;
use super::harness::Reply;

pub const OURS: &str = "/api/1.0/flowkeep";
const MLFLOW: &str = "/api/2.0/mlflow";

/// A request to MLflow's API that is expected to succeed.
pub async fn mlflow(app: &TestApp, path: &str, body: Value) -> Value {
    try_mlflow(app, path, body).await.ok()
}

pub async fn try_mlflow(app: &TestApp, path: &str, body: Value) -> Reply {
    app.post(&format!("{MLFLOW}/{path}"), body).await
}

pub async fn model(app: &TestApp, name: &str) {
    mlflow(app, "registered-models/create", json!({"name": name})).await;
}

pub async fn version(app: &TestApp, name: &str) -> String {
    let request = json!({"name": name, "source": "s3://bucket/model"});
    let created = mlflow(app, "model-versions/create", request).await;
    let version = created["model_version"]["version"].as_str().unwrap();
    version.to_owned()
}

pub async fn transition(app: &TestApp, name: &str, version: &str, stage: &str) -> Reply {
    let request = json!({
        "name": name, "version": version, "stage": stage, "archive_existing_versions": true
    });
    try_mlflow(app, "model-versions/transition-stage", request).await
}

pub async fn archive(app: &TestApp, name: &str, version: &str) {
    let request = json!({"name": name, "version": version, "stage": "Archived"});
    mlflow(app, "model-versions/transition-stage", request).await;
}

/// The history without what differs from run to run.
pub async fn history(app: &TestApp, query: &str) -> Vec<Value> {
    let reply = app.get(&format!("{OURS}/history?{query}")).await.ok();
    let mut entries = reply["entries"].as_array().unwrap().clone();
    for entry in &mut entries {
        let fields = entry.as_object_mut().unwrap();
        for field in ["id", "time_ms", "model_id"] {
            // The other fields stay in the order in which they were sent.
            fields.shift_remove(field);
        }
    }
    entries
}

/// The rules of the tests: what a version must carry, and what it needs for each stage.
pub const POLICY: &str = r#"
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: credit}
spec:
  models: {names: ["credit-*"]}
  registration:
    require: {tags: [algorithm]}
  stages:
    Staging:
      require: {evaluations: [responsible_ai]}
    Production:
      from: [Staging]
      require:
        evaluations: [responsible_ai]
        ab_test: {metric: conversion, minimum_samples: 1000, first_promotion: needs_no_test}
      approvals: {count: 1}
  aliases:
    champion: {same_as: Production}
"#;

pub async fn apply(app: &TestApp, policy: &str) {
    app.put_text(&format!("{OURS}/policies"), policy).await.ok();
}

/// A version that carries what registration asks for.
pub async fn register(app: &TestApp, name: &str) -> String {
    let request = json!({
        "name": name,
        "source": "s3://bucket/model",
        "tags": [{"key": "algorithm", "value": "gbm"}],
    });
    let created = mlflow(app, "model-versions/create", request).await;
    let version = created["model_version"]["version"].as_str().unwrap();
    version.to_owned()
}

pub async fn give(app: &TestApp, version: &str, kind: &str, body: Value) -> Reply {
    let path = format!("{OURS}/model-versions/{version}/{kind}");
    app.post(&path, body).await
}

/// An evaluation that was passed, for `name/version`.
pub async fn evaluate(app: &TestApp, version: &str) {
    let body = json!({"kind": "responsible_ai", "verdict": "passed"});
    give(app, version, "evaluations", body).await.ok();
}

pub async fn approve(app: &TestApp, version: &str) {
    let body = json!({"by": "bob", "comment": "fine"});
    give(app, version, "approvals", body).await.ok();
}

/// An A/B test that was won against a version.
pub async fn win(app: &TestApp, version: &str, baseline: u64) {
    let body = json!({
        "metric": "conversion",
        "baseline": {"version": baseline, "samples": 5000, "successes": 400},
        "candidate": {"samples": 5000, "successes": 550},
    });
    give(app, version, "ab-tests", body).await.ok();
}

/// Brings a version of `credit-risk` into Production, with all that it takes for the first one.
pub async fn promote_first(app: &TestApp) -> String {
    let version = register(app, "credit-risk").await;
    let path = format!("credit-risk/{version}");
    evaluate(app, &path).await;
    transition(app, "credit-risk", &version, "Staging")
        .await
        .ok();
    approve(app, &path).await;
    transition(app, "credit-risk", &version, "Production")
        .await
        .ok();
    version
}

pub async fn stage(app: &TestApp, name: &str, version: &str) -> String {
    let path = format!("{MLFLOW}/model-versions/get?name={name}&version={version}");
    let found = app.get(&path).await.ok();
    let stage = found["model_version"]["current_stage"].as_str().unwrap();
    stage.to_owned()
}

/// What a refusal of a policy says is missing.
#[track_caller]
pub fn missing(reply: &Reply) -> Vec<String> {
    let error = reply.error();
    assert!(error.starts_with("403 PERMISSION_DENIED"), "{error}");
    let lines = error.lines().filter_map(|line| line.strip_prefix("- "));
    lines
        .filter_map(|line| line.split_once(": "))
        .map(|(id, _)| id.to_owned())
        .collect()
}
/// Each entry of the history in a line.
pub async fn lines(app: &TestApp, query: &str) -> String {
    let lines: Vec<String> = history(app, query)
        .await
        .iter()
        .map(|entry| {
            let part = |name: &str| match &entry[name] {
                Value::Null => String::new(),
                Value::String(text) => format!(" {text}"),
                other => format!(" {other}"),
            };
            let (outcome, action) = (part("outcome"), part("action"));
            let rest = ["model", "version", "before", "after"].map(part).concat();
            format!("{}{action}{rest}", outcome.trim())
        })
        .collect();
    lines.join("\n")
}
