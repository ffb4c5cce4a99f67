//! Roles and what they grant. The admins of a workspace manage its roles, and no others.

use super::*;

const ROLES: &str = "/api/3.0/mlflow/roles";

async fn role(app: &TestApp, user: (&str, &str), name: &str, workspace: &str) -> Reply {
    let body = json!({"name": name, "workspace": workspace});
    post(app, user, &format!("{ROLES}/create"), body).await
}

/// Makes a role that administers a workspace, and gives it to a user.
async fn administer(app: &TestApp, user: &str, workspace: &str) {
    let id = role(app, ADMIN, &format!("admins of {workspace}"), workspace)
        .await
        .ok()["role"]["id"]
        .clone();
    let grant = json!({"role_id": id, "resource_type": "workspace", "resource_pattern": "*", "permission": "MANAGE"});
    post(app, ADMIN, &format!("{ROLES}/permissions/add"), grant)
        .await
        .ok();
    let body = json!({"username": user, "role_id": id});
    post(app, ADMIN, &format!("{ROLES}/assign"), body)
        .await
        .ok();
}

#[actix_web::test]
async fn a_role_lives_from_its_creation_to_its_end() {
    let app = TestApp::with_logins().await;
    let ann = add(&app, "ann").await;
    let made = role(&app, ADMIN, "readers", "default").await.ok();
    assert_eq!(
        made,
        json!({"role": {"id": 1, "name": "readers", "workspace": "default", "description": null, "permissions": []}})
    );
    let grant = |pattern: &str| json!({"role_id": 1, "resource_type": "experiment", "resource_pattern": pattern, "permission": "READ"});
    let added = post(&app, ADMIN, &format!("{ROLES}/permissions/add"), grant("*"))
        .await
        .ok();
    let row = json!({"id": 1, "role_id": 1, "resource_type": "experiment", "resource_pattern": "*", "permission": "READ"});
    assert_eq!(added, json!({"role_permission": row}));
    let again = post(&app, ADMIN, &format!("{ROLES}/permissions/add"), grant("*")).await;
    assert_eq!(
        again.error(),
        "400 RESOURCE_ALREADY_EXISTS: Role permission (role_id=1, resource_type=experiment, resource_pattern=*) already exists."
    );
    let body = json!({"role_permission_id": 1, "permission": "EDIT"});
    let changed = send(
        &app,
        ADMIN,
        Method::PATCH,
        &format!("{ROLES}/permissions/update"),
        body,
    )
    .await
    .ok();
    assert_eq!(changed["role_permission"]["permission"], "EDIT");

    let body = json!({"username": "ann", "role_id": "1"});
    let assigned = post(&app, ADMIN, &format!("{ROLES}/assign"), body.clone())
        .await
        .ok();
    assert_eq!(
        assigned,
        json!({"assignment": {"id": 1, "user_id": 2, "role_id": 1}})
    );
    assert_eq!(
        post(&app, ADMIN, &format!("{ROLES}/assign"), body.clone())
            .await
            .error(),
        "400 RESOURCE_ALREADY_EXISTS: User role assignment (user_id=2, role_id=1) already exists"
    );
    let users = get(&app, ADMIN, &format!("{ROLES}/users/list?role_id=1"))
        .await
        .ok();
    assert_eq!(users["assignments"][0]["user_id"], 2);
    // Who has the role sees it, and what it grants.
    let seen = get(&app, ann, &format!("{ROLES}/get?role_id=1")).await.ok();
    assert_eq!(seen["role"]["permissions"][0]["permission"], "EDIT");
    let seen = get(&app, ann, &format!("{ROLES}/list?workspace=default"))
        .await
        .ok();
    assert_eq!(seen["roles"].as_array().unwrap().len(), 1);
    let seen = get(&app, ann, &format!("{ROLES}/permissions/list?role_id=1"))
        .await
        .ok();
    assert_eq!(seen["role_permissions"].as_array().unwrap().len(), 1);
    let own = get(&app, ann, "/api/3.0/mlflow/users/current/permissions")
        .await
        .ok();
    assert_eq!(
        own["permissions"],
        json!([{"role_id": 1, "role_name": "readers", "workspace": "default", "resource_type": "experiment",
                "resource_pattern": "*", "permission": "EDIT"}])
    );

    let body_of_update = json!({"role_id": 1, "name": "writers", "description": "they write"});
    let updated = send(
        &app,
        ADMIN,
        Method::PATCH,
        &format!("{ROLES}/update"),
        body_of_update,
    )
    .await
    .ok();
    assert_eq!(updated["role"]["name"], "writers");
    assert_eq!(updated["role"]["description"], "they write");
    send(
        &app,
        ADMIN,
        Method::DELETE,
        &format!("{ROLES}/unassign"),
        body.clone(),
    )
    .await
    .ok();
    assert_eq!(
        send(
            &app,
            ADMIN,
            Method::DELETE,
            &format!("{ROLES}/unassign"),
            body
        )
        .await
        .error(),
        "404 RESOURCE_DOES_NOT_EXIST: User role assignment (user_id=2, role_id=1) not found"
    );
    // The next request of the user finds the role gone.
    assert_eq!(
        get(&app, ann, &format!("{ROLES}/get?role_id=1"))
            .await
            .status,
        403
    );
    let body = json!({"role_permission_id": 1});
    send(
        &app,
        ADMIN,
        Method::DELETE,
        &format!("{ROLES}/permissions/remove"),
        body,
    )
    .await
    .ok();
    send(
        &app,
        ADMIN,
        Method::DELETE,
        &format!("{ROLES}/delete"),
        json!({"role_id": 1}),
    )
    .await
    .ok();
    assert_eq!(
        get(&app, ADMIN, &format!("{ROLES}/get?role_id=1"))
            .await
            .error(),
        "404 RESOURCE_DOES_NOT_EXIST: Role with id=1 not found"
    );
}

