use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{
    OURS, apply, archive, history, lines, missing, mlflow, model, stage, transition, try_mlflow,
    version,
};
use crate::tests::TestApp;

const POLICY: &str = r#"
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: limited}
spec:
  models: {names: ["credit-*"]}
  stages: {Production: {}}
  versions: {max_active: 3}
"#;

async fn app_under(policy: &str) -> TestApp {
    let app = TestApp::new().await;
    apply(&app, policy).await;
    model(&app, "credit-risk").await;
    for _ in 0..3 {
        version(&app, "credit-risk").await;
    }
    app
}

fn one_more(name: &str) -> Value {
    json!({"name": name, "source": "s3://bucket/model"})
}

async fn register_one_more(app: &TestApp) -> super::Reply {
    try_mlflow(app, "model-versions/create", one_more("credit-risk")).await
}

async fn alias(app: &TestApp, version: &str) {
    let alias = format!("alias-{version}");
    let request = json!({"name": "credit-risk", "version": version, "alias": alias});
    mlflow(app, "registered-models/alias", request).await;
}

/// The stages of the first so many versions.
async fn stages(app: &TestApp, name: &str, count: usize) -> Vec<String> {
    let mut stages = Vec::new();
    for version in 1..=count {
        stages.push(stage(app, name, &version.to_string()).await);
    }
    stages
}

