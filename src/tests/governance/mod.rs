//! What flowkeep adds to the registry.

mod history;

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

/// The history without what differs from run to run.
pub async fn history(app: &TestApp, query: &str) -> Vec<Value> {
    let reply = app.get(&format!("{OURS}/history?{query}")).await.ok();
    let mut entries = reply["entries"].as_array().unwrap().clone();
    for entry in &mut entries {
        let fields = entry.as_object_mut().unwrap();
        for field in ["id", "time_ms", "model_id"] {
            fields.remove(field);
        }
    }
    entries
}
