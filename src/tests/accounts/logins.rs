//! Who is let in.

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use actix_web::test::TestRequest;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::json;

use super::*;
use crate::api::{Settings, State};
use crate::clock::Clock;
use crate::config::{DatabaseSettings, DatabaseUri};
use crate::store;
use crate::store::auth::{roles, users};
use crate::tests::harness::logins_in;

#[actix_web::test]
async fn a_server_without_logins_has_no_users() {
    let app = TestApp::new().await;
    let reply = app.get("/ajax-api/2.0/mlflow/users/current").await;
    assert_eq!(
        reply.error(),
        "404 ENDPOINT_NOT_FOUND: There is no GET /ajax-api/2.0/mlflow/users/current on this server."
    );
    let body = json!({"username": "a", "password": "b"});
    assert_eq!(
        app.post("/api/2.0/mlflow/users/create", body).await.status,
        404
    );
    assert_eq!(app.get("/signup").await.status, 404);
    // Credentials make no difference.
    assert_eq!(get(&app, ADMIN, CURRENT).await.status, 404);
}

#[actix_web::test]
async fn whoever_is_nobody_gets_the_answer_of_mlflow() {
    let app = TestApp::with_logins().await;
    for path in [
        CURRENT,
        "/version",
        "/",
        "/api/2.0/mlflow/experiments/get?experiment_id=0",
        "/no/such/path",
        "/healthy",
        "/static",
        "//api/2.0/mlflow/experiments/get?experiment_id=0",
        "/api/2.0/mlflow/experiments/../health",
    ] {
        let reply = app.get(path).await;
        assert_eq!(reply.status, 401, "{path}");
        assert_eq!(
            reply.headers.get(WWW_AUTHENTICATE).unwrap(),
            "Basic realm=\"mlflow\""
        );
        assert_eq!(
            reply.headers.get(CONTENT_TYPE).unwrap(),
            "text/html; charset=utf-8"
        );
        assert_eq!(
            reply.text(),
            "You are not authenticated. Please see \
             https://www.mlflow.org/docs/latest/auth/index.html#authenticating-to-mlflow on how to authenticate."
        );
    }
    for path in [
        "/health",
        "/api/3.0/mlflow/server-info",
        "/ajax-api/3.0/mlflow/server-info",
    ] {
        assert_eq!(app.get(path).await.status, 200, "{path}");
    }
}

#[actix_web::test]
async fn passwords_are_checked() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    assert_eq!(
        get(&app, ann, CURRENT).await.ok()["user"]["username"],
        "ann"
    );
    // Twice, because the second answer may come from the cache.
    for _ in 0..2 {
        assert_eq!(get(&app, ann, CURRENT).await.status, 200);
        assert_eq!(
            get(&app, ("ann", "a users passwore"), CURRENT).await.status,
            401
        );
        assert_eq!(get(&app, ("ann", ""), CURRENT).await.status, 401);
        assert_eq!(get(&app, ("Ann", ann.1), CURRENT).await.status, 401);
        assert_eq!(get(&app, ("nobody", ann.1), CURRENT).await.status, 401);
        assert_eq!(get(&app, ADMIN, CURRENT).await.status, 200);
    }
    // The hash is no password, and neither is another user's password.
    let hash = app.state().logins.as_ref().unwrap();
    let hash = hash
        .store
        .read(|db| {
            let ann = users::get(db, "ann")?;
            users::password_hash(db, ann.id)
        })
        .await
        .unwrap();
    assert_eq!(get(&app, ("ann", &hash), CURRENT).await.status, 401);
    assert_eq!(get(&app, ("ann", ADMIN.1), CURRENT).await.status, 401);
}

#[actix_web::test]
async fn only_one_header_counts() {
    let app = TestApp::with_logins().await;
    let credentials = BASE64_STANDARD.encode(format!("{}:{}", ADMIN.0, ADMIN.1));
    let request = || TestRequest::with_uri(CURRENT);
    for header in [
        credentials.clone(),
        format!("Bearer {credentials}"),
        "Basic".to_owned(),
        "Basic !!!!".to_owned(),
    ] {
        let request = request().insert_header((AUTHORIZATION, header.clone()));
        assert_eq!(app.send(request).await.status, 401, "{header}");
    }
    let header = format!("basic  {credentials}");
    let twice = request()
        .append_header((AUTHORIZATION, header.clone()))
        .append_header((AUTHORIZATION, header.clone()));
    assert_eq!(app.send(twice).await.status, 401);
    let once = request().insert_header((AUTHORIZATION, header));
    assert_eq!(app.send(once).await.status, 200);
}