#[actix_web::test]
async fn the_oldest_gives_way_to_a_new_one() {
    let app = app_under(POLICY).await;
    let made = register_one_more(&app).await.ok();
    assert_snapshot!(
        made["model_version"]["status_message"].as_str().unwrap(),
        @"Version 1 was archived, because at most 3 versions may be active."
    );
    let path = "/api/2.0/mlflow/model-versions/get?name=credit-risk&version=4";
    let found = app.get(path).await.ok();
    assert_eq!(found["model_version"], made["model_version"]);
    assert_eq!(
        stages(&app, "credit-risk", 4).await,
        ["Archived", "None", "None", "None"]
    );
    let entries = history(&app, "model=credit-risk").await;
    assert_snapshot!(lines(&app, "model=credit-risk&version=1").await, @r#"
    done version.created credit-risk 1 {"source":"s3://bucket/model","run_id":"","model_id":null,"description":"","tags":{}}
    done version.transitioned credit-risk 1 {"stage":"None"} {"stage":"Archived","reason":"version 4 was created, and at most 3 versions may be active"}
    "#);
    let created = &entries[entries.len() - 2];
    assert_eq!(created["version"], "4");
    let requirement = &created["report"]["requirements"][0];
    assert_snapshot!(requirement.to_string(), @r#"{"id":"max_active","met":true,"explanation":"with this one, 4 versions would be active, and at most 3 may be. Version 1 is archived.","archives":[1]}"#);
    let time = chrono::Utc::now().timestamp_millis() + 1_000;
    let past = app
        .get(&format!("{OURS}/as-of?model=credit-risk&at={time}"))
        .await
        .ok();
    assert_eq!(past["versions"][0]["stage"], "Archived");
    assert_eq!(past["versions"][3]["stage"], "None");
}

#[actix_web::test]
async fn a_gated_stage_and_an_alias_keep_a_version() {
    let app = app_under(POLICY).await;
    transition(&app, "credit-risk", "1", "Production")
        .await
        .ok();
    alias(&app, "2").await;
    register_one_more(&app).await.ok();
    // Staging has no gate in this policy.
    transition(&app, "credit-risk", "4", "Staging").await.ok();
    register_one_more(&app).await.ok();
    assert_eq!(
        stages(&app, "credit-risk", 5).await,
        ["Production", "None", "Archived", "Archived", "None"]
    );
    alias(&app, "5").await;
    let refused = register_one_more(&app).await;
    assert_snapshot!(refused.error(), @"
    403 PERMISSION_DENIED: 1 requirement of policy 'limited' is not met: max_active. A version of model 'credit-risk' cannot be registered:
    - max_active: with this one, 4 versions would be active, and at most 3 may be. None of the others can be archived for it; these stay: 1 (Production), 2 (alias 'alias-2'), 5 (alias 'alias-5'). Transition a version that is not needed any more to Archived, or take its alias away, first.
    Read more: /api/1.0/flowkeep/policies?name=limited on this server, or `flowkeep policy show limited`.
    ");
    let path = "/api/2.0/mlflow/model-versions/get?name=credit-risk&version=6";
    assert_eq!(app.get(path).await.status, 404);
    archive(&app, "credit-risk", "5").await;
    register_one_more(&app).await.ok();
}

#[actix_web::test]
async fn a_lower_limit_is_met_with_the_next_version() {
    let app = app_under(POLICY).await;
    apply(&app, &POLICY.replace("max_active: 3", "max_active: 1")).await;
    assert_eq!(stages(&app, "credit-risk", 3).await, ["None"; 3]);
    let made = register_one_more(&app).await.ok();
    assert_snapshot!(
        made["model_version"]["status_message"].as_str().unwrap(),
        @"Versions 1, 2, 3 were archived, because at most 1 versions may be active."
    );
    assert_eq!(
        stages(&app, "credit-risk", 4).await,
        ["Archived", "Archived", "Archived", "None"]
    );
}

#[actix_web::test]
async fn what_comes_out_of_the_archive_pushes_nobody_into_it() {
    let app = app_under(POLICY).await;
    register_one_more(&app).await.ok();
    let refused = transition(&app, "credit-risk", "1", "Staging").await;
    assert_snapshot!(refused.error(), @"
    403 PERMISSION_DENIED: 1 requirement of policy 'limited' is not met: max_active. Version 1 of model 'credit-risk' cannot enter Staging:
    - max_active: with this one, 4 versions would be active, and at most 3 may be. Transition another version to Archived first. The oldest that no stage and no alias keeps is version 2.
    Read more: /api/1.0/flowkeep/model-versions/credit-risk/1/gates on this server, or `flowkeep policy show limited`.
    ");
    let check = format!("{OURS}/model-versions/credit-risk/1/check");
    let report = app.post(&check, json!({"stage": "None"})).await.ok();
    assert_eq!(report["allowed"], false);
    let active = format!("{OURS}/model-versions/credit-risk/2/check");
    let report = app.post(&active, json!({"stage": "Staging"})).await.ok();
    assert_eq!(report["requirements"], json!([]));
    // One that is replaced in the same change makes room.
    transition(&app, "credit-risk", "3", "Production")
        .await
        .ok();
    transition(&app, "credit-risk", "1", "Production")
        .await
        .ok();
    assert_eq!(
        stages(&app, "credit-risk", 4).await,
        ["Production", "None", "Archived", "None"]
    );
}

#[actix_web::test]
async fn a_policy_that_warns_archives_nothing() {
    let app = app_under(&POLICY.replace("spec:", "spec:\n  enforcement: warn")).await;
    let done = register_one_more(&app).await;
    assert!(done.ok()["model_version"].get("status_message").is_none());
    assert_snapshot!(
        done.headers.get("Flowkeep-Warning").unwrap().to_str().unwrap(),
        @"1 requirement of policy 'limited' is not met: max_active. A version of model 'credit-risk' cannot be registered: - max_active: with this one, 4 versions would be active, and at most 3 may be. Version 1 would be archived if the policy were enforced. Read more: /api/1.0/flowkeep/policies?name=limited on this server, or `flowkeep policy show limited`."
    );
    assert_eq!(stages(&app, "credit-risk", 4).await, ["None"; 4]);
    let last = history(&app, "model=credit-risk").await.pop().unwrap();
    assert_eq!(last["outcome"], "warned");
}

#[actix_web::test]
async fn a_model_with_too_many_versions_does_not_come_under_the_limit() {
    let app = TestApp::new().await;
    apply(&app, POLICY).await;
    model(&app, "free").await;
    for _ in 0..5 {
        version(&app, "free").await;
    }
    let rename = json!({"name": "free", "new_name": "credit-free"});
    let refused = try_mlflow(&app, "registered-models/rename", rename.clone()).await;
    assert_snapshot!(refused.error(), @"
    403 PERMISSION_DENIED: 1 requirement of policy 'limited' is not met: max_active. Model 'credit-free' has too many active versions:
    - max_active: the model has 5 active versions, and at most 3 may be. Archive 2 of them first.
    Read more: /api/1.0/flowkeep/policies?name=limited on this server, or `flowkeep policy show limited`.
    ");
    for version in ["1", "4"] {
        archive(&app, "free", version).await;
    }
    mlflow(&app, "registered-models/rename", rename).await;
}

#[actix_web::test]
async fn the_limit_does_not_open_the_gate_of_the_archive() {
    let gated = POLICY.replace(
        "{Production: {}}",
        "{Archived: {require: {tags: [reviewed]}}}",
    );
    let app = app_under(&gated).await;
    let refused = register_one_more(&app).await;
    assert_eq!(missing(&refused), ["max_active"]);
    let tag = json!({"name": "credit-risk", "version": "2", "key": "reviewed", "value": "yes"});
    mlflow(&app, "model-versions/set-tag", tag).await;
    register_one_more(&app).await.ok();
    assert_eq!(
        stages(&app, "credit-risk", 4).await,
        ["None", "Archived", "None", "None"]
    );
}

#[actix_web::test]
async fn copies_count_and_prompts_do_not() {
    let app = app_under(POLICY).await;
    let copy = json!({"name": "credit-risk", "source": "models:/credit-risk/3"});
    mlflow(&app, "model-versions/create", copy).await;
    assert_eq!(stage(&app, "credit-risk", "1").await, "Archived");
    let is_prompt = json!([{"key": "mlflow.prompt.is_prompt", "value": "true"}]);
    let prompt = json!({"name": "credit-prompt", "tags": is_prompt});
    mlflow(&app, "registered-models/create", prompt).await;
    let request = json!({
        "name": "credit-prompt", "source": "dummy-source",
        "tags": [
            {"key": "mlflow.prompt.is_prompt", "value": "true"},
            {"key": "mlflow.prompt.text", "value": "Hello"},
        ],
    });
    for _ in 0..5 {
        mlflow(&app, "model-versions/create", request.clone()).await;
    }
    assert_eq!(stages(&app, "credit-prompt", 5).await, ["None"; 5]);
}
