//! Ways round the rights that other servers have left open, one test for each kind.

use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use super::super::harness::Reply;
use super::world::{World, user};
use crate::access::{Caller, Permission};

const DENIED: (u16, &str) = (403, "Permission denied");

#[track_caller]
fn assert_denied(reply: &Reply) {
    assert_eq!((reply.status, reply.text().as_str()), DENIED);
}

/// Sees all but one experiment, and all but one registered model.
fn outsider(world: &World) -> Caller {
    user(
        "outsider",
        &[
            ("experiment", &world.experiment, Permission::Deny),
            ("registered_model", &world.name, Permission::Deny),
        ],
    )
}

fn reader() -> Caller {
    user("reader", &[])
}

async fn get(world: &World, caller: &Caller, path: &str) -> Reply {
    world
        .app
        .send_as(caller, TestRequest::get().uri(path))
        .await
}

async fn send(world: &World, caller: &Caller, method: Method, path: &str, body: Value) -> Reply {
    let request = TestRequest::with_uri(path).method(method).set_json(body);
    world.app.send_as(caller, request).await
}

async fn graphql(world: &World, caller: &Caller, query: &str) -> Value {
    let reply = send(
        world,
        caller,
        Method::POST,
        "/graphql",
        json!({"query": query}),
    )
    .await;
    reply.ok()
}

#[actix_web::test]
async fn every_way_to_a_run_asks_the_same() {
    let world = World::new().await;
    let outsider = outsider(&world);
    let run = &world.run;
    let own = format!("{}/{run}/artifacts/x", world.experiment);
    for path in [
        format!("/api/2.0/mlflow/runs/get?run_id={run}"),
        format!("/ajax-api/2.0/mlflow/runs/get?run_id={run}"),
        format!("/api/2.0/mlflow/runs/get?run_uuid={run}&run_id={run}"),
        format!("/get-artifact?run_id={run}&path=x"),
        format!("/get-artifact?run_id=&run_uuid={run}&path=x"),
        format!("/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id={run}&metric_key=k"),
        format!("/api/2.0/mlflow-artifacts/artifacts/{own}"),
        format!("/ajax-api/2.0/mlflow-artifacts/artifacts/{own}"),
        format!("/api/2.0/mlflow-artifacts/presigned/{own}"),
        format!("/api/2.0/mlflow-artifacts/artifacts?path={own}"),
    ] {
        assert_denied(&get(&world, &outsider, &path).await);
        let head = TestRequest::with_uri(&path).method(Method::HEAD);
        let reply = world.app.send_as(&outsider, head).await;
        assert!(reply.status >= 400, "{path}");
    }
    let query = format!(
        r#"{{ mlflowGetRun(input: {{runId: "{run}"}}) {{ run {{ info {{ runId }} }} }} }}"#
    );
    let reply = graphql(&world, &outsider, &query).await;
    assert_eq!(reply["data"]["mlflowGetRun"], Value::Null, "{reply}");
    let reply = graphql(&world, &reader(), &query).await;
    assert_eq!(reply["data"]["mlflowGetRun"]["run"]["info"]["runId"], *run);
}

#[actix_web::test]
async fn parts_of_uploads_need_what_uploads_need() {
    let world = World::new().await;
    let folder = format!("{}/{}/artifacts", world.experiment, world.run);
    for (route, body) in [
        ("create", json!({"path": "x", "num_parts": 1})),
        (
            "complete",
            json!({"path": "x", "upload_id": "u", "parts": [{"part_number": 1, "etag": "e"}]}),
        ),
        ("abort", json!({"path": "x", "upload_id": "u"})),
    ] {
        for prefix in ["/api", "/ajax-api"] {
            let path = format!("{prefix}/2.0/mlflow-artifacts/mpu/{route}/{folder}");
            assert_denied(&send(&world, &reader(), Method::POST, &path, body.clone()).await);
        }
    }
    // The name in the body is a part of the path, too.
    let editor = user(
        "editor",
        &[("experiment", &world.experiment, Permission::Read)],
    );
    let body = json!({"path": world.experiment, "num_parts": 1});
    let path = "/api/2.0/mlflow-artifacts/mpu/create/";
    assert_denied(&send(&world, &editor, Method::POST, path, body).await);
}