/// What somebody else does to the database counts at the next request.
#[actix_web::test]
async fn changes_of_others_count_at_once() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    assert_eq!(get(&app, ann, CURRENT).await.status, 200);
    let path = app.folder().join("basic_auth.db");
    let mut other = SqliteConnection::establish(&path.display().to_string()).unwrap();
    let hash = crate::access::passwords::hash_now("another password");
    other
        .batch_execute(&format!(
            "UPDATE users SET password_hash = '{hash}' WHERE username = 'ann'"
        ))
        .unwrap();
    assert_eq!(get(&app, ann, CURRENT).await.status, 401);
    let ann = ("ann", "another password");
    assert_eq!(
        get(&app, ann, CURRENT).await.ok()["user"]["is_admin"],
        false
    );
    other
        .batch_execute("UPDATE users SET is_admin = true WHERE username = 'ann'")
        .unwrap();
    assert_eq!(get(&app, ann, CURRENT).await.ok()["user"]["is_admin"], true);
    other
        .batch_execute("DELETE FROM users WHERE username = 'ann'")
        .unwrap();
    assert_eq!(get(&app, ann, CURRENT).await.status, 401);
}

#[actix_web::test]
async fn a_disabled_user_is_shut_out_until_enabled() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    assert_eq!(get(&app, ann, CURRENT).await.status, 200);
    let store = &app.state().logins.as_ref().unwrap().store;
    let change = |disable: bool| {
        store.write(move |db| {
            let id = users::get(db, "ann")?.id;
            if disable {
                users::disable(db, id, 1)
            } else {
                users::enable(db, id)
            }
        })
    };
    change(true).await.unwrap();
    assert_eq!(get(&app, ann, CURRENT).await.status, 401);
    change(false).await.unwrap();
    assert_eq!(get(&app, ann, CURRENT).await.status, 200);
}

/// The users may be in the tracking database.
#[actix_web::test]
async fn users_may_be_beside_the_runs() {
    let app = TestApp::with_settings(|settings| settings.auth = Some(logins_in("mlflow.db"))).await;
    let ann = add(&app, "ann").await;
    assert_eq!(get(&app, ann, CURRENT).await.status, 200);
    let body = json!({"name": "experiment"});
    post(&app, ann, "/api/2.0/mlflow/experiments/create", body)
        .await
        .ok();
    let body = json!({"username": "ann"});
    send(
        &app,
        ADMIN,
        Method::DELETE,
        "/api/2.0/mlflow/users/delete",
        body,
    )
    .await
    .ok();
    assert_eq!(get(&app, ann, CURRENT).await.status, 401);
}

async fn start(change: impl FnOnce(&mut crate::config::AuthSettings)) -> Result<State, String> {
    let folder = tempfile::tempdir().unwrap();
    let uri = DatabaseUri::Sqlite(folder.path().join("mlflow.db"));
    store::initialize(&uri).unwrap();
    let mut auth = logins_in("");
    auth.database = DatabaseUri::Sqlite(folder.path().join("users.db"));
    change(&mut auth);
    open(&uri, auth).await
}

async fn open(uri: &DatabaseUri, auth: crate::config::AuthSettings) -> Result<State, String> {
    let mut taken = None;
    // The settings of a server that runs, with other logins.
    let _app = TestApp::with_settings(|settings| {
        taken = Some(Settings {
            artifacts: settings.artifacts.clone(),
            limits: settings.limits.clone(),
            source_rules: settings.source_rules.clone(),
            webhooks: settings.webhooks.clone(),
            ui: None,
            mlflow_version: settings.mlflow_version.clone(),
            auth: Some(auth),
            trusted_proxies: settings.trusted_proxies.clone(),
            static_prefix: String::new(),
            clock: Clock::default(),
        });
    })
    .await;
    let state = State::open(&DatabaseSettings::new(uri.clone()), taken.unwrap()).await;
    state.map_err(|error| error.to_string())
}

