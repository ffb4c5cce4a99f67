//! Users: created, listed, changed and deleted.

use actix_web::http::header::CONTENT_TYPE;

use super::*;

const CREATE: &str = "/api/2.0/mlflow/users/create";
const PASSWORD: &str = "/api/2.0/mlflow/users/update-password";
const DELETE: &str = "/api/2.0/mlflow/users/delete";

#[actix_web::test]
async fn users_are_created_by_admins() {
    let app = TestApp::with_logins().await;
    let body = json!({"username": "ann", "password": "a users password"});
    let reply = post(&app, ADMIN, CREATE, body.clone()).await.ok();
    assert_eq!(
        reply,
        json!({"user": {"id": 2, "username": "ann", "is_admin": false}})
    );
    assert_eq!(
        post(&app, ADMIN, CREATE, body.clone()).await.error(),
        "400 RESOURCE_ALREADY_EXISTS: User (username=ann) already exists."
    );
    let ann = ("ann", "a users password");
    assert_eq!(
        plain(&post(&app, ann, CREATE, body).await),
        "403 Permission denied"
    );
    for (body, answer) in [
        (
            json!({"username": "b", "password": "short"}),
            "Password must be at least 12 characters.",
        ),
        (
            json!({"username": "b".repeat(256), "password": "a users password"}),
            "Username cannot be longer than 255 characters.",
        ),
        (
            json!({"username": "a:b", "password": "a users password"}),
            "Username cannot contain a colon or control characters.",
        ),
        (
            json!({"username": "b"}),
            "Missing value for required parameter 'password'. See the API docs for more information about request parameters.",
        ),
        (
            json!({"username": 5, "password": "a users password"}),
            "Parameter 'username' must be a string.",
        ),
        (
            json!([]),
            "Missing value for required parameter 'username'. See the API docs for more information about request parameters.",
        ),
    ] {
        let reply = post(&app, ADMIN, CREATE, body).await;
        assert_eq!(
            reply.error(),
            format!("400 INVALID_PARAMETER_VALUE: {answer}")
        );
    }
    let empty = json!({"username": "", "password": ""});
    assert_eq!(
        plain(&post(&app, ADMIN, CREATE, empty).await),
        "400 Username and password cannot be empty."
    );
    let text = as_user(ADMIN, Method::POST, CREATE).insert_header((CONTENT_TYPE, "text/plain"));
    assert_eq!(
        plain(&app.send(text).await),
        "400 Invalid content type. Must be application/json"
    );
}

#[actix_web::test]
async fn users_are_read_by_themselves_and_admins() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    let bob = add(&app, "bob").await;
    let path = "/api/2.0/mlflow/users/get?username=ann";
    let user = json!({"user": {"id": 2, "username": "ann", "is_admin": false}});
    assert_eq!(get(&app, ADMIN, path).await.ok(), user);
    assert_eq!(get(&app, ann, path).await.ok(), user);
    assert_eq!(plain(&get(&app, bob, path).await), "403 Permission denied");
    let unknown = "/api/2.0/mlflow/users/get?username=eve";
    assert_eq!(
        get(&app, ADMIN, unknown).await.error(),
        "404 RESOURCE_DOES_NOT_EXIST: User with username=eve not found"
    );
    // Who is not told whether there is such a user gets one answer for both.
    assert_eq!(
        plain(&get(&app, bob, unknown).await),
        "403 Permission denied"
    );
    let listed = get(&app, bob, "/ajax-api/2.0/mlflow/users/list").await.ok();
    let names: Vec<_> = listed["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| &user["username"])
        .collect();
    assert_eq!(names, ["admin", "ann", "bob"]);
    assert_eq!(
        get(&app, ann, CURRENT).await.ok(),
        json!({"user": {"id": 2, "username": "ann", "is_admin": false}, "is_basic_auth": true})
    );
}

#[actix_web::test]
async fn passwords_are_changed_with_the_old_one() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    let bob = add(&app, "bob").await;
    let change = |body| send(&app, ann, Method::PATCH, PASSWORD, body);
    for (body, answer) in [
        (
            json!({"username": "ann", "password": "my next password"}),
            "Current password is required when changing your own password.",
        ),
        (
            json!({"username": "ann", "password": "my next password", "current_password": "wrong"}),
            "Current password does not match.",
        ),
        (
            json!({"username": "ann", "password": ann.1, "current_password": ann.1}),
            "New password must differ from the current password.",
        ),
        (
            json!({"username": "ann", "password": "short", "current_password": ann.1}),
            "Password must be at least 12 characters.",
        ),
    ] {
        assert_eq!(
            change(body).await.error(),
            format!("400 INVALID_PARAMETER_VALUE: {answer}")
        );
    }
    let of_bob =
        json!({"username": "bob", "password": "my next password", "current_password": bob.1});
    assert_eq!(plain(&change(of_bob).await), "403 Permission denied");
    let body =
        json!({"username": "ann", "password": "my next password", "current_password": ann.1});
    assert_eq!(change(body).await.ok(), json!({}));
    assert_eq!(get(&app, ann, CURRENT).await.status, 401);
    assert_eq!(
        get(&app, ("ann", "my next password"), CURRENT).await.status,
        200
    );
    let body = json!({"username": "bob", "password": "chosen by an admin"});
    send(&app, ADMIN, Method::PATCH, PASSWORD, body).await.ok();
    assert_eq!(get(&app, bob, CURRENT).await.status, 401);
    assert_eq!(
        get(&app, ("bob", "chosen by an admin"), CURRENT)
            .await
            .status,
        200
    );
}

