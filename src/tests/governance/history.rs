use actix_web::test::TestRequest;
use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::{Value, json};

use super::{OURS, history, lines, mlflow, model, transition, try_mlflow, version};
use crate::tests::TestApp;

#[actix_web::test]
async fn each_change_of_a_life_is_kept() {
    let app = TestApp::new().await;
    model(&app, "churn").await;
    for _ in 0..2 {
        version(&app, "churn").await;
    }
    transition(&app, "churn", "1", "Production").await.ok();
    transition(&app, "churn", "2", "Production").await.ok();
    let of = |version: &str| json!({"name": "churn", "version": version});
    let with = |mut request: Value, more: Value| {
        for (key, value) in more.as_object().unwrap() {
            request[key] = value.clone();
        }
        request
    };
    let set = "registered-models/alias";
    mlflow(&app, set, with(of("1"), json!({"alias": "champion"}))).await;
    mlflow(&app, set, with(of("2"), json!({"alias": "champion"}))).await;
    let tag = json!({"key": "team", "value": "growth"});
    mlflow(&app, "model-versions/set-tag", with(of("1"), tag.clone())).await;
    mlflow(
        &app,
        "registered-models/set-tag",
        with(json!({"name": "churn"}), tag),
    )
    .await;
    let base = "/api/2.0/mlflow";
    let key = json!({"key": "team"});
    app.delete(
        &format!("{base}/model-versions/delete-tag"),
        with(of("1"), key.clone()),
    )
    .await
    .ok();
    let request = with(json!({"name": "churn"}), key);
    app.delete(&format!("{base}/registered-models/delete-tag"), request)
        .await
        .ok();
    let described = with(of("1"), json!({"description": "the first"}));
    app.patch(&format!("{base}/model-versions/update"), described)
        .await
        .ok();
    mlflow(
        &app,
        "registered-models/rename",
        json!({"name": "churn", "new_name": "leavers"}),
    )
    .await;
    let alias = json!({"name": "leavers", "alias": "champion"});
    app.delete(&format!("{base}/registered-models/alias"), alias)
        .await
        .ok();
    let last = json!({"name": "leavers", "version": "2"});
    app.delete(&format!("{base}/model-versions/delete"), last)
        .await
        .ok();
    app.delete(
        &format!("{base}/registered-models/delete"),
        json!({"name": "leavers"}),
    )
    .await
    .ok();
    // Either name leads to all of it.
    assert_eq!(
        lines(&app, "model=churn").await,
        lines(&app, "model=leavers").await
    );
    assert_snapshot!(lines(&app, "model=churn").await, @r#"
    done model.created churn {"description":"","tags":{}}
    done version.created churn 1 {"source":"s3://bucket/model","run_id":"","model_id":null,"description":"","tags":{}}
    done version.created churn 2 {"source":"s3://bucket/model","run_id":"","model_id":null,"description":"","tags":{}}
    done version.transitioned churn 1 {"stage":"None"} {"stage":"Production"}
    done version.transitioned churn 2 {"stage":"None"} {"stage":"Production"}
    done version.transitioned churn 1 {"stage":"Production"} {"stage":"Archived"}
    done alias.set churn 1 {"version":null} {"version":"1"}
    done alias.set churn 2 {"version":"1"} {"version":"2"}
    done version.tag_set churn 1 {"key":"team","value":null} {"key":"team","value":"growth"}
    done model.tag_set churn {"key":"team","value":null} {"key":"team","value":"growth"}
    done version.tag_deleted churn 1 {"key":"team","value":"growth"}
    done model.tag_deleted churn {"key":"team","value":"growth"}
    done version.updated churn 1 {"description":""} {"description":"the first"}
    done model.renamed leavers {"name":"churn"} {"name":"leavers"}
    done alias.deleted leavers 2 {"version":"2"}
    done version.deleted leavers 2 {"stage":"Production","aliases":[],"source":"s3://bucket/model","run_id":""}
    done model.deleted leavers
    "#);
}

#[actix_web::test]
async fn an_entry_says_who_claims_to_have_asked() {
    let app = TestApp::new().await;
    let request = TestRequest::post()
        .uri("/api/2.0/mlflow/registered-models/create")
        // alice:secret
        .insert_header(("Authorization", "Basic YWxpY2U6c2VjcmV0"))
        .set_json(json!({"name": "100% a b"}));
    app.send(request).await.ok();
    assert_json_snapshot!(history(&app, "model=100%25+a+b").await, @r#"
    [
      {
        "actor": {
          "name": "anonymous",
          "authenticated": false,
          "claimed": "alice"
        },
        "action": "model.created",
        "outcome": "done",
        "model": "100% a b",
        "after": {
          "description": "",
          "tags": {}
        }
      }
    ]
    "#);
}

#[actix_web::test]
async fn history_comes_in_pages() {
    let app = TestApp::new().await;
    model(&app, "churn").await;
    for _ in 0..5 {
        version(&app, "churn").await;
    }
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let path = format!("{OURS}/history?model=churn&max_results=4&page_token={token}");
        let page = app.get(&path).await.ok();
        for entry in page["entries"].as_array().unwrap() {
            seen.push(entry["version"].as_str().unwrap_or("-").to_owned());
        }
        match page["next_page_token"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ["-", "1", "2", "3", "4", "5"]);
    assert_eq!(history(&app, "version=3").await.len(), 1);
    assert_eq!(history(&app, "from=2001-01-01T00:00:00Z").await.len(), 6);
    assert_eq!(history(&app, "to=2001-01-01T00:00:00Z").await.len(), 0);
    for (query, error) in [
        ("max_results=0", "max_results"),
        ("version=one", "version"),
        ("from=yesterday", "from"),
        ("page_token=!", "page token"),
    ] {
        let refused = app.get(&format!("{OURS}/history?{query}")).await.error();
        assert!(
            refused.starts_with("400 INVALID_PARAMETER_VALUE") && refused.contains(error),
            "{refused}"
        );
    }
}

#[actix_web::test]
async fn the_past_can_be_asked_for() {
    let app = TestApp::new().await;
    model(&app, "churn").await;
    for _ in 0..2 {
        version(&app, "churn").await;
    }
    transition(&app, "churn", "1", "Production").await.ok();
    let alias = json!({"name": "churn", "version": "1", "alias": "champion"});
    mlflow(&app, "registered-models/alias", alias).await;
    let then = last_time(&app).await;
    wait_for_another_millisecond(then);
    transition(&app, "churn", "2", "Production").await.ok();
    let alias = json!({"name": "churn", "version": "2", "alias": "champion"});
    mlflow(&app, "registered-models/alias", alias).await;
    let rename = json!({"name": "churn", "new_name": "leavers"});
    mlflow(&app, "registered-models/rename", rename).await;
    let now = last_time(&app).await;
    assert_snapshot!(state(&app, "churn", then).await, @"1 Production champion, 2 None");
    assert_snapshot!(state(&app, "leavers", now).await, @"1 Archived, 2 Production champion");
    for (model, at) in [("churn", now), ("leavers", then), ("churn", 0)] {
        let refused = app
            .get(&format!("{OURS}/as-of?model={model}&at={at}"))
            .await;
        assert!(
            refused.error().starts_with("404 RESOURCE_DOES_NOT_EXIST"),
            "{model} {at}"
        );
    }
    assert_snapshot!(
        app.get(&format!("{OURS}/as-of?model=churn")).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'at'. See the API docs for more information about request parameters."
    );
}

async fn last_time(app: &TestApp) -> i64 {
    let reply = app.get(&format!("{OURS}/history")).await.ok();
    let entries = reply["entries"].as_array().unwrap();
    entries.last().unwrap()["time_ms"].as_i64().unwrap()
}

fn wait_for_another_millisecond(after: i64) {
    while chrono::Utc::now().timestamp_millis() <= after {
        std::thread::yield_now();
    }
}

async fn state(app: &TestApp, model: &str, at: i64) -> String {
    let path = format!("{OURS}/as-of?model={model}&at={at}");
    let reply = app.get(&path).await.ok();
    let versions: Vec<String> = reply["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| {
            let aliases = version["aliases"].as_array().unwrap();
            let aliases = aliases.iter().map(|alias| alias.as_str().unwrap());
            let part = |name: &str| version[name].as_str().unwrap().to_owned();
            [part("version"), part("stage")]
                .into_iter()
                .chain(aliases.map(str::to_owned))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    versions.join(", ")
}

#[actix_web::test]
async fn what_fails_leaves_no_entry() {
    let app = TestApp::new().await;
    model(&app, "churn").await;
    for (path, request) in [
        ("registered-models/create", json!({"name": "churn"})),
        (
            "model-versions/create",
            json!({"name": "churn", "source": "/etc/passwd"}),
        ),
        (
            "model-versions/transition-stage",
            json!({"name": "churn", "version": "1", "stage": "Production"}),
        ),
        (
            "registered-models/alias",
            json!({"name": "churn", "version": "1", "alias": "a"}),
        ),
        (
            "registered-models/rename",
            json!({"name": "nobody", "new_name": "b"}),
        ),
    ] {
        assert!(
            try_mlflow(&app, path, request).await.status >= 400,
            "{path}"
        );
    }
    assert_eq!(history(&app, "").await.len(), 1);
}
