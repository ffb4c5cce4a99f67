//! What a version consists of when it passes a gate, and what becomes of it.

use std::fs;

use actix_web::test::TestRequest;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::{
    OURS, POLICY, apply, evaluate, history, missing, mlflow, model, stage, transition, try_mlflow,
};
use crate::tests::TestApp;
use crate::tests::artifacts::{ARTIFACTS, put};
use crate::tests::harness::Reply;

pub const SEALING: &str = "
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: sealing}
spec:
  models: {names: ['credit-*']}
  stages:
    Staging: {}
    Production: {require: {sealed_source: true}}
  aliases:
    champion: {same_as: Production}
";

/// A server under a policy, a model, and a run whose folder `model` has two files.
pub struct Sealing {
    pub app: TestApp,
    pub run_id: String,
    /// Where the artifacts of the run are behind the proxy.
    pub root: String,
}

impl Sealing {
    pub async fn new(policy: Option<&str>) -> Self {
        let app = TestApp::new().await;
        if let Some(policy) = policy {
            apply(&app, policy).await;
        }
        model(&app, "credit-risk").await;
        let run = mlflow(&app, "runs/create", json!({"experiment_id": "0"})).await;
        let info = &run["run"]["info"];
        let root = info["artifact_uri"].as_str().unwrap();
        let this = Self {
            root: root.strip_prefix("mlflow-artifacts:/").unwrap().to_owned(),
            run_id: info["run_id"].as_str().unwrap().to_owned(),
            app,
        };
        for (file, content) in [("MLmodel", "flavors: {}\n"), ("data/weights", "1 2 3")] {
            assert_eq!(
                this.put(&format!("model/{file}"), content).await.status,
                200
            );
        }
        this
    }

    pub async fn put(&self, path: &str, content: &str) -> Reply {
        let path = format!("{}/{path}", self.root);
        put(&self.app, &path, content.as_bytes()).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        let uri = format!("{ARTIFACTS}/{}/{path}", self.root);
        self.app.send(TestRequest::delete().uri(&uri)).await
    }

    /// A file where the disk has it.
    pub fn on_disk(&self, path: &str) -> std::path::PathBuf {
        let root = self.app.folder().join("mlartifacts").join(&self.root);
        root.join(path)
    }

    pub async fn register(&self, folder: &str) -> Reply {
        let request = json!({
            "name": "credit-risk",
            "source": format!("mlflow-artifacts:/{}/{folder}", self.root),
            "run_id": self.run_id,
            "tags": [{"key": "algorithm", "value": "gbm"}],
        });
        try_mlflow(&self.app, "model-versions/create", request).await
    }

    /// A version that lies elsewhere.
    async fn register_from(&self, source: &str) {
        let request = json!({"name": "credit-risk", "source": source});
        mlflow(&self.app, "model-versions/create", request).await;
    }

    pub async fn move_to(&self, version: &str, stage: &str) -> Reply {
        transition(&self.app, "credit-risk", version, stage).await
    }

    pub async fn integrity(&self, version: &str) -> Value {
        let path = format!("{OURS}/model-versions/credit-risk/{version}/integrity");
        self.app.get(&path).await.ok()
    }
}

/// Expects that a seal is in the way.
#[track_caller]
pub fn is_closed(reply: &Reply) {
    let error = reply.error();
    assert!(error.starts_with("403 PERMISSION_DENIED"), "{error}");
    assert!(error.contains("sealed when it passed a gate"), "{error}");
}

