//! Tokens, in the place of passwords.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::*;
use crate::access::tokens::{new_token, token_hash};
use crate::clock::Clock;
use crate::store::auth::tokens::{self, NewToken};
use crate::store::auth::users;
use crate::tests::harness::logins_in;

const NOW_MS: i64 = 1_000_000;

async fn app() -> TestApp {
    TestApp::with_settings(|settings| {
        settings.auth = Some(logins_in("basic_auth.db"));
        settings.clock = Clock::standing_at(NOW_MS);
    })
    .await
}

/// Gives a token to a user.
async fn token_of(app: &TestApp, name: &str, expires_ms: Option<i64>) -> String {
    let token = new_token();
    let (user, hash) = (name.to_owned(), token_hash(&token));
    let store = &app.state().logins.as_ref().unwrap().store;
    let kept = store.write(move |db| {
        let user_id = users::get(db, &user)?.id;
        tokens::create(
            db,
            &NewToken {
                user_id,
                name: &format!("token {}", expires_ms.unwrap_or_default()),
                hash: &hash,
                created_ms: 0,
                expires_ms,
            },
        )
    });
    kept.await.unwrap();
    token
}

async fn with_bearer(app: &TestApp, token: &str) -> Reply {
    let request =
        TestRequest::with_uri(CURRENT).insert_header((AUTHORIZATION, format!("Bearer {token}")));
    app.send(request).await
}

#[actix_web::test]
async fn a_token_is_a_login() {
    let app = app().await;
    add(&app, "ann").await;
    let token = token_of(&app, "ann", None).await;
    assert_eq!(
        with_bearer(&app, &token).await.ok()["user"]["username"],
        "ann"
    );
    // Clients that know passwords only show it as one.
    assert_eq!(
        get(&app, ("ann", &token), CURRENT).await.ok()["user"]["username"],
        "ann"
    );
    assert_eq!(get(&app, ("admin", &token), CURRENT).await.status, 401);
    for wrong in [
        &token[..token.len() - 1],
        "fkt_",
        "",
        &token_hash(&token),
        &token.to_uppercase(),
    ] {
        assert_eq!(with_bearer(&app, wrong).await.status, 401, "{wrong}");
    }
    let store = &app.state().logins.as_ref().unwrap().store;
    let kept = store
        .read(|db| {
            let ann = users::get(db, "ann")?;
            tokens::list(db, ann.id)
        })
        .await
        .unwrap();
    assert_eq!(kept[0].last_used_ms, Some(NOW_MS));
}

#[actix_web::test]
async fn a_token_ends() {
    let app = app().await;
    add(&app, "ann").await;
    let token = token_of(&app, "ann", Some(NOW_MS + 10)).await;
    assert_eq!(with_bearer(&app, &token).await.status, 200);
    app.state().clock.set_to(NOW_MS + 10);
    assert_eq!(with_bearer(&app, &token).await.status, 401);
}

#[actix_web::test]
async fn a_disabled_user_has_no_tokens_and_a_deleted_one_leaves_none() {
    let app = app().await;
    add(&app, "ann").await;
    let token = token_of(&app, "ann", None).await;
    let store = &app.state().logins.as_ref().unwrap().store;
    store
        .write(|db| {
            let id = users::get(db, "ann")?.id;
            users::disable(db, id, 1)
        })
        .await
        .unwrap();
    assert_eq!(with_bearer(&app, &token).await.status, 401);
    // Stock MLflow, which knows nothing of tokens, deletes the user and makes another, who gets the same number.
    let path = app.folder().join("basic_auth.db");
    let mut other = SqliteConnection::establish(&path.display().to_string()).unwrap();
    other
        .batch_execute(
            "DELETE FROM users WHERE username = 'ann'; INSERT INTO users (username) VALUES ('eve')",
        )
        .unwrap();
    assert_eq!(with_bearer(&app, &token).await.status, 401);
    let store = &app.state().logins.as_ref().unwrap().store;
    let (kept, is_disabled) = store
        .read(|db| {
            let eve = users::get(db, "eve")?;
            Ok((tokens::list(db, eve.id)?, users::is_disabled(db, eve.id)?))
        })
        .await
        .unwrap();
    assert!(kept.is_empty());
    assert!(!is_disabled);
}
