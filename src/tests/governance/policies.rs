use serde_json::{Value, json};

use super::{OURS, POLICY, apply, history, model, register, transition};
use crate::tests::TestApp;

const PATH: &str = "/api/1.0/flowkeep/policies";

#[actix_web::test]
async fn policies_are_applied_shown_and_deleted() {
    let app = TestApp::new().await;
    assert_eq!(app.get(PATH).await.ok(), json!({"policies": []}));
    let applied = app.put_text(PATH, POLICY).await.ok();
    let first = applied["policies"][0].clone();
    assert_eq!(
        (&first["name"], &first["changed"]),
        (&json!("credit"), &json!(true))
    );
    let again = app.put_text(PATH, POLICY).await.ok();
    assert_eq!(again["policies"][0]["changed"], false);
    let shown = app.get(PATH).await.ok();
    assert_eq!(shown["policies"][0]["text"], POLICY);
    let other = POLICY.replace("count: 1", "count: 2");
    let replaced = app.put_text(PATH, &other).await.ok();
    assert_eq!(replaced["policies"][0]["replaced"], first["hash"]);
    // What was in force once can still be read.
    let hash = first["hash"].as_str().unwrap();
    let old = app.get(&format!("{PATH}?hash={hash}")).await.ok();
    assert_eq!(old["policy"]["text"], POLICY);
    app.delete(&format!("{PATH}?name=credit"), Value::Null)
        .await
        .ok();
    for path in [format!("{PATH}?name=credit"), format!("{PATH}?hash=0")] {
        let error = app.get(&path).await.error();
        assert!(error.starts_with("404 RESOURCE_DOES_NOT_EXIST"), "{error}");
    }
    let gone = app
        .delete(&format!("{PATH}?name=credit"), Value::Null)
        .await;
    assert!(gone.error().starts_with("404 RESOURCE_DOES_NOT_EXIST"));
    let actions: Vec<_> = history(&app, "")
        .await
        .iter()
        .map(|entry| entry["action"].clone())
        .collect();
    assert_eq!(
        actions,
        ["policy.applied", "policy.applied", "policy.deleted"]
    );
}

#[actix_web::test]
async fn wrong_policies_are_refused_and_change_nothing() {
    let app = TestApp::new().await;
    apply(&app, POLICY).await;
    let tie = POLICY.replace("name: credit", "name: other");
    let unknown = POLICY.replace("approvals:", "aprovals:");
    let both = format!("{}\n---\n{unknown}", POLICY.replace("count: 1", "count: 3"));
    for text in [
        "",
        "- 1",
        "{",
        tie.as_str(),
        unknown.as_str(),
        both.as_str(),
    ] {
        let error = app.put_text(PATH, text).await.error();
        assert!(
            error.starts_with("400 INVALID_PARAMETER_VALUE: The policy is refused: "),
            "{error}"
        );
    }
    let shown = app.get(PATH).await.ok();
    assert_eq!(shown["policies"].as_array().unwrap().len(), 1);
    assert_eq!(shown["policies"][0]["text"], POLICY);
}

#[actix_web::test]
async fn a_policy_holds_from_the_moment_it_is_applied() {
    let app = TestApp::new().await;
    model(&app, "credit-risk").await;
    register(&app, "credit-risk").await;
    transition(&app, "credit-risk", "1", "Staging").await.ok();
    apply(&app, POLICY).await;
    // What is there stays, and goes nowhere else.
    assert_eq!(
        transition(&app, "credit-risk", "1", "Production")
            .await
            .status,
        403
    );
    transition(&app, "credit-risk", "1", "Staging").await.ok();
    app.delete(&format!("{OURS}/policies?name=credit"), Value::Null)
        .await
        .ok();
    transition(&app, "credit-risk", "1", "Production")
        .await
        .ok();
}

#[actix_web::test]
async fn cases_are_tried_on_what_is_in_force_or_on_what_is_sent() {
    const TEST: &str = "/api/1.0/flowkeep/policies/test";
    const CASES: &str = r"
cases:
  - name: a version without its algorithm
    to: registration
    model: {name: credit-risk}
    version: {source: 's3://bucket/model'}
    expect: {refuse: ['tag:algorithm']}
";
    let app = TestApp::new().await;
    let found = |reply: &Value| {
        (
            reply["passed"].clone(),
            reply["results"][0]["found"].clone(),
        )
    };
    let cases = json!({"cases": CASES});
    // No policy asks for anything.
    let reply = app.post(TEST, cases.clone()).await.ok();
    assert_eq!(found(&reply), (json!(false), json!([])));
    apply(&app, POLICY).await;
    let reply = app.post(TEST, cases).await.ok();
    assert_eq!(found(&reply), (json!(true), json!(["tag:algorithm"])));
    let other = POLICY.replace("tags: [algorithm]", "tags: [owner]");
    let sent = json!({"cases": CASES, "policies": other});
    let reply = app.post(TEST, sent).await.ok();
    assert_eq!(found(&reply), (json!(false), json!(["tag:owner"])));

    for body in [
        json!({}),
        json!({"cases": "cases: 5"}),
        json!({"cases": CASES, "policies": "- 1"}),
        json!({"cases": CASES, "colour": "red"}),
    ] {
        let error = app.post(TEST, body).await.error();
        assert!(error.starts_with("400 INVALID_PARAMETER_VALUE"), "{error}");
    }
}
