//! What the server says of itself.

use actix_web::Responder;
use actix_web::web::{Data, Json};
use serde_json::{Value, json};

use super::State;

/// Says that the server runs.
pub async fn health() -> impl Responder {
    "OK"
}

/// The version of MLflow that clients may expect here.
pub async fn version(state: Data<State>) -> String {
    state.mlflow_version.clone()
}

/// What clients and the UI may use. Anyone may read it, so it names nothing of the installation.
pub async fn server_info(state: Data<State>) -> Json<Value> {
    let serve = state.artifact_settings.serve;
    Json(json!({
        "store_type": "SqlStore",
        "workspaces_enabled": false,
        "trace_archival_enabled": false,
        "multipart_uploads_enabled": serve && state.artifacts.takes_parts(),
        "multipart_downloads_enabled": serve && state.artifacts.signs_downloads(),
        "presigned_upload_run_id_supported": true,
        "presigned_upload_model_id_supported": true,
        "features_enabled": {"gateway": false},
    }))
}

/// Tells the UI to send no telemetry. flowkeep sends none either.
pub async fn ui_telemetry() -> Json<Value> {
    Json(json!({
        "disable_ui_telemetry": true,
        "disable_ui_events": [],
        "ui_rollout_percentage": 0,
    }))
}

/// Takes no report of the UI about its use.
pub async fn refuse_ui_telemetry() -> Json<Value> {
    Json(json!({"status": "disabled"}))
}
