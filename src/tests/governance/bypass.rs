//! Ways round the gates. None of them leads anywhere.

use serde_json::{Value, json};

use super::{
    OURS, POLICY, apply, approve, evaluate, give, missing, mlflow, model, promote_first, register,
    stage, transition, try_mlflow, version, win,
};
use crate::tests::TestApp;

async fn app() -> TestApp {
    let app = TestApp::new().await;
    apply(&app, POLICY).await;
    model(&app, "credit-risk").await;
    app
}

fn rename(name: &str, new_name: &str) -> Value {
    json!({"name": name, "new_name": new_name})
}

async fn delete(app: &TestApp, path: &str, body: Value) {
    app.delete(&format!("/api/2.0/mlflow/{path}"), body)
        .await
        .ok();
}

#[actix_web::test]
async fn an_alias_in_the_place_of_a_stage() {
    let app = app().await;
    register(&app, "credit-risk").await;
    let request = json!({"name": "credit-risk", "version": "1", "alias": "champion"});
    let refused = try_mlflow(&app, "registered-models/alias", request.clone()).await;
    assert!(missing(&refused).contains(&"evaluation:responsible_ai".to_owned()));
    promote_first(&app).await;
    let request = json!({"name": "credit-risk", "version": "2", "alias": "champion"});
    mlflow(&app, "registered-models/alias", request).await;
}

#[actix_web::test]
async fn a_name_out_of_reach_and_back() {
    let app = app().await;
    register(&app, "credit-risk").await;
    let path = "registered-models/rename";
    let refused = try_mlflow(&app, path, rename("credit-risk", "free")).await;
    assert!(refused.error().starts_with("403 PERMISSION_DENIED"));
    // A model that was never under the policy does not get there with what it lacks.
    model(&app, "free").await;
    version(&app, "free").await;
    transition(&app, "free", "1", "Production").await.ok();
    let refused = try_mlflow(&app, path, rename("free", "credit-free")).await;
    let error = refused.error();
    let first = "403 PERMISSION_DENIED: Model 'credit-free' cannot come under policy 'credit', which 1 of its 1 versions does not meet.\n";
    assert!(error.starts_with(first), "{error}");
    let ids = missing(&refused);
    assert!(ids.contains(&"tag:algorithm".to_owned()), "{ids:?}");
    assert!(
        ids.contains(&"evaluation:responsible_ai".to_owned()),
        "{ids:?}"
    );
    assert_eq!(stage(&app, "free", "1").await, "Production");
    // Within reach a model may move, and takes its evidence along.
    evaluate(&app, "credit-risk/1").await;
    mlflow(&app, path, rename("credit-risk", "credit-loss")).await;
    transition(&app, "credit-loss", "1", "Staging").await.ok();
}

