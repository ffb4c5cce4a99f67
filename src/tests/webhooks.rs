use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::{Value, json};

use super::TestApp;

const WEBHOOKS: &str = "/api/2.0/mlflow/webhooks";
const URL: &str = "https://8.8.8.8/hook";

fn webhook() -> Value {
    json!({
        "name": "ci", "url": URL, "secret": "s3cret",
        "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}],
    })
}

async fn create(app: &TestApp, changes: Value) -> super::harness::Reply {
    let mut request = webhook();
    for (key, value) in changes.as_object().unwrap() {
        request[key] = value.clone();
    }
    app.post(WEBHOOKS, request).await
}

#[actix_web::test]
async fn a_webhook_is_kept_without_telling_its_secret() {
    let app = TestApp::new().await;
    let mut created = create(&app, json!({})).await.ok();
    let id = created["webhook"]["webhook_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("{WEBHOOKS}/{id}");
    assert_eq!(app.get(&path).await.ok(), created);
    assert_eq!(
        app.get(WEBHOOKS).await.ok()["webhooks"][0],
        created["webhook"]
    );
    for part in ["webhook_id", "creation_timestamp", "last_updated_timestamp"] {
        assert!(!created["webhook"][part].take().is_null(), "{part}");
    }
    assert_json_snapshot!(created, @r#"
    {
      "webhook": {
        "webhook_id": null,
        "name": "ci",
        "url": "https://8.8.8.8/hook",
        "events": [
          {
            "entity": "MODEL_VERSION",
            "action": "CREATED"
          }
        ],
        "status": "ACTIVE",
        "creation_timestamp": null,
        "last_updated_timestamp": null
      }
    }
    "#);
    let changes = json!({
        "description": "for builds", "status": "DISABLED",
        "events": [{"entity": "PROMPT", "action": "CREATED"}],
    });
    let changed = app.patch(&path, changes).await.ok();
    assert_eq!(changed["webhook"]["name"], "ci");
    assert_eq!(changed["webhook"]["description"], "for builds");
    assert_eq!(changed["webhook"]["status"], "DISABLED");
    assert_eq!(
        changed["webhook"]["events"],
        json!([{"entity": "PROMPT", "action": "CREATED"}])
    );
    app.delete(&path, json!({})).await.ok();
    assert_eq!(app.get(&path).await.status, 404);
    assert_eq!(app.delete(&path, json!({})).await.status, 404);
    assert_eq!(app.get(WEBHOOKS).await.ok(), json!({}));
}

#[actix_web::test]
async fn pages_of_webhooks_follow_each_other() {
    let app = TestApp::new().await;
    for name in ["a", "b", "c"] {
        create(&app, json!({"name": name})).await.ok();
    }
    let mut names = Vec::new();
    let mut path = format!("{WEBHOOKS}?max_results=2");
    loop {
        let page = app.get(&path).await.ok();
        let webhooks = page["webhooks"].as_array().unwrap();
        names.extend(
            webhooks
                .iter()
                .map(|webhook| webhook["name"].as_str().unwrap().to_owned()),
        );
        let Some(token) = page["next_page_token"].as_str() else {
            break;
        };
        let token = token.replace('=', "%3D");
        path = format!("{WEBHOOKS}?max_results=2&page_token={token}");
    }
    names.sort();
    assert_eq!(names, ["a", "b", "c"]);
}

#[actix_web::test]
async fn what_makes_no_webhook_is_refused() {
    let app = TestApp::new().await;
    assert_snapshot!(
        create(&app, json!({"name": "a b"})).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Webhook name 'a b' is invalid. It must start and end with a letter or digit, be less than 63 characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-)."
    );
    assert_snapshot!(
        create(&app, json!({"url": "http://8.8.8.8/"})).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Invalid webhook URL scheme: 'http'. Allowed schemes are: https."
    );
    assert_snapshot!(
        create(&app, json!({"url": "https://169.254.169.254/"})).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Webhook URL must not resolve to a non-public IP address. '169.254.169.254' resolves to 169.254.169.254."
    );
    let events = json!([{"entity": "PROMPT", "action": "DELETED"}]);
    assert_snapshot!(
        create(&app, json!({"events": events})).await.error(),
        @"400 INVALID_PARAMETER_VALUE: Invalid action 'deleted' for entity 'prompt'. Valid actions are: ['created']"
    );
    assert_snapshot!(
        app.get(&format!("{WEBHOOKS}?max_results=1001")).await.error(),
        @"400 INVALID_PARAMETER_VALUE: max_results must be between 1 and 1000."
    );
    assert_eq!(app.get(WEBHOOKS).await.ok(), json!({}));
}
