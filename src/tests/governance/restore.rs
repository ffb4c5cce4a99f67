use diesel::RunQueryDsl;
use insta::assert_snapshot;
use serde_json::json;

use super::{
    OURS, POLICY, apply, archive, evaluate, give, history, lines, missing, mlflow, model, register,
    stage, transition, version,
};
use crate::tests::TestApp;
use crate::tests::harness::Reply;

async fn restore(app: &TestApp, version: &str) -> Reply {
    let path = format!("{OURS}/model-versions/{version}/restore");
    app.post(&path, json!({})).await
}

#[actix_web::test]
async fn a_version_goes_back_to_where_it_was() {
    let app = TestApp::new().await;
    model(&app, "churn").await;
    version(&app, "churn").await;
    transition(&app, "churn", "1", "Staging").await.ok();
    // To archive it once more makes no difference.
    for _ in 0..2 {
        archive(&app, "churn", "1").await;
    }
    let reply = restore(&app, "churn/1").await.ok();
    assert_eq!(reply["model_version"]["current_stage"], "Staging");
    assert_eq!(stage(&app, "churn", "1").await, "Staging");
    let request = json!({"name": "churn", "version": "1", "stage": "None"});
    mlflow(&app, "model-versions/transition-stage", request).await;
    archive(&app, "churn", "1").await;
    restore(&app, "churn/1").await.ok();
    assert_eq!(stage(&app, "churn", "1").await, "None");
    assert_snapshot!(lines(&app, "model=churn&version=1").await, @r#"
    done version.created churn 1 {"source":"s3://bucket/model","run_id":"","model_id":null,"description":"","tags":{}}
    done version.transitioned churn 1 {"stage":"None"} {"stage":"Staging"}
    done version.transitioned churn 1 {"stage":"Staging"} {"stage":"Archived"}
    done version.transitioned churn 1 {"stage":"Archived"} {"stage":"Archived"}
    done version.restored churn 1 {"stage":"Archived"} {"stage":"Staging"}
    done version.transitioned churn 1 {"stage":"Staging"} {"stage":"None"}
    done version.transitioned churn 1 {"stage":"None"} {"stage":"Archived"}
    done version.restored churn 1 {"stage":"Archived"} {"stage":"None"}
    "#);
    let at = chrono::Utc::now().timestamp_millis() + 1_000;
    let path = format!("{OURS}/as-of?model=churn&at={at}");
    assert_eq!(app.get(&path).await.ok()["versions"][0]["stage"], "None");
}

#[actix_web::test]
async fn it_passes_the_gate_of_its_stage_anew() {
    let app = TestApp::new().await;
    apply(&app, POLICY).await;
    model(&app, "credit-risk").await;
    register(&app, "credit-risk").await;
    evaluate(&app, "credit-risk/1").await;
    transition(&app, "credit-risk", "1", "Staging").await.ok();
    archive(&app, "credit-risk", "1").await;
    let failed = json!({"kind": "responsible_ai", "verdict": "failed"});
    give(&app, "credit-risk/1", "evaluations", failed)
        .await
        .ok();
    let refused = restore(&app, "credit-risk/1").await;
    assert_eq!(missing(&refused), ["evaluation:responsible_ai"]);
    assert_eq!(stage(&app, "credit-risk", "1").await, "Archived");
    let last = history(&app, "model=credit-risk").await.pop().unwrap();
    assert_eq!(last["action"], "version.restored");
    assert_eq!(last["outcome"], "refused");
    evaluate(&app, "credit-risk/1").await;
    restore(&app, "credit-risk/1").await.ok();
    // The limit holds for it too.
    archive(&app, "credit-risk", "1").await;
    let limited = format!("{}  versions: {{max_active: 1}}\n", POLICY.trim_start());
    apply(&app, &limited).await;
    register(&app, "credit-risk").await;
    assert_eq!(
        missing(&restore(&app, "credit-risk/1").await),
        ["max_active"]
    );
    archive(&app, "credit-risk", "2").await;
    restore(&app, "credit-risk/1").await.ok();
}

#[actix_web::test]
async fn what_cannot_be_restored_is_said() {
    let app = TestApp::new().await;
    model(&app, "churn").await;
    version(&app, "churn").await;
    assert_snapshot!(
        restore(&app, "churn/1").await.error(),
        @"400 INVALID_PARAMETER_VALUE: Version 1 of model 'churn' is in None. Only an archived version can be restored."
    );
    for (version, status) in [("churn/2", 404), ("leavers/1", 404), ("churn/first", 400)] {
        assert_eq!(restore(&app, version).await.status, status, "{version}");
    }
    // Stock MLflow archives it: what history says last is not where it came from.
    archive(&app, "churn", "1").await;
    restore(&app, "churn/1").await.ok();
    app.state()
        .store
        .write(|db| {
            diesel::sql_query("UPDATE model_versions SET current_stage = 'Archived'")
                .execute(db)?;
            Ok(())
        })
        .await
        .unwrap();
    assert_snapshot!(
        restore(&app, "churn/1").await.error(),
        @"400 INVALID_PARAMETER_VALUE: The history does not say which stage version 1 of model 'churn' was archived from: it was not archived through this server. Transition it to the stage that it is to have."
    );
}
