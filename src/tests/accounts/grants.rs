//! What is granted to one user alone, by the newer routes and by those of older clients.

use super::*;
use crate::access::{Authenticated, Caller, ResourceType, owner_grants};

const GRANT: &str = "/api/3.0/mlflow/users/permissions/grant";
const REVOKE: &str = "/api/3.0/mlflow/users/permissions/revoke";

fn on(user: &str, kind: &str, id: &str, permission: &str) -> Value {
    json!({"username": user, "resource_type": kind, "resource_id": id, "permission": permission})
}

async fn effective(app: &TestApp, asker: (&str, &str), user: &str, kind: &str, id: &str) -> Value {
    let path = format!(
        "/api/3.0/mlflow/users/permissions/get?username={user}&resource_type={kind}&resource_id={id}"
    );
    get(app, asker, &path).await.ok()
}

#[actix_web::test]
async fn who_manages_a_resource_grants_it_to_others() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    let bob = add(&app, "bob").await;
    let forbidden = post(&app, ann, GRANT, on("bob", "experiment", "7", "READ")).await;
    assert_eq!(plain(&forbidden), "403 Permission denied");
    assert_eq!(
        post(&app, ADMIN, GRANT, on("ann", "experiment", "7", "MANAGE"))
            .await
            .ok(),
        json!({})
    );
    assert_eq!(
        post(&app, ADMIN, GRANT, on("ann", "experiment", "7", "READ"))
            .await
            .error(),
        "400 RESOURCE_ALREADY_EXISTS: Permission for user=ann on resource_type=experiment, resource_id=7 already exists."
    );
    post(&app, ann, GRANT, on("bob", "experiment", "7", "EDIT"))
        .await
        .ok();
    for (kind, id) in [
        ("experiment", "8"),
        ("experiment", "*"),
        ("registered_model", "7"),
    ] {
        let reply = post(&app, ann, GRANT, on("bob", kind, id, "READ")).await;
        assert_eq!(plain(&reply), "403 Permission denied", "{kind} {id}");
    }
    assert_eq!(
        effective(&app, bob, "bob", "experiment", "7").await,
        json!({"allowed": true, "permission": "EDIT"})
    );
    // The number as the server writes it is the only spelling that is granted.
    let reply = post(&app, ADMIN, GRANT, on("bob", "experiment", "07", "DENY")).await;
    assert_eq!(reply.status, 400);
    let body = json!({"username": "bob", "resource_type": "experiment", "resource_id": "7"});
    assert_eq!(post(&app, ann, REVOKE, body.clone()).await.ok(), json!({}));
    assert_eq!(
        post(&app, ann, REVOKE, body).await.error(),
        "404 RESOURCE_DOES_NOT_EXIST: Permission for user=bob on resource_type=experiment, resource_id=7 not found."
    );
    assert_eq!(
        effective(&app, ann, "ann", "experiment", "8").await,
        json!({"allowed": false, "permission": "READ"})
    );
    let probe =
        "/api/3.0/mlflow/users/permissions/get?username=ann&resource_type=experiment&resource_id=7";
    assert_eq!(plain(&get(&app, bob, probe).await), "403 Permission denied");
}

/// A veto wins over what is granted beside it, and the default permission does not lift it.
#[actix_web::test]
async fn a_veto_wins_and_a_grant_is_raised_to_the_default() {
    let app = TestApp::with_logins().await;
    add(&app, "ann").await;
    post(&app, ADMIN, GRANT, on("ann", "experiment", "*", "MANAGE"))
        .await
        .ok();
    post(&app, ADMIN, GRANT, on("ann", "experiment", "7", "DENY"))
        .await
        .ok();
    let allowed = json!({"allowed": true, "permission": "MANAGE"});
    let denied = json!({"allowed": false, "permission": "DENY"});
    assert_eq!(
        effective(&app, ADMIN, "ann", "experiment", "8").await,
        allowed
    );
    assert_eq!(
        effective(&app, ADMIN, "ann", "experiment", "7").await,
        denied
    );
    // An admin of the workspace is not vetoed.
    let role = json!({"name": "admins", "workspace": "default"});
    let id = post(&app, ADMIN, "/api/3.0/mlflow/roles/create", role)
        .await
        .ok()["role"]["id"]
        .clone();
    let grant = json!({"role_id": id, "resource_type": "workspace", "resource_pattern": "*", "permission": "MANAGE"});
    post(&app, ADMIN, "/api/3.0/mlflow/roles/permissions/add", grant)
        .await
        .ok();
    let body = json!({"username": "ann", "role_id": id});
    post(&app, ADMIN, "/api/3.0/mlflow/roles/assign", body)
        .await
        .ok();
    assert_eq!(
        effective(&app, ADMIN, "ann", "experiment", "7").await,
        allowed
    );
}