#[actix_web::test]
async fn admins_are_made_and_unmade() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    let path = "/api/2.0/mlflow/users/update-admin";
    let body = |is_admin: Value| json!({"username": "ann", "is_admin": is_admin});
    assert_eq!(
        plain(&send(&app, ann, Method::PATCH, path, body(json!(true))).await),
        "403 Permission denied"
    );
    assert_eq!(
        send(&app, ADMIN, Method::PATCH, path, body(json!("yes")))
            .await
            .status,
        400
    );
    send(&app, ADMIN, Method::PATCH, path, body(json!(true)))
        .await
        .ok();
    assert_eq!(
        get(&app, ann, "/api/2.0/mlflow/users/get?username=admin")
            .await
            .status,
        200
    );
    send(&app, ADMIN, Method::PATCH, path, body(json!(false)))
        .await
        .ok();
    assert_eq!(
        get(&app, ann, "/api/2.0/mlflow/users/get?username=admin")
            .await
            .status,
        403
    );
}

#[actix_web::test]
async fn users_are_deleted_by_admins_and_not_by_themselves() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    let body = json!({"username": "ann"});
    assert_eq!(
        plain(&send(&app, ann, Method::DELETE, DELETE, body.clone()).await),
        "403 Permission denied"
    );
    assert_eq!(
        send(
            &app,
            ADMIN,
            Method::DELETE,
            DELETE,
            json!({"username": "admin"})
        )
        .await
        .error(),
        "400 BAD_REQUEST: Users cannot delete their own account. Ask another admin to delete this user instead."
    );
    // What the body names counts, whatever the query says.
    let both = as_user(ADMIN, Method::DELETE, &format!("{DELETE}?username=admin")).set_json(&body);
    assert_eq!(app.send(both).await.ok(), json!({}));
    assert_eq!(get(&app, ann, CURRENT).await.status, 401);
    assert_eq!(
        send(&app, ADMIN, Method::DELETE, DELETE, body)
            .await
            .error(),
        "404 RESOURCE_DOES_NOT_EXIST: User with username=ann not found"
    );
}

/// The next user gets the number of one who is gone, and nothing else.
#[actix_web::test]
async fn a_new_user_inherits_nothing() {
    let app = TestApp::with_logins().await;
    add(&app, "ann").await;
    let grant = json!({"username": "ann", "resource_type": "experiment", "resource_id": "0", "permission": "MANAGE"});
    post(
        &app,
        ADMIN,
        "/api/3.0/mlflow/users/permissions/grant",
        grant,
    )
    .await
    .ok();
    send(
        &app,
        ADMIN,
        Method::DELETE,
        DELETE,
        json!({"username": "ann"}),
    )
    .await
    .ok();
    let bob = add(&app, "bob").await;
    let current = get(&app, bob, CURRENT).await.ok();
    assert_eq!(current["user"]["id"], 2);
    let permissions = get(&app, bob, "/api/3.0/mlflow/users/current/permissions")
        .await
        .ok();
    assert_eq!(permissions, json!({"is_admin": false, "permissions": []}));
}

#[actix_web::test]
async fn a_form_needs_the_token_of_its_page() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    assert_eq!(
        plain(&get(&app, ann, "/signup").await),
        "403 Permission denied"
    );
    let page = get(&app, ADMIN, "/signup").await.text();
    let (_, rest) = page.split_once("name=\"csrf_token\" value=\"").unwrap();
    let (token, _) = rest.split_once('"').unwrap();
    let fill = |token: &str, name: &str| {
        as_user(ADMIN, Method::POST, "/api/2.0/mlflow/users/create-ui").set_form([
            ("csrf_token", token),
            ("username", name),
            ("password", "a users password"),
        ])
    };
    assert_eq!(
        plain(&app.send(fill("", "bob")).await),
        "400 The CSRF token is missing."
    );
    let forged = token.replace('.', ".0");
    assert_eq!(
        plain(&app.send(fill(&forged, "bob")).await),
        "400 The CSRF token is invalid."
    );
    let reply = app.send(fill(token, "<b>")).await;
    assert!(
        reply
            .text()
            .contains("Successfully signed up user: &lt;b&gt;"),
        "{}",
        reply.text()
    );
    let reply = app.send(fill(token, "<b>")).await;
    assert!(
        reply
            .text()
            .contains("Username has already been taken: &lt;b&gt;")
    );
    let json = as_user(ADMIN, Method::POST, "/api/2.0/mlflow/users/create-ui").set_json(json!({}));
    assert_eq!(
        plain(&app.send(json).await),
        "400 Invalid content type. Must be application/x-www-form-urlencoded"
    );
}