#[actix_web::test]
async fn tags_that_take_a_model_out_of_reach() {
    let app = TestApp::new().await;
    let policy = POLICY.replace(r#"{names: ["credit-*"]}"#, "{tags: {tier: gold}}");
    apply(&app, &policy).await;
    let tags = json!([{"key": "tier", "value": "gold"}]);
    let request = json!({"name": "credit-risk", "tags": tags});
    mlflow(&app, "registered-models/create", request).await;
    register(&app, "credit-risk").await;
    let tag = json!({"name": "credit-risk", "key": "tier", "value": "lead"});
    let refused = try_mlflow(&app, "registered-models/set-tag", tag.clone()).await;
    assert!(refused.error().starts_with("403 PERMISSION_DENIED"));
    let path = "/api/2.0/mlflow/registered-models/delete-tag";
    let refused = app.delete(path, tag).await;
    assert!(refused.error().starts_with("403 PERMISSION_DENIED"));
    // And into reach only with what is asked for.
    model(&app, "free").await;
    version(&app, "free").await;
    let tag = json!({"name": "free", "key": "tier", "value": "gold"});
    let refused = try_mlflow(&app, "registered-models/set-tag", tag).await;
    assert_eq!(missing(&refused), ["tag:algorithm"]);
}

#[actix_web::test]
async fn evidence_does_not_outlive_what_it_is_about() {
    let app = app().await;
    register(&app, "credit-risk").await;
    evaluate(&app, "credit-risk/1").await;
    let of_version = json!({"name": "credit-risk", "version": "1"});
    delete(&app, "model-versions/delete", of_version).await;
    let next = register(&app, "credit-risk").await;
    let refused = transition(&app, "credit-risk", &next, "Staging").await;
    assert_eq!(missing(&refused), ["evaluation:responsible_ai"]);
    evaluate(&app, &format!("credit-risk/{next}")).await;
    delete(
        &app,
        "registered-models/delete",
        json!({"name": "credit-risk"}),
    )
    .await;
    model(&app, "credit-risk").await;
    for _ in 0..2 {
        let version = register(&app, "credit-risk").await;
        let refused = transition(&app, "credit-risk", &version, "Staging").await;
        assert_eq!(missing(&refused), ["evaluation:responsible_ai"]);
    }
}

#[actix_web::test]
async fn a_model_made_anew_is_no_first_promotion() {
    let app = app().await;
    promote_first(&app).await;
    delete(
        &app,
        "registered-models/delete",
        json!({"name": "credit-risk"}),
    )
    .await;
    model(&app, "credit-risk").await;
    for _ in 0..2 {
        register(&app, "credit-risk").await;
    }
    evaluate(&app, "credit-risk/2").await;
    transition(&app, "credit-risk", "2", "Staging").await.ok();
    approve(&app, "credit-risk/2").await;
    let refused = transition(&app, "credit-risk", "2", "Production").await;
    assert_eq!(missing(&refused), ["ab_test"]);
}

#[actix_web::test]
async fn an_emptied_production_is_no_first_promotion() {
    let app = app().await;
    promote_first(&app).await;
    transition_only(&app, "1", "Archived").await;
    register(&app, "credit-risk").await;
    evaluate(&app, "credit-risk/2").await;
    transition(&app, "credit-risk", "2", "Staging").await.ok();
    approve(&app, "credit-risk/2").await;
    let refused = transition(&app, "credit-risk", "2", "Production").await;
    assert_eq!(missing(&refused), ["ab_test"]);
    win(&app, "credit-risk/2", 1).await;
    transition(&app, "credit-risk", "2", "Production")
        .await
        .ok();
}

async fn transition_only(app: &TestApp, version: &str, stage: &str) {
    let request = json!({"name": "credit-risk", "version": version, "stage": stage});
    mlflow(app, "model-versions/transition-stage", request).await;
}

#[actix_web::test]
async fn a_test_against_a_version_that_has_left_production() {
    let app = app().await;
    promote_first(&app).await;
    for version in ["2", "3"] {
        register(&app, "credit-risk").await;
        let path = format!("credit-risk/{version}");
        evaluate(&app, &path).await;
        transition(&app, "credit-risk", version, "Staging").await;
        approve(&app, &path).await;
        win(&app, &path, 1).await;
    }
    // The second came to Staging and archived the first that was there.
    transition_only(&app, "2", "Staging").await;
    transition(&app, "credit-risk", "2", "Production")
        .await
        .ok();
    transition_only(&app, "3", "Staging").await;
    let refused = transition(&app, "credit-risk", "3", "Production").await;
    assert_eq!(missing(&refused), ["ab_test"]);
}

#[actix_web::test]
async fn tags_edited_after_an_approval() {
    let app = app().await;
    register(&app, "credit-risk").await;
    evaluate(&app, "credit-risk/1").await;
    transition(&app, "credit-risk", "1", "Staging").await.ok();
    approve(&app, "credit-risk/1").await;
    let set = |value: &str| {
        let request = json!({
            "name": "credit-risk", "version": "1", "key": "algorithm", "value": value
        });
        try_mlflow(&app, "model-versions/set-tag", request)
    };
    set("other").await.ok();
    let refused = transition(&app, "credit-risk", "1", "Production").await;
    assert_eq!(missing(&refused), ["approvals"]);
    assert!(
        refused
            .error()
            .contains("the tags of the version were changed since")
    );
    set("gbm").await.ok();
    transition(&app, "credit-risk", "1", "Production")
        .await
        .ok();
}

#[actix_web::test]
async fn evidence_that_came_by_tags_stays() {
    let app = app().await;
    register(&app, "credit-risk").await;
    let tag = |value: &str| {
        json!({
            "name": "credit-risk", "version": "1",
            "key": "flowkeep.evaluation.responsible_ai", "value": value,
        })
    };
    let set = "model-versions/set-tag";
    mlflow(&app, set, tag(r#"{"verdict": "failed"}"#)).await;
    let path = "/api/2.0/mlflow/model-versions/delete-tag";
    let refused = app.delete(path, tag("")).await;
    assert!(refused.error().starts_with("403 PERMISSION_DENIED"));
    let refused = transition(&app, "credit-risk", "1", "Staging").await;
    assert_eq!(missing(&refused), ["evaluation:responsible_ai"]);
    for wrong in [
        "",
        "passed",
        r#"{"verdict": "fine"}"#,
        r#"{"verdict": "passed", "x": 1}"#,
    ] {
        let refused = try_mlflow(&app, set, tag(wrong)).await.error();
        assert!(
            refused.starts_with("400 INVALID_PARAMETER_VALUE"),
            "{refused}"
        );
    }
    mlflow(&app, set, tag(r#"{"verdict": "passed"}"#)).await;
    transition(&app, "credit-risk", "1", "Staging").await.ok();
    let kept = app
        .get(&format!("{OURS}/model-versions/credit-risk/1/evidence"))
        .await
        .ok();
    let verdicts: Vec<_> = kept["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|evidence| evidence["body"]["verdict"].clone())
        .collect();
    assert_eq!(verdicts, ["failed", "passed"]);
}

#[actix_web::test]
async fn evidence_for_another_version_or_a_copy() {
    let app = app().await;
    let request = json!({
        "name": "credit-risk", "source": "s3://bucket/model",
        "tags": [
            {"key": "algorithm", "value": "gbm"},
            {"key": "flowkeep.evaluation.responsible_ai", "value": r#"{"verdict": "passed"}"#},
        ],
    });
    mlflow(&app, "model-versions/create", request.clone()).await;
    register(&app, "credit-risk").await;
    let refused = transition(&app, "credit-risk", "2", "Staging").await;
    assert_eq!(missing(&refused), ["evaluation:responsible_ai"]);
    // A client that copies a version sends its tags along.
    let mut copy = request;
    copy["source"] = "models:/credit-risk/1".into();
    let copied = mlflow(&app, "model-versions/create", copy).await;
    assert_eq!(copied["model_version"]["tags"].as_array().unwrap().len(), 1);
    let refused = transition(&app, "credit-risk", "3", "Staging").await;
    assert_eq!(missing(&refused), ["evaluation:responsible_ai"]);
    transition(&app, "credit-risk", "1", "Staging").await.ok();
}

#[actix_web::test]
async fn authors_do_not_approve_their_own() {
    let app = app().await;
    let run = json!({"experiment_id": "0", "user_id": "bob"});
    let run = mlflow(&app, "runs/create", run).await;
    let info = &run["run"]["info"];
    let request = json!({
        "name": "credit-risk",
        "source": info["artifact_uri"], "run_id": info["run_id"],
        "tags": [{"key": "algorithm", "value": "gbm"}],
    });
    mlflow(&app, "model-versions/create", request).await;
    evaluate(&app, "credit-risk/1").await;
    transition(&app, "credit-risk", "1", "Staging").await.ok();
    approve(&app, "credit-risk/1").await;
    let refused = transition(&app, "credit-risk", "1", "Production").await;
    assert_eq!(missing(&refused), ["approvals"]);
    let nameless = give(&app, "credit-risk/1", "approvals", json!({})).await;
    assert!(nameless.error().starts_with("400 INVALID_PARAMETER_VALUE"));
    give(&app, "credit-risk/1", "approvals", json!({"by": "carol"}))
        .await
        .ok();
    transition(&app, "credit-risk", "1", "Production")
        .await
        .ok();
}

#[actix_web::test]
async fn versions_that_are_archived_along_pass_their_gate_too() {
    let app = TestApp::new().await;
    let gate = "  aliases:\n    champion: {same_as: Production}\n";
    let policy = POLICY.replace(gate, "    Archived: {approvals: {count: 2}}\n");
    assert_ne!(policy, POLICY);
    apply(&app, &policy).await;
    model(&app, "credit-risk").await;
    for version in ["1", "2"] {
        register(&app, "credit-risk").await;
        evaluate(&app, &format!("credit-risk/{version}")).await;
    }
    transition(&app, "credit-risk", "1", "Staging").await.ok();
    let refused = transition(&app, "credit-risk", "2", "Staging").await;
    assert_eq!(missing(&refused), ["approvals"]);
    assert_eq!(stage(&app, "credit-risk", "1").await, "Staging");
    assert_eq!(stage(&app, "credit-risk", "2").await, "None");
}

/// It changes nothing, and must not make another model of it.
#[actix_web::test]
async fn a_rename_to_the_same_name_loses_no_evidence() {
    let app = app().await;
    let version = register(&app, "credit-risk").await;
    evaluate(&app, &format!("credit-risk/{version}")).await;
    let request = rename("credit-risk", "credit-risk");
    mlflow(&app, "registered-models/rename", request).await;
    let reply = transition(&app, "credit-risk", &version, "Staging").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}
