//! Who logs in reaches what the routes need, nobody else anything; and creators own what they create.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::json;

use super::super::TestApp;
use super::{ADMIN, add, get, plain, post, send};
use crate::access::Access;
use crate::api::route_table;

const DENIED: &str = "403 Permission denied";

#[actix_web::test]
async fn nobody_is_answered_where_users_log_in() {
    let app = TestApp::with_logins().await;
    let mut open = Vec::new();
    for (route, access) in route_table() {
        let (method, path) = route.split_once(' ').unwrap();
        let path = path.replace(['{', '}', ':', '*', '+'], "x");
        let request = TestRequest::with_uri(&path).method(method.parse::<Method>().unwrap());
        let reply = app.send(request).await;
        if access == Access::Public {
            assert_ne!(reply.status, 401, "{route}");
            open.push(route);
        } else {
            assert_eq!(reply.status, 401, "{route}");
        }
    }
    assert_eq!(
        open,
        [
            "GET /ajax-api/3.0/mlflow/server-info",
            "GET /api/3.0/mlflow/server-info",
            "GET /health",
            "GET /static-files/{path:.*}",
        ]
    );
    for path in [
        "/nothing",
        "/api/2.0/mlflow/nothing",
        "/api/3.0/mlflow/workspaces",
    ] {
        assert_eq!(app.get(path).await.status, 401, "{path}");
    }
}

#[actix_web::test]
async fn creators_own_experiments_and_models_through_renames() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    let ben = add(&app, "ben").await;
    let path = |rest: &str| format!("/api/2.0/mlflow/{rest}");

    let created = post(&app, ann, &path("experiments/create"), json!({"name": "e"})).await;
    let id = created.ok()["experiment_id"].clone();
    let tag = json!({"experiment_id": id, "key": "k", "value": "v"});
    let set_tag = path("experiments/set-experiment-tag");
    post(&app, ann, &set_tag, tag.clone()).await.ok();
    assert_eq!(plain(&post(&app, ben, &set_tag, tag).await), DENIED);

    post(
        &app,
        ann,
        &path("registered-models/create"),
        json!({"name": "m"}),
    )
    .await
    .ok();
    let update = path("registered-models/update");
    let described = |name: &str| json!({"name": name, "description": "d"});
    let reply = send(&app, ben, Method::PATCH, &update, described("m")).await;
    assert_eq!(plain(&reply), DENIED);
    let body = json!({"name": "m", "new_name": "n"});
    post(&app, ann, &path("registered-models/rename"), body)
        .await
        .ok();
    send(&app, ann, Method::PATCH, &update, described("n"))
        .await
        .ok();

    // The next model of a name that is free again is not hers.
    post(
        &app,
        ben,
        &path("registered-models/create"),
        json!({"name": "m"}),
    )
    .await
    .ok();
    let reply = send(&app, ann, Method::PATCH, &update, described("m")).await;
    assert_eq!(plain(&reply), DENIED);
    let delete = path("registered-models/delete");
    send(&app, ann, Method::DELETE, &delete, json!({"name": "n"}))
        .await
        .ok();
    post(
        &app,
        ben,
        &path("registered-models/create"),
        json!({"name": "n"}),
    )
    .await
    .ok();
    let reply = send(&app, ann, Method::PATCH, &update, described("n")).await;
    assert_eq!(plain(&reply), DENIED);

    // A prompt has grants as a prompt.
    let tags = json!([{"key": "mlflow.prompt.is_prompt", "value": "true"}]);
    let body = json!({"name": "p", "tags": tags});
    post(&app, ann, &path("registered-models/create"), body)
        .await
        .ok();
    send(&app, ann, Method::PATCH, &update, described("p"))
        .await
        .ok();
    let own = "/api/3.0/mlflow/users/current/permissions";
    let grants = get(&app, ann, own).await.ok().to_string();
    assert!(grants.contains("\"prompt\""), "{grants}");
    send(&app, ADMIN, Method::PATCH, &update, described("p"))
        .await
        .ok();
}