#[actix_web::test]
async fn nothing_changes_below_a_version_that_has_passed_a_gate() {
    let sealing = Sealing::new(Some(SEALING)).await;
    sealing.register("model").await.ok();
    assert_eq!(
        sealing.put("model/MLmodel", "flavors: {}\n").await.status,
        200
    );
    sealing.move_to("1", "Staging").await.ok();
    let entries = history(&sealing.app, "model=credit-risk").await;
    let sealed = &entries[entries.len() - 2];
    assert_eq!(sealed["action"], "version.sealed");
    assert_eq!(
        (&sealed["after"]["files"], &sealed["after"]["bytes"]),
        (&json!(2), &json!(17))
    );

    for path in [
        "model/MLmodel",
        "model/data/weights",
        "model/new",
        "model/data/new/x",
        "model",
    ] {
        is_closed(&sealing.put(path, "other").await);
        is_closed(&sealing.delete(path).await);
    }
    for above in ["", "model/data"] {
        is_closed(&sealing.delete(above).await);
    }
    let folder = format!("{}/model", sealing.root);
    for (step, body) in [
        ("create", json!({"path": "weights", "num_parts": 1})),
        (
            "complete",
            json!({"path": "MLmodel", "upload_id": "1", "parts": []}),
        ),
    ] {
        let path = format!("/api/2.0/mlflow-artifacts/mpu/{step}/{folder}");
        is_closed(&sealing.app.post(&path, body).await);
    }
    let uploaded = sealing.app.send(
        TestRequest::post()
            .uri(&format!(
                "/ajax-api/2.0/mlflow/upload-artifact?run_uuid={}&path=model/MLmodel",
                sealing.run_id
            ))
            .set_payload("other"),
    );
    is_closed(&uploaded.await);
    let left = fs::read_to_string(sealing.on_disk("model/MLmodel")).unwrap();
    assert_eq!(left, "flavors: {}\n");

    // What lies beside it is free.
    assert_eq!(sealing.put("model2/MLmodel", "x").await.status, 200);
    assert_eq!(sealing.delete("model2").await.status, 200);
}

#[actix_web::test]
async fn a_seal_is_taken_once_and_ends_with_its_version() {
    let sealing = Sealing::new(Some(SEALING)).await;
    sealing.register("model").await.ok();
    sealing.register("model").await.ok();
    for version in ["1", "2"] {
        sealing.move_to(version, "Staging").await.ok();
        sealing.move_to(version, "Production").await.ok();
    }
    let entries = history(&sealing.app, "model=credit-risk").await;
    let sealed = entries
        .iter()
        .filter(|entry| entry["action"] == "version.sealed");
    assert_eq!(sealed.count(), 2);
    let path = "/api/2.0/mlflow/model-versions/delete";
    for version in ["1", "2"] {
        // The other version has the same folder.
        is_closed(&sealing.put("model/MLmodel", "other").await);
        let body = json!({"name": "credit-risk", "version": version});
        sealing.app.delete(path, body).await.ok();
    }
    assert_eq!(sealing.put("model/MLmodel", "other").await.status, 200);
}

#[actix_web::test]
async fn a_deleted_model_leaves_no_guard_behind() {
    let sealing = Sealing::new(Some(SEALING)).await;
    sealing.register("model").await.ok();
    let alias = json!({"name": "credit-risk", "version": "1", "alias": "champion"});
    mlflow(&sealing.app, "registered-models/alias", alias).await;
    is_closed(&sealing.put("model/MLmodel", "other").await);
    let path = "/api/2.0/mlflow/registered-models/rename";
    let body = json!({"name": "credit-risk", "new_name": "credit-loss"});
    sealing.app.post(path, body).await.ok();
    is_closed(&sealing.put("model/MLmodel", "other").await);
    let path = "/api/2.0/mlflow/registered-models/delete";
    sealing
        .app
        .delete(path, json!({"name": "credit-loss"}))
        .await
        .ok();
    assert_eq!(sealing.put("model/MLmodel", "other").await.status, 200);
}

#[actix_web::test]
async fn what_the_server_cannot_read_is_unsealed_and_says_so() {
    let sealing = Sealing::new(Some(SEALING)).await;
    let source = "dbfs:/models/risk";
    sealing.register_from(source).await;
    sealing.move_to("1", "Staging").await.ok();
    let integrity = sealing.integrity("1").await;
    assert_eq!(integrity["state"], "unsealed");
    assert_eq!(integrity["intact"], Value::Null);
    let reason = integrity["reason"].as_str().unwrap();
    assert!(reason.contains(source), "{reason}");
    let refused = sealing.move_to("1", "Production").await;
    assert_eq!(missing(&refused), ["sealed_source"]);
    assert!(refused.error().contains(reason), "{}", refused.error());
    // A folder that is empty.
    sealing.register("nothing").await.ok();
    sealing.move_to("2", "Staging").await.ok();
    assert_eq!(sealing.integrity("2").await["state"], "unsealed");
    let entries = history(&sealing.app, "model=credit-risk").await;
    let unsealed = entries
        .iter()
        .filter(|entry| entry["action"] == "version.left_unsealed");
    assert_eq!(unsealed.count(), 2);
    // Once there is something to seal, the next gate seals it.
    sealing.put("nothing/MLmodel", "x").await;
    sealing.move_to("2", "Production").await.ok();
    assert_eq!(sealing.integrity("2").await["intact"], true);
    is_closed(&sealing.put("nothing/MLmodel", "y").await);
}