#[actix_web::test]
async fn artifacts_of_logged_models_are_not_open_to_the_browser() {
    let world = World::new().await;
    let outsider = outsider(&world);
    for path in [
        format!(
            "/ajax-api/2.0/mlflow/logged-models/{}/artifacts/files?artifact_file_path=x",
            world.model_id
        ),
        format!(
            "/api/2.0/mlflow/logged-models/{}/artifacts/directories",
            world.model_id
        ),
        format!(
            "/api/2.0/mlflow-artifacts/artifacts/{}/models/{}/artifacts/x",
            world.experiment, world.model_id
        ),
    ] {
        assert_denied(&get(&world, &outsider, &path).await);
    }
}

#[actix_web::test]
async fn searches_and_nested_fields_show_no_version_of_a_hidden_model() {
    let world = World::new().await;
    // The run may be seen, the model that came from it may not.
    let caller = user(
        "caller",
        &[("registered_model", &world.name, Permission::Deny)],
    );
    let path = "/api/2.0/mlflow/model-versions/search?max_results=10";
    assert_eq!(get(&world, &caller, path).await.ok(), json!({}));
    let path = "/api/2.0/mlflow/registered-models/search?max_results=10";
    assert_eq!(get(&world, &caller, path).await.ok(), json!({}));

    let all = r"{ mlflowSearchModelVersions(input: {}) { modelVersions { name } } }";
    let nested = format!(
        r#"{{ mlflowGetRun(input: {{runId: "{}"}}) {{ run {{ modelVersions {{ name }} }} }} }}"#,
        world.run
    );
    let found = |reply: &Value| reply.to_string().contains(&world.name);
    for query in [all, nested.as_str()] {
        assert!(!found(&graphql(&world, &caller, query).await), "{query}");
        assert!(found(&graphql(&world, &reader(), query).await), "{query}");
    }
    let versions = user(
        "caller",
        &[("registered_model_version", "*", Permission::Deny)],
    );
    for query in [all, nested.as_str()] {
        assert!(!found(&graphql(&world, &versions, query).await), "{query}");
    }
}

#[actix_web::test]
async fn inputs_and_metrics_are_logged_to_no_foreign_run_or_model() {
    let mut world = World::new().await;
    let foreign = (world.run.clone(), world.model_id.clone());
    world.make().await;
    let editor = user(
        "editor",
        &[("experiment", &world.experiment, Permission::Edit)],
    );
    let metric = json!({"key": "k", "value": 1, "timestamp": 1});
    let with_model = |model: &str| {
        let mut metric = metric.clone();
        metric["model_id"] = model.into();
        metric
    };
    for (route, run, model) in [
        ("own", &world.run, &world.model_id),
        ("foreign run", &foreign.0, &world.model_id),
        ("foreign model", &world.run, &foreign.1),
    ] {
        let mut single = with_model(model);
        single["run_id"] = run.as_str().into();
        for (path, body) in [
            (
                "log-inputs",
                json!({"run_id": run, "models": [{"model_id": model}]}),
            ),
            (
                "outputs",
                json!({"run_id": run, "models": [{"model_id": model, "step": 1}]}),
            ),
            (
                "log-batch",
                json!({"run_id": run, "metrics": [with_model(model)]}),
            ),
            ("log-metric", single),
        ] {
            let path = format!("/api/2.0/mlflow/runs/{path}");
            let reply = send(&world, &editor, Method::POST, &path, body).await;
            match route {
                "own" => assert_eq!(reply.status, 200, "{path}: {}", reply.text()),
                _ => assert_denied(&reply),
            }
        }
    }
}