#[actix_web::test]
async fn a_first_start_needs_a_password_that_somebody_chose() {
    let refused = start(|auth| auth.admin_password = None)
        .await
        .err()
        .unwrap();
    assert_eq!(
        refused,
        "The server needs a password for its first admin, 'admin', and has no default one. Set \
         MLFLOW_AUTH_ADMIN_PASSWORD, or admin_password in the file that MLFLOW_AUTH_CONFIG_PATH names, or make the user \
         with `flowkeep user add admin --admin`, and start again."
    );
    for password in ["short", "password1234"] {
        let refused = start(|auth| auth.admin_password = Some(password.to_owned())).await;
        let refused = refused.err().unwrap();
        assert!(refused.contains("cannot be used"), "{refused}");
        assert!(!refused.contains("'short'"), "{refused}");
    }
    let refused = start(|auth| auth.admin_username = None)
        .await
        .err()
        .unwrap();
    assert!(refused.contains("MLFLOW_AUTH_ADMIN_USERNAME"), "{refused}");
}

/// Servers before 3.16.1 came with a password that everybody knows.
#[actix_web::test]
async fn the_public_password_lets_no_admin_in() {
    let app = TestApp::with_logins().await;
    let logins = app.state().logins.as_ref().unwrap();
    let hash = crate::access::passwords::hash_now("password1234");
    let stored = hash.clone();
    logins
        .store
        .write(move |db| {
            users::create(db, "old", &stored, true)?;
            users::create(db, "user", &stored, false)
        })
        .await
        .unwrap();
    assert_eq!(
        get(&app, ("old", "password1234"), CURRENT).await.status,
        401
    );
    assert_eq!(
        get(&app, ("user", "password1234"), CURRENT).await.status,
        200
    );
}

/// Five mistakes are free. From then on each costs time, for this user from this address.
#[actix_web::test]
async fn failures_are_slowed_and_others_are_not() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    assert_eq!(get(&app, ann, CURRENT).await.status, 200);
    for _ in 0..6 {
        assert_eq!(
            get(&app, ("ann", "wrong wrong wrong"), CURRENT)
                .await
                .status,
            401
        );
    }
    let next = get(&app, ("ann", "wrong wrong wrong"), CURRENT);
    let waited = tokio::time::timeout(std::time::Duration::from_millis(300), next).await;
    assert!(waited.is_err(), "the seventh failure costs nothing");
    // A password that was right before is not checked again.
    assert_eq!(get(&app, ann, CURRENT).await.status, 200);
    assert_eq!(get(&app, ADMIN, CURRENT).await.status, 200);
}

/// A user who is not there has no hidden role, and no request makes one.
#[actix_web::test]
async fn reading_changes_nothing() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    get(&app, ann, "/api/3.0/mlflow/users/current/permissions")
        .await
        .ok();
    let store = &app.state().logins.as_ref().unwrap().store;
    let found = store.read(|db| roles::list(db, None)).await.unwrap();
    assert!(found.is_empty());
}

/// The history names who was logged in, and how; what a client claims beside it does not count.
#[actix_web::test]
async fn the_history_names_who_was_logged_in() {
    let app = TestApp::with_logins().await;
    let body = json!({"name": "model"});
    post(
        &app,
        ADMIN,
        "/api/2.0/mlflow/registered-models/create",
        body,
    )
    .await
    .ok();
    let history = get(&app, ADMIN, "/api/1.0/flowkeep/history?model=model")
        .await
        .ok();
    assert_eq!(
        history["entries"][0]["actor"],
        json!({"name": "admin", "authenticated": true, "claimed": null, "how": "password"})
    );
}

/// A prefix that begins like an open path opens nothing.
#[actix_web::test]
async fn a_static_prefix_frees_no_route() {
    let app = TestApp::with_settings(|settings| {
        settings.auth = Some(logins_in("basic_auth.db"));
        settings.static_prefix = "/static-files".to_owned();
    })
    .await;
    for path in [
        "/static-files/api/2.0/mlflow/experiments/get?experiment_id=0",
        "/static-files/healthy",
        "/static-files",
        "/health",
    ] {
        assert_eq!(app.get(path).await.status, 401, "{path}");
    }
    // Open, though this app has its routes elsewhere.
    for path in ["/static-files/health", "/static-files/static-files/main.js"] {
        assert_ne!(app.get(path).await.status, 401, "{path}");
    }
}