#[actix_web::test]
async fn bytes_that_change_behind_the_server_close_the_next_gate() {
    let sealing = Sealing::new(Some(SEALING)).await;
    sealing.register("model").await.ok();
    sealing.move_to("1", "Staging").await.ok();
    fs::write(sealing.on_disk("model/data/weights"), "1 2 4").unwrap();
    fs::write(sealing.on_disk("model/extra"), "").unwrap();
    let refused = sealing.move_to("1", "Production").await;
    assert_eq!(missing(&refused), ["seal"]);
    let error = refused.error();
    assert!(
        error.contains("'data/weights' has other bytes, 'extra' is new"),
        "{error}"
    );
    let path = format!("{OURS}/model-versions/credit-risk/1/check");
    let check = sealing
        .app
        .post(&path, json!({"stage": "Production"}))
        .await;
    assert_eq!(check.ok()["allowed"], false);
    let alias = json!({"name": "credit-risk", "version": "1", "alias": "champion"});
    let refused = try_mlflow(&sealing.app, "registered-models/alias", alias).await;
    assert_eq!(missing(&refused), ["seal"]);
    // It may be taken out of use, for which there is no gate.
    let request = json!({"name": "credit-risk", "version": "1", "stage": "None"});
    mlflow(&sealing.app, "model-versions/transition-stage", request).await;
    let refused = sealing.move_to("1", "Staging").await;
    assert_eq!(missing(&refused), ["seal"]);

    fs::write(sealing.on_disk("model/data/weights"), "1 2 3").unwrap();
    fs::remove_file(sealing.on_disk("model/extra")).unwrap();
    sealing.move_to("1", "Staging").await.ok();
    fs::remove_dir_all(sealing.on_disk("model")).unwrap();
    let refused = sealing.move_to("1", "Production").await;
    assert_eq!(missing(&refused), ["sealed_source", "seal"]);
}

#[actix_web::test]
async fn integrity_names_the_files() {
    let sealing = Sealing::new(Some(SEALING)).await;
    sealing.put("model/gone", "soon").await;
    sealing.register("model").await.ok();
    assert_eq!(sealing.integrity("1").await["state"], "not_sealed");
    sealing.move_to("1", "Staging").await.ok();
    let integrity = sealing.integrity("1").await;
    assert_eq!(
        (&integrity["state"], &integrity["intact"]),
        (&json!("sealed"), &json!(true))
    );
    assert_eq!(
        (&integrity["files"], &integrity["bytes"]),
        (&json!(3), &json!(21))
    );

    // As long and as old as it was: only its bytes tell.
    let path = sealing.on_disk("model/data/weights");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, "1 2 4").unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(before).unwrap();
    fs::remove_file(sealing.on_disk("model/gone")).unwrap();
    fs::write(sealing.on_disk("model/new"), "new").unwrap();
    let mut integrity = sealing.integrity("1").await;
    for field in ["sealed_at_ms", "location", "digest"] {
        integrity
            .as_object_mut()
            .unwrap()
            .shift_remove(field)
            .unwrap();
    }
    assert_json_snapshot!(integrity, @r#"
{
  "model": "credit-risk",
  "version": 1,
  "state": "sealed",
  "intact": false,
  "files": 3,
  "bytes": 20,
  "differing": [
    {
      "path": "data/weights",
      "sealed": {
        "size": 5,
        "sha256": "7c8f5059290305cec8323d79521f0353c9ac308b60cb4c1976340d0ce4a121d5"
      },
      "found": {
        "size": 5,
        "sha256": "a9eed93a4dbf44f2587fe5fe8719c10c29af436c277348aeb8be50ea9c67ade6"
      }
    }
  ],
  "missing": [
    {
      "path": "gone",
      "size": 4,
      "sha256": "4a754148b88a68e18df1a02489950666d187e904cd88d2dc0aa16c103b94045f"
    }
  ],
  "added": [
    {
      "path": "new",
      "size": 3,
      "sha256": "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"
    }
  ],
  "unread": []
}
"#);

    let unknown = format!("{OURS}/model-versions/credit-risk/9/integrity");
    let error = sealing.app.get(&unknown).await.error();
    assert!(error.starts_with("404 RESOURCE_DOES_NOT_EXIST"), "{error}");
}