#[actix_web::test]
async fn of_several_ids_in_one_request_the_one_that_is_used_is_the_one_that_is_checked() {
    let mut world = World::new().await;
    let foreign = (world.name.clone(), world.model_id.clone());
    world.make().await;
    let owner = user(
        "owner",
        &[
            ("experiment", &world.experiment, Permission::Manage),
            ("registered_model", &world.name, Permission::Manage),
        ],
    );
    // The body counts, whatever the query and the content type say.
    let path = format!(
        "/api/2.0/mlflow/registered-models/delete?name={}",
        world.name
    );
    for content_type in ["application/json", "text/plain"] {
        let request = TestRequest::delete()
            .uri(&path)
            .insert_header((CONTENT_TYPE, content_type))
            .set_payload(json!({"name": foreign.0}).to_string());
        assert_denied(&world.app.send_as(&owner, request).await);
    }
    // Both spellings of a field are one.
    let path = "/api/2.0/mlflow/registered-models/set-tag";
    let body = json!({"name": foreign.0, "key": "k", "value": "v"});
    assert_denied(&send(&world, &owner, Method::POST, path, body).await);
    let path = "/api/2.0/mlflow/runs/set-tag";
    let body = json!({"runId": "nothing", "runUuid": world.run, "key": "k", "value": "v"});
    assert_denied(&send(&world, &owner, Method::POST, path, body).await);
    // The path counts, whatever the body says.
    let path = format!("/api/2.0/mlflow/logged-models/{}", foreign.1);
    let body = json!({"model_id": world.model_id, "status": "LOGGED_MODEL_READY"});
    assert_denied(&send(&world, &owner, Method::PATCH, &path, body).await);
    // Each value of a repeated parameter counts.
    let own = &world.run;
    let path = format!("/get-artifact?run_id={own}&run_uuid=nothing&path=x");
    assert_denied(&get(&world, &owner, &path).await);
}

#[actix_web::test]
async fn an_experiment_has_the_same_rights_however_its_id_is_written() {
    let world = World::new().await;
    let outsider = outsider(&world);
    let id = &world.experiment;
    for spelled in [
        format!("0{id}"),
        format!("%2B{id}"),
        format!("%20{id}%20"),
        format!("0_{id}"),
    ] {
        let path = format!("/api/2.0/mlflow/experiments/get?experiment_id={spelled}");
        assert_eq!(get(&world, &reader(), &path).await.status, 200, "{spelled}");
        assert_denied(&get(&world, &outsider, &path).await);
    }
    for spelled in [format!("0{id}"), format!("+{id}")] {
        let path = "/api/2.0/mlflow/runs/search";
        let body = json!({"experiment_ids": [spelled]});
        let reply = send(&world, &outsider, Method::POST, path, body.clone()).await;
        assert_eq!(reply.ok(), json!({}));
        let seen = send(&world, &reader(), Method::POST, path, body).await;
        assert_eq!(seen.ok()["runs"].as_array().unwrap().len(), 1);
    }
}

#[actix_web::test]
async fn an_artifact_has_the_same_rights_however_its_path_is_written() {
    let world = World::new().await;
    let outsider = outsider(&world);
    let (id, run) = (&world.experiment, &world.run);
    let digits: Vec<_> = id.bytes().map(|digit| format!("%{digit:02X}")).collect();
    let coded = digits.concat();
    for path in [
        format!("{id}/{run}/artifacts/x"),
        format!("./{id}/{run}/artifacts/x"),
        format!("{coded}/{run}/artifacts/x"),
        format!("{id}%2F{run}/artifacts/x"),
        format!("{id}/./{run}/./artifacts/x"),
        format!("0{id}/{run}/artifacts/x"),
        format!("workspaces/default/{id}/{run}/artifacts/x"),
    ] {
        let address = format!("/api/2.0/mlflow-artifacts/artifacts/{path}");
        assert_denied(&get(&world, &outsider, &address).await);
        let put = TestRequest::put().uri(&address).set_payload("x");
        assert_denied(&world.app.send_as(&outsider, put).await);
        let delete = TestRequest::delete().uri(&address);
        assert_denied(&world.app.send_as(&outsider, delete).await);
    }
}

