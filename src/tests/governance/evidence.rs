use actix_web::test::TestRequest;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::{OURS, give, model, version};
use crate::tests::TestApp;

async fn app() -> TestApp {
    let app = TestApp::new().await;
    model(&app, "churn").await;
    version(&app, "churn").await;
    app
}

#[actix_web::test]
async fn evidence_is_kept_and_read_back() {
    let app = app().await;
    let evaluation = json!({
        "kind": "bias", "verdict": "passed", "metrics": {"gap": 0.01},
        "report_uri": "https://example.org/report", "evaluator": "nightly",
    });
    give(&app, "churn/1", "evaluations", evaluation).await.ok();
    let test = json!({
        "metric": "revenue",
        "baseline": {"samples": 100, "mean": 1.0, "variance": 0.5},
        "candidate": {"samples": 100, "mean": 1.5, "variance": 0.5},
    });
    give(&app, "churn/1", "ab-tests", test).await.ok();
    let approval = TestRequest::post()
        .uri(&format!("{OURS}/model-versions/churn/1/approvals"))
        // alice:secret
        .insert_header(("Authorization", "Basic YWxpY2U6c2VjcmV0"))
        .set_json(json!({"stage": "Production"}));
    app.send(approval).await.ok();
    let path = format!("{OURS}/model-versions/churn/1/evidence");
    let mut kept = app.get(&path).await.ok();
    for evidence in kept["evidence"].as_array_mut().unwrap() {
        assert!(evidence["recorded_at_ms"].take().is_i64());
    }
    assert_json_snapshot!(kept["evidence"][0], @r#"
    {
      "id": 1,
      "kind": "evaluation",
      "recorded_at_ms": null,
      "actor": {
        "name": "anonymous",
        "authenticated": false,
        "claimed": null
      },
      "body": {
        "kind": "bias",
        "verdict": "passed",
        "metrics": {
          "gap": 0.01
        },
        "report_uri": "https://example.org/report",
        "evaluator": "nightly"
      },
      "source": "s3://bucket/model",
      "content_digest": null,
      "counts": true
    }
    "#);
    assert_eq!(kept["evidence"][1]["body"]["baseline"]["mean"], 1.0);
    assert_eq!(
        kept["evidence"][2]["body"],
        json!({"by": "alice", "stage": "Production"})
    );
    let first = app.get(&format!("{path}?max_results=2")).await.ok();
    let token = first["next_page_token"].as_str().unwrap();
    let second = app.get(&format!("{path}?page_token={token}")).await.ok();
    assert_eq!(second["evidence"].as_array().unwrap().len(), 1);
    assert_eq!(second["next_page_token"], Value::Null);
}

#[actix_web::test]
async fn half_evidence_is_refused() {
    let app = app().await;
    let figures = json!({"samples": 100, "successes": 10});
    for (kind, body) in [
        ("evaluations", json!({})),
        ("evaluations", json!({"verdict": "passed"})),
        ("evaluations", json!({"kind": "bias", "verdict": "perfect"})),
        (
            "evaluations",
            json!({"kind": "bias", "verdict": "passed", "passed": true}),
        ),
        ("ab-tests", json!({"metric": "m", "verdict": "passed"})),
        (
            "ab-tests",
            json!({"metric": "m", "baseline": figures, "candidate": {"samples": 5, "successes": 6}}),
        ),
        (
            "ab-tests",
            json!({"metric": "m", "baseline": figures, "candidate": {"samples": -5, "successes": 1}}),
        ),
        (
            "approvals",
            json!({"by": "bob", "stage": "Production", "alias": "champion"}),
        ),
        ("approvals", json!({"by": "bob", "stage": "Live"})),
        ("approvals", json!([])),
    ] {
        let error = give(&app, "churn/1", kind, body.clone()).await.error();
        assert!(
            error.starts_with("400 INVALID_PARAMETER_VALUE"),
            "{body} {error}"
        );
    }
    let body = json!({"kind": "bias", "verdict": "passed"});
    for version in ["churn/2", "nobody/1"] {
        let error = give(&app, version, "evaluations", body.clone())
            .await
            .error();
        assert!(error.starts_with("404 RESOURCE_DOES_NOT_EXIST"), "{error}");
    }
    let error = give(&app, "churn/one", "evaluations", body).await.error();
    assert!(error.starts_with("400 INVALID_PARAMETER_VALUE"), "{error}");
    let path = format!("{OURS}/model-versions/churn/1/evidence");
    assert_eq!(app.get(&path).await.ok()["evidence"], json!([]));
}