#[actix_web::test]
async fn evidence_is_about_the_bytes_that_there_were() {
    let sealing = Sealing::new(Some(POLICY)).await;
    sealing.register("model").await.ok();
    // Not all of it passed through the server.
    fs::write(sealing.on_disk("model/beside"), "1").unwrap();
    evaluate(&sealing.app, "credit-risk/1").await;
    let path = format!("{OURS}/model-versions/credit-risk/1/check");
    let allowed = async || {
        let check = sealing.app.post(&path, json!({"stage": "Staging"})).await;
        check.ok()["allowed"].clone()
    };
    assert_eq!(allowed().await, true);
    fs::write(sealing.on_disk("model/beside"), "2").unwrap();
    assert_eq!(allowed().await, false);
    let refused = sealing.move_to("1", "Staging").await;
    assert_eq!(missing(&refused), ["evaluation:responsible_ai"]);
    let error = refused.error();
    assert!(
        error.contains("the content of the version was changed since"),
        "{error}"
    );
    let path = format!("{OURS}/model-versions/credit-risk/1/evidence");
    let kept = sealing.app.get(&path).await.ok();
    assert_eq!(kept["evidence"][0]["counts"], false);
    // So it is for bytes that pass through the server.
    evaluate(&sealing.app, "credit-risk/1").await;
    sealing
        .put("model/MLmodel", "flavors: {python_function: {}}\n")
        .await;
    let refused = sealing.move_to("1", "Staging").await;
    assert_eq!(missing(&refused), ["evaluation:responsible_ai"]);
    evaluate(&sealing.app, "credit-risk/1").await;
    sealing.move_to("1", "Staging").await.ok();
    assert_eq!(stage(&sealing.app, "credit-risk", "1").await, "Staging");
}

#[actix_web::test]
async fn a_policy_that_warns_fixes_the_content_and_closes_nothing() {
    let policy = SEALING.replace("spec:", "spec:\n  enforcement: warn");
    let sealing = Sealing::new(Some(&policy)).await;
    sealing.register("model").await.ok();
    sealing.move_to("1", "Staging").await.ok();
    assert_eq!(sealing.put("model/MLmodel", "other").await.status, 200);
    assert_eq!(
        sealing.integrity("1").await["differing"][0]["path"],
        "MLmodel"
    );
    let moved = sealing.move_to("1", "Production").await;
    moved.ok();
    let warning = moved.headers.get("Flowkeep-Warning").unwrap();
    assert!(
        warning
            .to_str()
            .unwrap()
            .contains("'MLmodel' has other bytes")
    );
}

#[actix_web::test]
async fn without_a_policy_nothing_is_sealed() {
    let sealing = Sealing::new(None).await;
    sealing.register("model").await.ok();
    for stage in ["Staging", "Production"] {
        sealing.move_to("1", stage).await.ok();
    }
    assert_eq!(sealing.put("model/MLmodel", "other").await.status, 200);
    let integrity = sealing.integrity("1").await;
    assert_eq!(integrity["state"], "not_sealed");
    // What is there when a policy is applied is sealed at the next gate.
    apply(&sealing.app, SEALING).await;
    assert_eq!(sealing.put("model/MLmodel", "another").await.status, 200);
    let alias = json!({"name": "credit-risk", "version": "1", "alias": "champion"});
    mlflow(&sealing.app, "registered-models/alias", alias).await;
    is_closed(&sealing.put("model/MLmodel", "other").await);
}

#[actix_web::test]
async fn a_model_that_gets_under_a_policy_is_sealed_where_it_is() {
    let sealing = Sealing::new(Some(SEALING)).await;
    model(&sealing.app, "free").await;
    let request = json!({
        "name": "free",
        "source": format!("mlflow-artifacts:/{}/model", sealing.root),
        "run_id": sealing.run_id,
    });
    for _ in 0..2 {
        mlflow(&sealing.app, "model-versions/create", request.clone()).await;
    }
    transition(&sealing.app, "free", "1", "Production")
        .await
        .ok();
    assert_eq!(sealing.put("model/MLmodel", "other").await.status, 200);
    let body = json!({"name": "free", "new_name": "credit-free"});
    mlflow(&sealing.app, "registered-models/rename", body).await;
    is_closed(&sealing.put("model/MLmodel", "another").await);
    let state = async |version: &str| {
        let path = format!("{OURS}/model-versions/credit-free/{version}/integrity");
        sealing.app.get(&path).await.ok()["state"].clone()
    };
    assert_eq!(
        (state("1").await, state("2").await),
        (json!("sealed"), json!("not_sealed"))
    );
}
