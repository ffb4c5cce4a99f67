//! Paths and methods that have no handler.

use actix_web::App;
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, LOCATION};
use actix_web::test::{TestRequest, call_service, init_service};

use super::TestApp;
use crate::api;
use crate::config::MLFLOW_VERSION;

#[actix_web::test]
async fn what_has_no_answer_is_told_apart() {
    let app = TestApp::new().await;
    let unknown = app.get("/api/2.0/mlflow/nothing").await;
    assert_eq!(
        unknown.error(),
        "404 ENDPOINT_NOT_FOUND: There is no GET /api/2.0/mlflow/nothing on this server."
    );
    let missing = app.get("/api/3.0/mlflow/workspaces/one").await;
    assert_eq!(
        missing.error(),
        "501 NOT_IMPLEMENTED: flowkeep does not have GET /api/3.0/mlflow/workspaces/one yet."
    );
    let wrong_method = app.get("/api/2.0/mlflow/experiments/create").await;
    assert_eq!(wrong_method.status, 405);
    assert_eq!(wrong_method.headers.get(ALLOW).unwrap(), "POST, OPTIONS");
}

#[actix_web::test]
async fn doubled_slashes_reach_the_route() {
    let app = TestApp::new().await;
    let version = app.get("/version").await.text();
    assert_eq!(app.get("//version").await.text(), version);
    assert_eq!(app.get("///version?a=//b").await.text(), version);
    let missing = app.get("//model-versions/get-artifact?name=a&version=1&path=x");
    assert_eq!(
        missing.await.error(),
        "404 RESOURCE_DOES_NOT_EXIST: Model Version (name=a, version=1) not found"
    );
    for (asked, location) in [
        (
            "/api//2.0/mlflow/runs/get?run_id=a//b",
            "/api/2.0/mlflow/runs/get?run_id=a//b",
        ),
        (
            "/api/2.0/mlflow//runs/create",
            "/api/2.0/mlflow/runs/create",
        ),
        (
            "//api//2.0///mlflow-artifacts/artifacts/a",
            "/api/2.0/mlflow-artifacts/artifacts/a",
        ),
    ] {
        let reply = app.get(asked).await;
        assert_eq!(reply.status, 308, "{asked}");
        assert_eq!(reply.headers.get(LOCATION).unwrap(), location);
    }
    assert_eq!(app.get("/api//2.0/nothing").await.status, 404);
    assert_eq!(app.get("/version/").await.status, 404);
    // Below a route that takes the rest of a path, they belong to it.
    let below = app.get("/api/2.0/mlflow-artifacts/artifacts//a").await;
    assert_eq!(below.error(), "400 INVALID_PARAMETER_VALUE: Invalid path");
}

#[actix_web::test]
async fn a_head_is_answered_where_a_get_is() {
    let app = TestApp::new().await;
    let head = TestRequest::with_uri("/version").method(Method::HEAD);
    assert_eq!(app.send(head).await.status, 200);
}

#[actix_web::test]
async fn clients_are_told_the_version_that_the_server_stands_in_for() {
    let version = async |app: TestApp| {
        let reply = app.get("/version").await;
        String::from_utf8_lossy(&reply.body).into_owned()
    };
    assert_eq!(version(TestApp::new().await).await, MLFLOW_VERSION);
    let newer = TestApp::with_settings(|settings| settings.mlflow_version = "3.18.0".to_owned());
    assert_eq!(version(newer.await).await, "3.18.0");
}

#[actix_web::test]
async fn everything_moves_below_a_static_prefix() {
    let app = App::new().configure(|config| api::configure_under("/ml/flow", config));
    let app = init_service(app).await;
    for (path, status) in [
        ("/ml/flow/", 200),
        ("/ml/flow", 308),
        ("/ml/flow/health", 200),
        ("/ml/flow/ajax-api/3.0/mlflow/ui-telemetry", 200),
        ("/ml/flow/api/3.0/mlflow/workspaces", 501),
        ("/health", 404),
        ("/api/3.0/mlflow/server-info", 404),
        ("/api/3.0/mlflow/workspaces", 404),
    ] {
        let response = call_service(&app, TestRequest::with_uri(path).to_request()).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
    }
}