#[actix_web::test]
async fn what_is_not_there_is_refused_like_what_is_hidden() {
    let world = World::new().await;
    let outsider = outsider(&world);
    for (hidden, missing) in [
        (
            format!("/api/2.0/mlflow/runs/get?run_id={}", world.run),
            "/api/2.0/mlflow/runs/get?run_id=0123".to_owned(),
        ),
        (
            format!("/api/2.0/mlflow/logged-models/{}", world.model_id),
            "/api/2.0/mlflow/logged-models/m-0123".to_owned(),
        ),
        (
            format!(
                "/api/2.0/mlflow/model-versions/get?name={}&version=1",
                world.name
            ),
            "/api/2.0/mlflow/model-versions/get?name=nothing&version=1".to_owned(),
        ),
    ] {
        let hidden = get(&world, &outsider, &hidden).await;
        let missing = get(&world, &outsider, &missing).await;
        assert_denied(&hidden);
        assert_denied(&missing);
        assert_eq!(
            hidden.headers.get(CONTENT_TYPE),
            missing.headers.get(CONTENT_TYPE)
        );
    }
    // Nor is a prompt told from nothing by who may see no prompts.
    let body =
        json!({"name": "hidden", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]});
    world.post("registered-models/create", body).await;
    let caller = user("caller", &[("prompt", "*", Permission::Deny)]);
    for name in ["hidden", "nothing"] {
        let path = format!("/api/2.0/mlflow/registered-models/get?name={name}");
        assert_denied(&get(&world, &caller, &path).await);
    }
}

#[actix_web::test]
async fn pages_are_full_and_tokens_tell_nothing_of_what_is_hidden() {
    let world = World::new().await;
    let mut seen = Vec::new();
    let mut names = Vec::new();
    for number in 0..12 {
        let body = json!({"name": format!("e{number:02}")});
        let id = world.post("experiments/create", body).await["experiment_id"].clone();
        let name = format!("m{number:02}");
        world
            .post("registered-models/create", json!({"name": name}))
            .await;
        if number % 3 == 0 {
            seen.push(id.as_str().unwrap().to_owned());
            names.push(name);
        }
    }
    let mut grants = vec![
        ("experiment", "*", Permission::NoPermissions),
        ("registered_model", "*", Permission::NoPermissions),
    ];
    grants.extend(
        seen.iter()
            .map(|id| ("experiment", id.as_str(), Permission::Read)),
    );
    grants.extend(
        names
            .iter()
            .map(|name| ("registered_model", name.as_str(), Permission::Read)),
    );
    let caller = user("caller", &grants);
    for (path, list, id, expected) in [
        (
            "experiments/search?order_by=experiment_id",
            "experiments",
            "experiment_id",
            &seen,
        ),
        (
            "registered-models/search?order_by=name",
            "registered_models",
            "name",
            &names,
        ),
    ] {
        let mut found = Vec::new();
        let mut pages = Vec::new();
        let mut token = String::new();
        loop {
            let path = format!("/api/2.0/mlflow/{path}&max_results=3&page_token={token}");
            let page = get(&world, &caller, &path).await.ok();
            let rows = page[list].as_array().cloned().unwrap_or_default();
            pages.push(rows.len());
            found.extend(rows.iter().map(|row| row[id].as_str().unwrap().to_owned()));
            match page["next_page_token"].as_str() {
                Some(next) if !next.is_empty() => next.clone_into(&mut token),
                _ => break,
            }
        }
        assert_eq!(pages, [3, 1], "{path}");
        assert_eq!(&found, expected, "{path}");
    }
}

#[actix_web::test]
async fn one_foreign_run_among_many_is_enough_to_refuse() {
    let mut world = World::new().await;
    let (foreign, hidden) = (world.run.clone(), world.experiment.clone());
    world.make().await;
    let caller = user("caller", &[("experiment", &hidden, Permission::Deny)]);
    let own = &world.run;
    for path in [
        "/ajax-api/2.0/mlflow/metrics/get-history-bulk?metric_key=k&run_id",
        "/api/2.0/mlflow/metrics/get-history-bulk-interval?metric_key=k&run_ids",
    ] {
        let name = path.rsplit('&').next().unwrap();
        let path = format!("{path}={own}");
        assert_eq!(get(&world, &caller, &path).await.status, 200, "{path}");
        assert_denied(&get(&world, &caller, &format!("{path}&{name}={foreign}")).await);
        assert_denied(&get(&world, &caller, &format!("{path}&{name}=nothing")).await);
    }
}

