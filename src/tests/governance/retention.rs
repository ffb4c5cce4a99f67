//! Versions that are kept, as a client sees them, and what goes when their time has passed.

use actix_web::test::TestRequest;
use chrono::Utc;
use serde_json::{Value, json};

use super::{OURS, apply, lines, mlflow, model, transition, try_mlflow, version};
use crate::audit::Actor;
use crate::clock::Clock;
use crate::lifecycle::gc::{self, GcLine, GcOutcome, GcSelection};
use crate::tests::TestApp;
use crate::tests::harness::Reply;

/// 2018: seven years later has passed for the clock of every database.
const LONG_AGO: i64 = 1_514_764_800_000;

const KEEP: &str = "
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: keep}
spec:
  models: {names: [\"credit-*\"]}
  retention: {archived: 7y}
";

struct Kept {
    app: TestApp,
    clock: Clock,
    run: String,
    /// Where the artifacts of the version are, behind the proxy.
    folder: String,
}

impl Kept {
    /// A server in 2018 with a version that has bytes, and is not archived yet.
    async fn new() -> Self {
        let clock = Clock::standing_at(LONG_AGO);
        let same = clock.clone();
        let app = TestApp::with_settings(move |settings| settings.clock = same).await;
        apply(&app, KEEP).await;
        let run = mlflow(&app, "runs/create", json!({"experiment_id": "0"})).await;
        let info = &run["run"]["info"];
        let run = info["run_id"].as_str().unwrap().to_owned();
        let uri = info["artifact_uri"].as_str().unwrap();
        let below = uri.strip_prefix("mlflow-artifacts:/").unwrap();
        let folder = format!("/api/2.0/mlflow-artifacts/artifacts/{below}/model");
        let kept = Self {
            app,
            clock,
            run,
            folder,
        };
        assert_eq!(kept.put("weights", "first").await.status, 200);
        model(&kept.app, "credit-risk").await;
        let request = json!({
            "name": "credit-risk", "source": format!("{uri}/model"), "run_id": kept.run,
        });
        mlflow(&kept.app, "model-versions/create", request).await;
        kept
    }

    async fn archived() -> Self {
        let kept = Self::new().await;
        let request = json!({"name": "credit-risk", "version": "1", "stage": "Archived"});
        mlflow(&kept.app, "model-versions/transition-stage", request).await;
        kept
    }

    async fn put(&self, file: &str, bytes: &str) -> Reply {
        let path = format!("{}/{file}", self.folder);
        let request = TestRequest::put().uri(&path).set_payload(bytes.to_owned());
        self.app.send(request).await
    }

    async fn remove(&self, path: &str) -> Reply {
        self.app.send(TestRequest::delete().uri(path)).await
    }

    async fn delete_version(&self) -> Reply {
        let path = "/api/2.0/mlflow/model-versions/delete";
        let request = json!({"name": "credit-risk", "version": "1"});
        self.app.delete(path, request).await
    }

    async fn delete_run(&self) -> Reply {
        try_mlflow(&self.app, "runs/delete", json!({"run_id": self.run})).await
    }

    async fn report(&self) -> Vec<Value> {
        let reply = self.app.get(&format!("{OURS}/retention")).await.ok();
        reply["versions"].as_array().unwrap().clone()
    }

    async fn collect(&self, dry_run: bool) -> Vec<GcLine> {
        let mut lines = Vec::new();
        // Runs are deleted by the clock of the machine, which goes on.
        self.clock.set_to(Utc::now().timestamp_millis() + 1);
        let tell = |line| lines.push(line);
        gc::collect(
            self.app.state().resources(),
            &Actor::default(),
            GcSelection::default(),
            dry_run,
            tell,
        )
        .await
        .unwrap();
        lines
    }
}

#[track_caller]
fn denied(reply: &Reply) -> String {
    let error = reply.error();
    assert!(error.starts_with("403 PERMISSION_DENIED"), "{error}");
    error
}

#[actix_web::test]
async fn seven_years_pass() {
    let kept = Kept::archived().await;
    let app = &kept.app;
    let until = "version 1 of model 'credit-risk' is kept until 2025-01-01T00:00:00Z.";
    for reply in [
        kept.delete_version().await,
        kept.delete_run().await,
        app.delete(
            "/api/2.0/mlflow/registered-models/delete",
            json!({"name": "credit-risk"}),
        )
        .await,
        try_mlflow(app, "experiments/delete", json!({"experiment_id": "0"})).await,
    ] {
        assert!(denied(&reply).ends_with(until), "{}", reply.error());
    }
    denied(&kept.put("weights", "second").await);
    denied(&kept.put("another", "file").await);
    let below = kept.folder.strip_suffix("/model").unwrap();
    denied(&kept.remove(below).await);
    denied(&kept.remove(&format!("{}/weights", kept.folder)).await);
    let report = kept.report().await;
    assert_eq!(report.len(), 1);
    assert_eq!(report[0]["may_go"], false);
    assert_eq!(report[0]["keep_until_ms"], 1_735_689_600_000_i64);
    assert_eq!(report[0]["run_id"], kept.run.as_str());
    assert_eq!(report[0]["experiment_ids"], json!(["0"]));

    kept.clock.set_to(Utc::now().timestamp_millis());
    assert_eq!(kept.report().await[0]["may_go"], true);
    // It may go, and is there as long as nobody deletes it.
    denied(&kept.put("weights", "second").await);
    kept.delete_version().await.ok();
    assert!(kept.report().await.is_empty());
    kept.delete_run().await.ok();

    let run = format!("Run with ID {}", kept.run);
    let line = |outcome| GcLine {
        what: run.clone(),
        outcome,
        note: None,
    };
    assert_eq!(kept.collect(true).await, [line(GcOutcome::WouldGo)]);
    assert_eq!(kept.collect(false).await, [line(GcOutcome::Removed)]);
    assert!(kept.collect(false).await.is_empty());
    let gone = app
        .get(&format!("/api/2.0/mlflow/runs/get?run_id={}", kept.run))
        .await;
    assert_eq!(gone.status, 404);
    assert_eq!(
        app.get(&format!("{}/weights", kept.folder)).await.status,
        404
    );
    let history = lines(app, "").await;
    let removed = history.lines().last().unwrap();
    assert!(removed.starts_with("done run.removed"), "{removed}");
    // What `printf first | sha256sum` prints.
    let digest = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e";
    assert!(
        removed.contains("\"path\":\"model/weights\"") && removed.contains(digest),
        "{removed}"
    );
}

#[actix_web::test]
async fn garbage_collection_leaves_what_is_kept() {
    let kept = Kept::new().await;
    // Deleted before its version was archived: nothing was in the way then.
    kept.delete_run().await.ok();
    let request = json!({"name": "credit-risk", "version": "1", "stage": "Archived"});
    mlflow(&kept.app, "model-versions/transition-stage", request).await;
    let other = mlflow(&kept.app, "runs/create", json!({"experiment_id": "0"})).await;
    let other = other["run"]["info"]["run_id"].clone();
    mlflow(&kept.app, "runs/delete", json!({"run_id": other})).await;
    for dry_run in [true, false] {
        let lines = kept.collect(dry_run).await;
        assert_eq!(lines.len(), 2, "{lines:?}");
        for line in lines {
            let is_kept =
                matches!(&line.outcome, GcOutcome::Kept(why) if why.contains("credit-risk"));
            assert_eq!(is_kept, line.what.ends_with(&kept.run), "{line:?}");
        }
    }
    let file = kept.app.get(&format!("{}/weights", kept.folder)).await;
    assert_eq!(file.text(), "first");
    kept.delete_version().await.ok();
    let lines = kept.collect(false).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].outcome, GcOutcome::Removed);
}