#[actix_web::test]
async fn wrong_requests_get_the_answers_of_mlflow() {
    let app = TestApp::with_logins().await;
    role(&app, ADMIN, "a", "default").await.ok();
    let mut answers = Vec::new();
    for (name, workspace) in [
        ("", "default"),
        ("b", " "),
        ("__user_7__", "default"),
        ("a", "default"),
        ("c ", "default"),
        ("c", "default "),
    ] {
        answers.push(role(&app, ADMIN, name, workspace).await.error());
    }
    for body in [
        json!({"role_id": "x", "resource_type": "experiment", "resource_pattern": "1", "permission": "READ"}),
        json!({"role_id": 9, "resource_type": "experiment", "resource_pattern": "1", "permission": "READ"}),
        json!({"role_id": 1, "resource_type": "run", "resource_pattern": "1", "permission": "READ"}),
        json!({"role_id": 1, "resource_type": "experiment", "resource_pattern": "1", "permission": "OWN"}),
        json!({"role_id": 1, "resource_type": "experiment", "resource_pattern": "1"}),
        json!({"role_id": 1, "resource_type": "workspace", "resource_pattern": "*", "permission": "READ"}),
    ] {
        answers.push(
            post(&app, ADMIN, &format!("{ROLES}/permissions/add"), body)
                .await
                .error(),
        );
    }
    for body in [
        json!({"role_id": 1}),
        json!({"role_id": 1, "name": " "}),
        json!({"role_id": 1, "description": 5}),
    ] {
        answers.push(
            send(&app, ADMIN, Method::PATCH, &format!("{ROLES}/update"), body)
                .await
                .error(),
        );
    }
    answers.push(
        get(&app, ADMIN, &format!("{ROLES}/list?workspace="))
            .await
            .error(),
    );
    let body = json!({"username": "nobody", "role_id": 1});
    answers.push(
        post(&app, ADMIN, &format!("{ROLES}/assign"), body)
            .await
            .error(),
    );
    let body = json!({"role_permission_id": 5, "permission": "READ"});
    answers.push(
        send(
            &app,
            ADMIN,
            Method::PATCH,
            &format!("{ROLES}/permissions/update"),
            body,
        )
        .await
        .error(),
    );
    insta::assert_snapshot!(answers.join("\n"));
}

