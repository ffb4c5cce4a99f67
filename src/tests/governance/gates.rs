use insta::assert_snapshot;
use serde_json::json;

use super::{
    OURS, POLICY, apply, approve, evaluate, history, missing, mlflow, model, promote_first,
    register, stage, transition, try_mlflow, version, win,
};
use crate::tests::TestApp;

async fn app() -> TestApp {
    let app = TestApp::new().await;
    apply(&app, POLICY).await;
    model(&app, "credit-risk").await;
    app
}

#[actix_web::test]
async fn a_version_carries_what_registration_asks_for() {
    let app = app().await;
    let request = json!({"name": "credit-risk", "source": "s3://bucket/model"});
    let refused = try_mlflow(&app, "model-versions/create", request).await;
    assert_eq!(missing(&refused), ["tag:algorithm"]);
    assert_eq!(register(&app, "credit-risk").await, "1");
    let outcomes: Vec<_> = history(&app, "model=credit-risk&version=1")
        .await
        .iter()
        .map(|entry| (entry["outcome"].clone(), entry["report"]["allowed"].clone()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (json!("refused"), json!(false)),
            (json!("done"), json!(true))
        ]
    );
}

#[actix_web::test]
async fn stages_open_once_the_evidence_is_there() {
    let app = app().await;
    register(&app, "credit-risk").await;
    let to = |to: &'static str| transition(&app, "credit-risk", "1", to);
    assert_eq!(missing(&to("Staging").await), ["evaluation:responsible_ai"]);
    let failed = json!({"kind": "responsible_ai", "verdict": "failed"});
    super::give(&app, "credit-risk/1", "evaluations", failed)
        .await
        .ok();
    assert_eq!(missing(&to("Staging").await), ["evaluation:responsible_ai"]);
    evaluate(&app, "credit-risk/1").await;
    assert_eq!(missing(&to("Production").await), ["from", "approvals"]);
    to("Staging").await.ok();
    assert_eq!(missing(&to("Production").await), ["approvals"]);
    approve(&app, "credit-risk/1").await;
    to("Production").await.ok();
    assert_eq!(stage(&app, "credit-risk", "1").await, "Production");
    let last = history(&app, "model=credit-risk").await.pop().unwrap();
    assert_eq!(last["policy"], "credit");
    let evidence: Vec<_> = last["report"]["requirements"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|requirement| requirement["evidence"].is_array())
        .map(|requirement| requirement["id"].clone())
        .collect();
    assert_eq!(evidence, ["evaluation:responsible_ai", "approvals"]);
}

#[actix_web::test]
async fn production_is_won_in_a_test_against_what_is_there() {
    let app = app().await;
    promote_first(&app).await;
    register(&app, "credit-risk").await;
    evaluate(&app, "credit-risk/2").await;
    transition(&app, "credit-risk", "2", "Staging").await.ok();
    approve(&app, "credit-risk/2").await;
    let promote = || transition(&app, "credit-risk", "2", "Production");
    assert_eq!(missing(&promote().await), ["ab_test"]);
    let lost = json!({
        "metric": "conversion",
        "baseline": {"version": 1, "samples": 5000, "successes": 400},
        "candidate": {"samples": 5000, "successes": 401},
    });
    super::give(&app, "credit-risk/2", "ab-tests", lost)
        .await
        .ok();
    assert_eq!(missing(&promote().await), ["ab_test"]);
    win(&app, "credit-risk/2", 1).await;
    promote().await.ok();
    assert_eq!(stage(&app, "credit-risk", "1").await, "Archived");
    assert_eq!(stage(&app, "credit-risk", "2").await, "Production");
}

