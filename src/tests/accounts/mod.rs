//! Logins, and MLflow's API for users, roles and what they grant.

mod grants;
mod logins;
mod owners;
mod roles;
mod tokens;
mod users;

use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::test::TestRequest;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::TestApp;
use super::harness::Reply;

const ADMIN: (&str, &str) = ("admin", "the admins password");

/// A request with a user's name and password.
fn as_user((name, password): (&str, &str), method: Method, path: &str) -> TestRequest {
    let credentials = BASE64_STANDARD.encode(format!("{name}:{password}"));
    TestRequest::with_uri(path)
        .method(method)
        .insert_header((AUTHORIZATION, format!("Basic {credentials}")))
}

async fn get(app: &TestApp, user: (&str, &str), path: &str) -> Reply {
    app.send(as_user(user, Method::GET, path)).await
}

async fn send(app: &TestApp, user: (&str, &str), method: Method, path: &str, body: Value) -> Reply {
    app.send(as_user(user, method, path).set_json(body)).await
}

async fn post(app: &TestApp, user: (&str, &str), path: &str, body: Value) -> Reply {
    send(app, user, Method::POST, path, body).await
}

/// Adds a user, and returns the credentials.
async fn add<'a>(app: &TestApp, name: &'a str) -> (&'a str, &'static str) {
    let body = json!({"username": name, "password": "a users password"});
    post(app, ADMIN, "/api/2.0/mlflow/users/create", body)
        .await
        .ok();
    (name, "a users password")
}

/// `status text`, as MLflow answers some refusals.
fn plain(reply: &Reply) -> String {
    format!("{} {}", reply.status, reply.text())
}

const CURRENT: &str = "/api/2.0/mlflow/users/current";