#[actix_web::test]
async fn wrong_grants_get_the_answers_of_mlflow() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    let mut answers = Vec::new();
    for body in [
        on("ann", "workspace", "*", "USE"),
        on("ann", "table", "7", "READ"),
        on("ann", "run", "7", "READ"),
        on("ann", "experiment", "7", "NO_PERMISSIONS"),
        on("nobody", "experiment", "7", "READ"),
        json!({"username": "ann", "resource_type": "experiment", "resource_id": "7"}),
    ] {
        answers.push(post(&app, ADMIN, GRANT, body).await.error());
    }
    for body in [
        on("ann", "workspace", "*", "USE"),
        on("ann", "run", "7", "READ"),
        on("ann", "scorer", "7", "READ"),
    ] {
        answers.push(post(&app, ann, GRANT, body).await.error());
    }
    for query in [
        "resource_type=workspace",
        "resource_type=run&resource_id=7&username=ann",
        "username=ann",
    ] {
        let path = format!("/api/3.0/mlflow/users/permissions/get?{query}");
        answers.push(get(&app, ADMIN, &path).await.error());
    }
    insta::assert_snapshot!(answers.join("\n"));
}

/// The eight routes that clients up to 2.22 call.
#[actix_web::test]
async fn the_routes_of_older_clients_are_views_on_the_same_grants() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    add(&app, "bob").await;
    for (area, key, reply_key, id) in [
        ("experiments", "experiment_id", "experiment_permission", "7"),
        (
            "registered-models",
            "name",
            "registered_model_permission",
            "model",
        ),
    ] {
        let path = |rest: &str| format!("/api/2.0/mlflow/{area}/permissions/{rest}");
        let body = |user: &str, permission: &str| json!({key: id, "username": user, "permission": permission});
        assert_eq!(
            plain(&post(&app, ann, &path("create"), body("bob", "READ")).await),
            "403 Permission denied"
        );
        let made = post(&app, ADMIN, &path("create"), body("ann", "MANAGE"))
            .await
            .ok();
        assert_eq!(
            made,
            json!({reply_key: {key: id, "user_id": 2, "permission": "MANAGE"}})
        );
        let again = post(&app, ADMIN, &path("create"), body("ann", "MANAGE")).await;
        assert_eq!(again.status, 400);
        // Who manages may grant.
        post(&app, ann, &path("create"), body("bob", "READ"))
            .await
            .ok();
        let found = get(
            &app,
            ann,
            &format!("{}?{key}={id}&username=bob", path("get")),
        )
        .await
        .ok();
        assert_eq!(found[reply_key]["permission"], "READ");
        let updated = send(
            &app,
            ann,
            Method::PATCH,
            &path("update"),
            body("bob", "NO_PERMISSIONS"),
        )
        .await;
        assert_eq!(updated.ok(), json!({}));
        let found = get(
            &app,
            ann,
            &format!("{}?{key}={id}&username=bob", path("get")),
        )
        .await
        .ok();
        assert_eq!(found[reply_key]["permission"], "NO_PERMISSIONS");
        let kind = if area == "experiments" {
            "experiment"
        } else {
            "registered_model"
        };
        assert_eq!(
            effective(&app, ADMIN, "bob", kind, id).await["permission"],
            "DENY"
        );
        send(&app, ann, Method::DELETE, &path("delete"), body("bob", ""))
            .await
            .ok();
        let gone = send(&app, ann, Method::DELETE, &path("delete"), body("bob", "")).await;
        assert_eq!(gone.status, 404);
    }
}

/// Who creates something manages it, but nobody owns everything by the name `*`.
#[actix_web::test]
async fn owners_are_granted_what_they_create() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    let logins = app.state().logins.as_ref().unwrap();
    let caller = Caller {
        user: logins.user_now("ann").await.unwrap(),
        how: Authenticated::Password,
    };
    let model = ResourceType::RegisteredModel;
    let permission = async |name: &str| {
        let found = effective(&app, ann, "ann", "registered_model", name).await;
        found["permission"].clone()
    };
    let owner = caller.clone();
    let given = logins.store.write(move |db| {
        owner_grants::give(db, &owner, model, "mine")?;
        owner_grants::give(db, &owner, model, "*")?;
        owner_grants::give(db, &Caller::open(), model, "nobodys")
    });
    given.await.unwrap();
    assert_eq!(permission("mine").await, "MANAGE");
    assert_eq!(permission("other").await, "READ");
    let renamed = |old: &'static str, new: &'static str| {
        logins
            .store
            .write(move |db| owner_grants::rename(db, model, old, new))
    };
    renamed("mine", "renamed").await.unwrap();
    assert_eq!(permission("mine").await, "READ");
    assert_eq!(permission("renamed").await, "MANAGE");
    renamed("renamed", "*").await.unwrap();
    assert_eq!(permission("other").await, "READ");
    let taken = logins.store.write(move |db| {
        owner_grants::give(db, &caller, model, "mine")?;
        owner_grants::take_away(db, model, "mine")
    });
    taken.await.unwrap();
    assert_eq!(permission("mine").await, "READ");
}