#[actix_web::test]
async fn a_check_changes_nothing_and_says_the_same() {
    let app = app().await;
    register(&app, "credit-risk").await;
    let before = history(&app, "").await.len();
    let path = format!("{OURS}/model-versions/credit-risk/1/check");
    let report = app.post(&path, json!({"stage": "staging"})).await.ok();
    assert_eq!(report["allowed"], false);
    assert_eq!(report["policy"], "credit");
    let ids: Vec<_> = report["requirements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|requirement| (&requirement["id"], &requirement["met"]))
        .collect();
    assert_eq!(
        ids,
        [
            (&json!("tag:algorithm"), &json!(true)),
            (&json!("evaluation:responsible_ai"), &json!(false))
        ]
    );
    assert_eq!(stage(&app, "credit-risk", "1").await, "None");
    assert_eq!(history(&app, "").await.len(), before);
    for (body, allowed) in [
        (json!({"registration": true}), true),
        (json!({"alias": "champion"}), false),
        (json!({"alias": "other"}), true),
        (json!({"stage": "Archived"}), true),
    ] {
        assert_eq!(app.post(&path, body).await.ok()["allowed"], allowed);
    }
    for body in [
        json!({}),
        json!({"stage": "Live"}),
        json!({"stage": "Staging", "alias": "a"}),
        json!({"target": "Staging"}),
        json!(5),
    ] {
        let error = app.post(&path, body).await.error();
        assert!(error.starts_with("400 INVALID_PARAMETER_VALUE"), "{error}");
    }
    let other = format!("{OURS}/model-versions/credit-risk/9/check");
    let error = app.post(&other, json!({"stage": "Staging"})).await.error();
    assert!(error.starts_with("404 RESOURCE_DOES_NOT_EXIST"), "{error}");
}

#[actix_web::test]
async fn gates_say_what_each_stage_and_alias_still_needs() {
    let app = app().await;
    register(&app, "credit-risk").await;
    evaluate(&app, "credit-risk/1").await;
    let path = format!("{OURS}/model-versions/credit-risk/1/gates");
    let gates = app.get(&path).await.ok();
    assert_eq!(gates["registration"]["allowed"], true);
    assert_eq!(gates["stages"]["Staging"]["allowed"], true);
    assert_eq!(gates["stages"]["Production"]["allowed"], false);
    assert_eq!(gates["aliases"]["champion"]["allowed"], false);
    // Names may hold what means something in addresses.
    model(&app, "100% a+b").await;
    version(&app, "100% a+b").await;
    let path = format!("{OURS}/model-versions/100%25%20a%2Bb/1/gates");
    assert_eq!(app.get(&path).await.ok()["policy"], json!(null));
}

#[actix_web::test]
async fn a_policy_that_warns_lets_through_and_tells() {
    let app = TestApp::new().await;
    let warning = POLICY.replace("spec:", "spec:\n  enforcement: warn");
    apply(&app, &warning).await;
    model(&app, "credit-risk").await;
    register(&app, "credit-risk").await;
    let done = transition(&app, "credit-risk", "1", "Staging").await;
    done.ok();
    let header = done.headers.get("Flowkeep-Warning").unwrap();
    assert!(
        header
            .to_str()
            .unwrap()
            .contains("evaluation:responsible_ai")
    );
    let last = history(&app, "model=credit-risk").await.pop().unwrap();
    assert_eq!(last["outcome"], "warned");
    assert_eq!(last["report"]["allowed"], false);
}

#[actix_web::test]
async fn an_edit_takes_nothing_away_that_a_version_was_let_in_for() {
    let app = app().await;
    register(&app, "credit-risk").await;
    let tag = json!({"name": "credit-risk", "version": "1", "key": "algorithm"});
    let path = "/api/2.0/mlflow/model-versions/delete-tag";
    assert_eq!(
        missing(&app.delete(path, tag.clone()).await),
        ["tag:algorithm"]
    );
    let mut emptied = tag;
    emptied["value"] = "".into();
    let refused = try_mlflow(&app, "model-versions/set-tag", emptied.clone()).await;
    assert_eq!(missing(&refused), ["tag:algorithm"]);
    emptied["value"] = "forest".into();
    mlflow(&app, "model-versions/set-tag", emptied).await;
}

#[actix_web::test]
async fn signatures_are_read_where_a_policy_asks_for_one() {
    let app = TestApp::new().await;
    let policy = POLICY.replace(
        "{tags: [algorithm]}",
        "{tags: [algorithm], signature: true}",
    );
    apply(&app, &policy).await;
    model(&app, "credit-risk").await;
    for (folder, file, allowed) in [
        ("with", Some("signature: {inputs: '[]'}\n"), true),
        ("without", Some("artifact_path: model\n"), false),
        ("empty", None, false),
    ] {
        let request =
            json!({"name": folder, "artifact_location": format!("mlflow-artifacts:/{folder}")});
        let created = mlflow(&app, "experiments/create", request).await;
        let run = mlflow(
            &app,
            "runs/create",
            json!({"experiment_id": created["experiment_id"]}),
        )
        .await;
        let info = &run["run"]["info"];
        let source = format!("{}/model", info["artifact_uri"].as_str().unwrap());
        if let Some(file) = file {
            let place = source.strip_prefix("mlflow-artifacts:/").unwrap();
            let path = format!("/api/2.0/mlflow-artifacts/artifacts/{place}/MLmodel");
            assert_eq!(app.put_text(&path, file).await.status, 200);
        }
        let request = json!({
            "name": "credit-risk", "source": source, "run_id": info["run_id"],
            "tags": [{"key": "algorithm", "value": "gbm"}],
        });
        let reply = try_mlflow(&app, "model-versions/create", request).await;
        if allowed {
            reply.ok();
        } else {
            assert_eq!(missing(&reply), ["signature"], "{folder}");
        }
    }
}

/// A notification shows little of a refusal, and a notebook prints it last.
#[actix_web::test]
async fn a_refusal_begins_with_the_essential_and_ends_with_a_page_that_is_there() {
    let app = app().await;
    let request = json!({"name": "credit-risk", "source": "s3://bucket/model"});
    let refused = try_mlflow(&app, "model-versions/create", request).await;
    assert_snapshot!(refused.error(), @r#"
    403 PERMISSION_DENIED: 1 requirement of policy 'credit' is not met: tag:algorithm. A version of model 'credit-risk' cannot be registered:
    - tag:algorithm: there is no tag 'algorithm' on the version, its logged model or its run. Register it with tags={"algorithm": "…"}, or set the tag on its run first.
    Read more: /api/1.0/flowkeep/policies?name=credit on this server, or `flowkeep policy show credit`.
    "#);
    let name = "credit-ö risk? 100%";
    model(&app, name).await;
    register(&app, name).await;
    let refused_again = transition(&app, name, "1", "Production").await;
    let first = "403 PERMISSION_DENIED: 3 of 5 requirements of policy 'credit' are not met: from, \
                 evaluation:responsible_ai, approvals. Version 1 of model 'credit-ö risk? 100%' cannot enter Production:";
    assert_eq!(refused_again.error().lines().next(), Some(first));
    for reply in [refused, refused_again] {
        let error = reply.error();
        let end = error.lines().last().unwrap();
        let page = end.split(' ').nth(2).unwrap();
        app.get(page).await.ok();
    }
}