#[actix_web::test]
async fn experiments_go_with_all_that_is_in_them() {
    let kept = Kept::new().await;
    let app = &kept.app;
    let made = mlflow(app, "experiments/create", json!({"name": "old"})).await;
    let id = made["experiment_id"].clone();
    let run = mlflow(app, "runs/create", json!({"experiment_id": id})).await;
    let run = run["run"]["info"]["run_id"].clone();
    let metric = json!({"run_id": run, "key": "auc", "value": 0.9, "timestamp": 1});
    mlflow(app, "runs/log-metric", metric).await;
    mlflow(
        app,
        "logged-models",
        json!({"experiment_id": id, "name": "m"}),
    )
    .await;
    mlflow(app, "experiments/delete", json!({"experiment_id": id})).await;
    let lines = kept.collect(false).await;
    let removed: Vec<bool> = lines
        .iter()
        .map(|line| line.outcome == GcOutcome::Removed)
        .collect();
    assert_eq!(removed, [true, true, true], "{lines:?}");
    let path = format!(
        "/api/2.0/mlflow/experiments/get?experiment_id={}",
        id.as_str().unwrap()
    );
    assert_eq!(app.get(&path).await.status, 404);
}

#[actix_web::test]
async fn holds_are_placed_listed_and_lifted() {
    let kept = Kept::new().await;
    let app = &kept.app;
    let path = format!("{OURS}/model-versions/credit-risk/1/holds");
    let placed = app.post(&path, json!({"reason": "lawsuit 17"})).await.ok();
    let id = placed["hold"]["id"].as_i64().unwrap();
    assert_eq!(placed["hold"]["in_force"], true);
    assert!(denied(&kept.delete_version().await).contains("is under legal hold 1 (lawsuit 17)"));
    denied(&kept.delete_run().await);
    denied(&kept.put("weights", "second").await);
    let report = kept.report().await;
    assert_eq!(report[0]["holds"][0]["reason"], "lawsuit 17");
    assert_eq!(report[0]["keep_until_ms"], Value::Null);

    for (path, body, refused) in [
        (
            path.clone(),
            json!({"reason": " "}),
            "400 INVALID_PARAMETER_VALUE",
        ),
        (path.clone(), json!({}), "400 INVALID_PARAMETER_VALUE"),
        (
            path.clone(),
            json!({"reason": "x", "until": 1}),
            "400 INVALID_PARAMETER_VALUE",
        ),
        (
            format!("{path}/{id}/lift"),
            json!({"reason": ""}),
            "400 INVALID_PARAMETER_VALUE",
        ),
        (
            format!("{path}/7/lift"),
            json!({"reason": "x"}),
            "404 RESOURCE_DOES_NOT_EXIST",
        ),
        (
            format!("{path}/x/lift"),
            json!({"reason": "x"}),
            "400 INVALID_PARAMETER_VALUE",
        ),
        (
            format!("{OURS}/model-versions/credit-risk/2/holds"),
            json!({"reason": "x"}),
            "404 RESOURCE_DOES_NOT_EXIST",
        ),
    ] {
        let error = app.post(&path, body).await.error();
        assert!(error.starts_with(refused), "{path}: {error}");
    }

    app.post(&path, json!({"reason": "audit"})).await.ok();
    let page = app.get(&format!("{path}?max_results=1")).await.ok();
    let token = page["next_page_token"].as_str().unwrap();
    let rest = app.get(&format!("{path}?page_token={token}")).await.ok();
    assert_eq!(rest["holds"][0]["reason"], "audit");
    assert_eq!(rest["next_page_token"], Value::Null);
    for id in [1, 2] {
        denied(&kept.delete_version().await);
        let lifted = app
            .post(&format!("{path}/{id}/lift"), json!({"reason": "settled"}))
            .await
            .ok();
        assert_eq!(lifted["hold"]["lift_reason"], "settled");
    }
    assert_eq!(kept.put("weights", "second").await.status, 200);
    kept.delete_version().await.ok();
}

#[actix_web::test]
async fn versions_that_make_room_are_kept_as_well() {
    let kept = Kept::new().await;
    version(&kept.app, "credit-risk").await;
    for number in ["1", "2"] {
        transition(&kept.app, "credit-risk", number, "Production")
            .await
            .ok();
    }
    let report = kept.report().await;
    assert_eq!(report.len(), 1);
    assert_eq!(report[0]["version"], "1");
    denied(&kept.delete_version().await);
}