#[actix_web::test]
async fn who_administers_a_workspace_manages_its_roles_only() {
    let app = TestApp::with_logins().await;
    let wanda = add(&app, "wanda").await;
    add(&app, "ann").await;
    administer(&app, "wanda", "team").await;
    let own = role(&app, wanda, "readers", "team").await.ok()["role"]["id"].clone();
    let other = role(&app, ADMIN, "readers", "default").await.ok()["role"]["id"].clone();
    assert_eq!(
        plain(&role(&app, wanda, "mine", "default").await),
        "403 Permission denied"
    );

    let grant = |id: &Value| json!({"role_id": id, "resource_type": "experiment", "resource_pattern": "*", "permission": "MANAGE"});
    post(
        &app,
        wanda,
        &format!("{ROLES}/permissions/add"),
        grant(&own),
    )
    .await
    .ok();
    let foreign = post(
        &app,
        ADMIN,
        &format!("{ROLES}/permissions/add"),
        grant(&other),
    )
    .await
    .ok();
    let foreign = foreign["role_permission"]["id"].clone();

    // Each names a role of another workspace, or one that is not there.
    let patch = Method::PATCH;
    for id in [other.clone(), json!(999)] {
        for (method, path, body) in [
            (Method::POST, "permissions/add", grant(&id)),
            (
                patch.clone(),
                "update",
                json!({"role_id": id, "name": "mine"}),
            ),
            (Method::DELETE, "delete", json!({"role_id": id})),
            (
                Method::POST,
                "assign",
                json!({"username": "wanda", "role_id": id}),
            ),
            (
                Method::DELETE,
                "unassign",
                json!({"username": "ann", "role_id": id}),
            ),
        ] {
            let reply = send(&app, wanda, method, &format!("{ROLES}/{path}"), body).await;
            assert_eq!(plain(&reply), "403 Permission denied", "{path}");
        }
        for path in ["get", "permissions/list", "users/list"] {
            let reply = get(&app, wanda, &format!("{ROLES}/{path}?role_id={id}")).await;
            assert_eq!(plain(&reply), "403 Permission denied", "{path}");
        }
    }
    // A role of one's own beside it makes no difference.
    let both = json!({"role_id": own, "role_permission_id": foreign, "permission": "DENY", "workspace": "team"});
    let reply = send(
        &app,
        wanda,
        patch,
        &format!("{ROLES}/permissions/update"),
        both.clone(),
    )
    .await;
    assert_eq!(plain(&reply), "403 Permission denied");
    let reply = send(
        &app,
        wanda,
        Method::DELETE,
        &format!("{ROLES}/permissions/remove"),
        both,
    )
    .await;
    assert_eq!(plain(&reply), "403 Permission denied");

    assert_eq!(
        plain(&get(&app, wanda, &format!("{ROLES}/list")).await),
        "403 Permission denied"
    );
    let two = format!("{ROLES}/list?workspace=team&workspace=default");
    assert_eq!(
        plain(&get(&app, wanda, &two).await),
        "403 Permission denied"
    );
    let listed = get(&app, wanda, &format!("{ROLES}/list?workspace=team"))
        .await
        .ok();
    assert_eq!(listed["roles"].as_array().unwrap().len(), 2);
    // Such an admin makes users, and does not delete them.
    let body = json!({"username": "new", "password": "a users password"});
    post(&app, wanda, "/api/2.0/mlflow/users/create", body)
        .await
        .ok();
    let body = json!({"username": "new"});
    let reply = send(
        &app,
        wanda,
        Method::DELETE,
        "/api/2.0/mlflow/users/delete",
        body,
    )
    .await;
    assert_eq!(plain(&reply), "403 Permission denied");
}

/// Of users in a workspace, its admins see the roles there.
#[actix_web::test]
async fn roles_of_others_are_seen_where_one_is_an_admin() {
    let app = TestApp::with_logins().await;
    let wanda = add(&app, "wanda").await;
    let ann = add(&app, "ann").await;
    administer(&app, "wanda", "team").await;
    for workspace in ["team", "secret"] {
        let id = role(&app, ADMIN, "readers", workspace).await.ok()["role"]["id"].clone();
        let body = json!({"username": "ann", "role_id": id});
        if workspace == "secret" {
            let path = "/api/3.0/mlflow/users/roles/list?username=ann";
            assert_eq!(
                get(&app, wanda, path).await.ok()["roles"]
                    .as_array()
                    .unwrap()
                    .len(),
                1
            );
        }
        post(&app, ADMIN, &format!("{ROLES}/assign"), body)
            .await
            .ok();
    }
    let path = "/api/3.0/mlflow/users/roles/list?username=ann";
    let workspaces = |reply: Value| -> Vec<Value> {
        reply["roles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|role| role["workspace"].clone())
            .collect()
    };
    assert_eq!(workspaces(get(&app, wanda, path).await.ok()), ["team"]);
    assert_eq!(
        workspaces(get(&app, ann, path).await.ok()),
        ["team", "secret"]
    );
    for path in [
        "/api/3.0/mlflow/users/roles/list?username=wanda",
        "/api/3.0/mlflow/users/roles/list?username=nobody",
        "/api/3.0/mlflow/users/permissions/list?username=wanda",
    ] {
        assert_eq!(
            plain(&get(&app, ann, path).await),
            "403 Permission denied",
            "{path}"
        );
    }
    let listed = get(&app, wanda, "/api/2.0/mlflow/users/list").await.ok();
    let ann_roles = &listed["users"].as_array().unwrap()[2]["roles"];
    assert_eq!(ann_roles.as_array().unwrap().len(), 1);
}