#[actix_web::test]
async fn versions_are_made_of_nothing_that_their_maker_may_not_read() {
    let mut world = World::new().await;
    let (run, model_id, name) = (
        world.run.clone(),
        world.model_id.clone(),
        world.name.clone(),
    );
    let hidden = outsider(&world);
    world.make().await;
    let mut owner = hidden.clone();
    let mut grants = vec![("registered_model", world.name.as_str(), Permission::Manage)];
    let rows = hidden.user.unwrap().grants.rows.clone();
    grants.extend(rows.iter().map(|row| {
        (
            row.resource_type.as_str(),
            row.resource_pattern.as_str(),
            row.permission,
        )
    }));
    owner.user = user("owner", &grants).user;
    for body in [
        json!({"source": format!("runs:/{run}/model"), "run_id": run}),
        json!({"source": "s3://bucket/model", "run_id": run}),
        json!({"source": "s3://bucket/model", "model_id": model_id}),
        json!({"source": format!("models:/{model_id}"), "model_id": model_id}),
        json!({"source": format!("models:/{model_id}")}),
        json!({"source": format!("models:/{name}/1")}),
        json!({"source": format!("models:/{name}@champion")}),
        json!({"source": format!("models:/{name}/latest")}),
        json!({"source": format!("models:/{name}/Production")}),
    ] {
        let mut body = body;
        body["name"] = world.name.as_str().into();
        let path = "/api/2.0/mlflow/model-versions/create";
        let reply = send(&world, &owner, Method::POST, path, body.clone()).await;
        assert_eq!((reply.status, reply.text().as_str()), DENIED, "{body}");
    }
}

#[actix_web::test]
async fn no_model_has_the_name_of_all() {
    let world = World::new().await;
    let admin = super::world::admin();
    let path = "/api/2.0/mlflow/registered-models/create";
    let reply = send(&world, &admin, Method::POST, path, json!({"name": "*"})).await;
    assert!(
        reply.error().starts_with("400 INVALID_PARAMETER_VALUE"),
        "{}",
        reply.text()
    );
    let path = "/api/2.0/mlflow/registered-models/rename";
    let body = json!({"name": world.name, "new_name": "*"});
    let reply = send(&world, &admin, Method::POST, path, body).await;
    assert!(
        reply.error().starts_with("400 INVALID_PARAMETER_VALUE"),
        "{}",
        reply.text()
    );
}

#[actix_web::test]
async fn history_shows_only_models_that_are_seen_today() {
    let mut world = World::new().await;
    let hidden = world.name.clone();
    world.make().await;
    let caller = user("caller", &[("registered_model", &hidden, Permission::Deny)]);
    let history = get(&world, &caller, "/api/1.0/flowkeep/history").await.ok();
    let text = history.to_string();
    assert!(
        text.contains(&world.name) && !text.contains(&hidden),
        "{text}"
    );
    let at = "at=2100-01-01T00:00:00Z";
    for name in [hidden.as_str(), "nothing"] {
        let path = format!("/api/1.0/flowkeep/as-of?model={name}&{at}");
        let error = get(&world, &caller, &path).await.error();
        assert_eq!(
            error,
            format!(
                "404 RESOURCE_DOES_NOT_EXIST: The history knows of no Registered Model with name={name} at that time."
            )
        );
    }
    // Renamed, the model is hidden with all that it was called.
    let path = "/api/2.0/mlflow/registered-models/rename";
    let body = json!({"name": world.name, "new_name": "unseen"});
    send(&world, &super::world::admin(), Method::POST, path, body)
        .await
        .ok();
    let caller = user(
        "caller",
        &[("registered_model", "unseen", Permission::Deny)],
    );
    let history = get(&world, &caller, "/api/1.0/flowkeep/history").await.ok();
    assert!(!history.to_string().contains(&world.name), "{history}");
}

/// Handlers reach the database through their permit only, which asks for the caller's right first.
#[test]
fn no_handler_reaches_the_database_past_its_permit() {
    for folder in ["mlflow", "flowkeep", "graphql"] {
        let folder = format!("{}/src/api/{folder}", env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code: String = text.split_whitespace().collect();
            assert!(
                !code.contains(".store.read(") && !code.contains(".store.write("),
                "{}",
                path.display()
            );
            assert!(!code.contains("Data<State>"), "{}", path.display());
        }
    }
}
