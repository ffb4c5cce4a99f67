use actix_web::test::TestRequest;
use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::{Value, json};

use super::TestApp;
use super::harness::Reply;

const SPEC: &str = "\
feature_store_uri: feast://features/churn
features:
  - name: tenure
    source: customer_profile:v2
  - name: calls
    source: calls_daily:v1
";

const MLMODEL: &str = r#"
flavors: {}
signature:
  inputs: '[{"type": "long", "name": "tenure", "required": true}, {"type": "double", "name":
    "calls", "required": true}, {"type": "string", "name": "note", "required": false}]'
"#;

/// A model with one version for each set of files, and the run that they all come from.
struct Registry {
    app: TestApp,
    run_id: String,
    root: String,
}

impl Registry {
    async fn new() -> Self {
        Self::on(TestApp::new().await).await
    }

    async fn on(app: TestApp) -> Self {
        let run = app.post("/api/2.0/mlflow/runs/create", json!({"experiment_id": "0"}));
        let info = run.await.ok()["run"]["info"].clone();
        let create = "/api/2.0/mlflow/registered-models/create";
        app.post(create, json!({"name": "the churn model"}))
            .await
            .ok();
        Self {
            app,
            run_id: info["run_id"].as_str().unwrap().to_owned(),
            root: info["artifact_uri"].as_str().unwrap().to_owned(),
        }
    }

    /// Stores a file among the artifacts of the run.
    async fn put(&self, path: &str, content: &str) {
        let root = self.root.strip_prefix("mlflow-artifacts:/").unwrap();
        let uri = format!("/api/2.0/mlflow-artifacts/artifacts/{root}/{path}");
        let request = TestRequest::put().uri(&uri).set_payload(content.to_owned());
        assert_eq!(self.app.send(request).await.status, 200);
    }

    /// Registers the folder of the run that has this name.
    async fn register(&self, folder: &str, tags: Value) {
        let request = json!({
            "name": "the churn model",
            "source": format!("{}/{folder}", self.root),
            "run_id": self.run_id,
            "tags": tags,
        });
        self.app
            .post("/api/2.0/mlflow/model-versions/create", request)
            .await
            .ok();
    }

    async fn features(&self, version: &str) -> Reply {
        let path =
            format!("/api/1.0/flowkeep/model-versions/the%20churn%20model/{version}/features");
        self.app.get(&path).await
    }

    async fn check(&self, version: &str, body: Value) -> Reply {
        let path = format!(
            "/ajax-api/1.0/flowkeep/model-versions/the%20churn%20model/{version}/features/check"
        );
        self.app.post(&path, body).await
    }
}

async fn one_version() -> Registry {
    let registry = Registry::new().await;
    registry.put("model/MLmodel", MLMODEL).await;
    let spec = "model/extra_files/feature_retrieval_spec.yaml";
    registry.put(spec, SPEC).await;
    registry.register("model", json!([])).await;
    registry
}

#[actix_web::test]
async fn the_features_of_a_version() {
    let registry = one_version().await;
    let features = registry.features("1").await.ok();
    assert_json_snapshot!(features, @r#"
{
  "name": "the churn model",
  "version": "1",
  "feature_store_uri": "feast://features/churn",
  "features": [
    {
      "name": "tenure",
      "source": "customer_profile:v2",
      "table": "customer_profile",
      "version": "v2",
      "type": "long",
      "required": true
    },
    {
      "name": "calls",
      "source": "calls_daily:v1",
      "table": "calls_daily",
      "version": "v1",
      "type": "double",
      "required": true
    }
  ],
  "path": "extra_files/feature_retrieval_spec.yaml",
  "signature": "named",
  "missing": [],
  "unexpected": [],
  "problems": []
}
"#);

    let stage = json!({"name": "the churn model", "version": "1", "stage": "Production"});
    let transition = "/api/2.0/mlflow/model-versions/transition-stage";
    registry.app.post(transition, stage).await.ok();
    let alias = json!({"name": "the churn model", "version": "1", "alias": "champion"});
    let set_alias = "/api/2.0/mlflow/registered-models/alias";
    registry.app.post(set_alias, alias).await.ok();
    for version in [
        "Production",
        "production",
        "champion",
        "@champion",
        "%40champion",
        "latest",
    ] {
        assert_eq!(registry.features(version).await.ok(), features, "{version}");
    }
    assert_snapshot!(registry.features("2").await.error(), @"404 RESOURCE_DOES_NOT_EXIST: Model Version (name=the churn model, version=2) not found");
    assert_snapshot!(registry.features("Staging").await.error(), @"404 RESOURCE_DOES_NOT_EXIST: No version of model 'the churn model' is in stage Staging.");
    assert_snapshot!(registry.features("@staging").await.error(), @"400 INVALID_PARAMETER_VALUE: Registered model alias staging not found.");
    let former = "/api/1.0/flowkeep/models/the%20churn%20model/versions/champion/features";
    assert_eq!(registry.app.get(former).await.ok(), features);
    let unknown = "/api/1.0/flowkeep/models/nobody/versions/Production/features";
    assert_snapshot!(registry.app.get(unknown).await.error(), @"404 RESOURCE_DOES_NOT_EXIST: Registered Model with name=nobody not found");
}

#[actix_web::test]
async fn spec_and_signature_that_differ() {
    let registry = Registry::new().await;
    registry.put("m/MLmodel", MLMODEL).await;
    let other = SPEC.replace("name: calls", "name: visits");
    registry.put("m/feature_retrieval_spec.yaml", &other).await;
    registry.register("m", json!([])).await;
    let features = registry.features("1").await.ok();
    assert_eq!(features["path"], "feature_retrieval_spec.yaml");
    assert_eq!(features["missing"], json!(["calls"]));
    assert_eq!(features["unexpected"], json!(["visits"]));
    assert_json_snapshot!(features["problems"], @r#"
[
  "the model's signature has inputs that the spec does not list: 'calls'",
  "the spec lists features that are no inputs of the model's signature: 'visits'"
]
"#);
    // What the model takes is what a request must have.
    let checked = registry
        .check("1", json!({"columns": ["tenure", "visits"]}))
        .await;
    assert_eq!(checked.ok()["missing"], json!(["calls"]));
    assert_eq!(checked.ok()["unexpected"], json!(["visits"]));
}

#[actix_web::test]
async fn versions_without_a_spec_that_can_be_used() {
    let registry = Registry::new().await;
    registry.put("none/MLmodel", MLMODEL).await;
    registry.register("none", json!([])).await;
    assert_snapshot!(registry.features("1").await.error(), @"404 RESOURCE_DOES_NOT_EXIST: Version 1 of model 'the churn model' has no feature retrieval spec: there is no feature_retrieval_spec.yaml in its artifacts, none in their folder extra_files, and no tag 'feature_retrieval_spec' that points to one.");

    registry.put("broken/MLmodel", MLMODEL).await;
    let broken = SPEC
        .replace("calls_daily:v1", "calls_daily")
        .replace("name: calls", "name: tenure");
    registry
        .put("broken/feature_retrieval_spec.yaml", &broken)
        .await;
    registry.register("broken", json!([])).await;
    assert_snapshot!(registry.features("2").await.error(), @"400 INVALID_PARAMETER_VALUE: The feature retrieval spec of version 2 of model 'the churn model', feature_retrieval_spec.yaml, cannot be used: line 5, column 11: feature 'tenure' is there already, in line 3; line 6, column 13: source 'calls_daily' of feature 'tenure' is not of the form table:version, such as customer_profile:v2.");
    let checked = registry.check("2", json!({"columns": ["tenure"]})).await;
    assert_eq!(checked.error(), registry.features("2").await.error());

    registry
        .put("large/feature_retrieval_spec.yaml", &SPEC.repeat(3_000))
        .await;
    registry.register("large", json!([])).await;
    assert_snapshot!(registry.features("3").await.error(), @"400 INVALID_PARAMETER_VALUE: The feature retrieval spec of version 3 of model 'the churn model', feature_retrieval_spec.yaml, cannot be used: the file has more than 262144 bytes.");

    let tag = json!([{"key": "feature_retrieval_spec", "value": "specs/nowhere.yaml"}]);
    registry.register("none", tag).await;
    assert_snapshot!(registry.features("4").await.error(), @"400 INVALID_PARAMETER_VALUE: The feature retrieval spec of version 4 of model 'the churn model', specs/nowhere.yaml, cannot be used: the tag 'feature_retrieval_spec' of the version says 'specs/nowhere.yaml', and there is no such file among the artifacts of the model or of its run.");
}

#[actix_web::test]
async fn a_model_whose_mlmodel_says_little() {
    let registry = Registry::new().await;
    let mlmodels = [
        ("a", None, "absent", 0),
        ("b", Some("flavors: {}\n"), "absent", 0),
        (
            "c",
            Some("signature: {inputs: '[{\"type\": \"double\"}]'}\n"),
            "unnamed",
            0,
        ),
        ("d", Some("signature: [\n"), "unreadable", 1),
    ];
    for (number, (folder, mlmodel, state, problems)) in (1..).zip(mlmodels) {
        registry
            .put(&format!("{folder}/feature_retrieval_spec.yaml"), SPEC)
            .await;
        if let Some(text) = mlmodel {
            registry.put(&format!("{folder}/MLmodel"), text).await;
        }
        registry.register(folder, json!([])).await;
        let features = registry.features(&number.to_string()).await.ok();
        assert_eq!(features["signature"], state);
        assert_eq!(features["problems"].as_array().unwrap().len(), problems);
        let first = json!({"name": "tenure", "source": "customer_profile:v2", "table": "customer_profile", "version": "v2"});
        assert_eq!(features["features"][0], first);
        let checked = registry
            .check(&number.to_string(), json!({"columns": ["calls"]}))
            .await;
        assert_eq!(checked.ok()["missing"], json!(["tenure"]));
    }
}

#[actix_web::test]
async fn a_tag_points_to_the_spec() {
    let registry = Registry::new().await;
    registry.put("model/MLmodel", MLMODEL).await;
    registry
        .put("model/feature_retrieval_spec.yaml", SPEC)
        .await;
    registry
        .put("model/other.yaml", &SPEC.replace("/churn", "/other"))
        .await;
    registry.put("bare/MLmodel", MLMODEL).await;
    registry
        .put("specs/of-run.yaml", &SPEC.replace("/churn", "/of-run"))
        .await;
    registry
        .put(
            "folder/feature_retrieval_spec.yaml",
            &SPEC.replace("/churn", "/folder"),
        )
        .await;
    std::fs::write(registry.app.folder().join("secret.yaml"), SPEC).unwrap();

    let tag = |value: &str| json!([{"key": "feature_retrieval_spec", "value": value}]);
    let run = format!("runs:/{}/specs/of-run.yaml", registry.run_id);
    let address = format!("{}/specs/of-run.yaml", registry.root);
    let outside = registry
        .app
        .folder()
        .join("secret.yaml")
        .display()
        .to_string();
    let file = format!("file://{outside}");
    let cases = [
        // The version's own tag comes before the file, and never leads out of the artifacts.
        ("model", tag("other.yaml"), Some("other")),
        ("model", json!([]), Some("churn")),
        ("bare", tag("specs/of-run.yaml"), Some("of-run")),
        ("bare", tag(&run), Some("of-run")),
        ("bare", tag(&address), Some("of-run")),
        ("bare", tag("folder"), Some("folder")),
        ("bare", tag("runs:/nobody/specs/of-run.yaml"), None),
        ("bare", tag("../../../../secret.yaml"), None),
        ("bare", tag(&outside), None),
        ("bare", tag(&file), None),
        ("bare", tag(""), None),
    ];
    for (number, (folder, tags, store)) in (1..).zip(cases) {
        registry.register(folder, tags.clone()).await;
        let reply = registry.features(&number.to_string()).await;
        match store {
            Some(store) => {
                let uri = reply.ok()["feature_store_uri"].clone();
                assert_eq!(uri, format!("feast://features/{store}"), "{tags}");
            }
            None => assert_eq!(reply.status, 400, "{tags}: {}", reply.text()),
        }
    }

    // What the run says counts where the model has no spec of its own.
    let of_run = json!({"run_id": registry.run_id, "key": "feature_retrieval_spec", "value": "specs/of-run.yaml"});
    registry
        .app
        .post("/api/2.0/mlflow/runs/set-tag", of_run)
        .await
        .ok();
    registry.register("bare", json!([])).await;
    let inherited = registry.features("12").await.ok();
    assert_eq!(inherited["path"], "specs/of-run.yaml");
    let own = registry.features("2").await.ok();
    assert_eq!(own["feature_store_uri"], "feast://features/churn");
}

#[actix_web::test]
async fn a_logged_model_can_say_it_too() {
    let registry = Registry::new().await;
    let app = &registry.app;
    let model = json!({
        "experiment_id": "0",
        "name": "forest",
        "tags": [{"key": "feature_retrieval_spec", "value": "spec.yaml"}],
    });
    let info = app.post("/api/2.0/mlflow/logged-models", model).await.ok()["model"]["info"].clone();
    let root = info["artifact_uri"]
        .as_str()
        .unwrap()
        .strip_prefix("mlflow-artifacts:/")
        .unwrap();
    let uri = format!("/api/2.0/mlflow-artifacts/artifacts/{root}/spec.yaml");
    app.send(TestRequest::put().uri(&uri).set_payload(SPEC))
        .await;
    let source = format!("models:/{}", info["model_id"].as_str().unwrap());
    let version =
        json!({"name": "the churn model", "source": source, "model_id": info["model_id"]});
    app.post("/api/2.0/mlflow/model-versions/create", version)
        .await
        .ok();
    assert_eq!(registry.features("1").await.ok()["path"], "spec.yaml");
}

#[actix_web::test]
async fn the_columns_of_a_request_are_checked() {
    let registry = one_version().await;
    let all = json!({"columns": [
        {"name": "calls", "type": "float64"}, {"name": "tenure", "type": "int64"}, "note",
    ]});
    assert_eq!(
        registry.check("1", all).await.ok(),
        json!({"ok": true, "missing": [], "unexpected": [], "mistyped": []})
    );
    let wrong =
        json!({"columns": [{"name": "calls", "type": "object"}, {"name": "id", "type": "long"}]});
    assert_json_snapshot!(registry.check("1", wrong).await.ok(), @r#"
{
  "ok": false,
  "missing": [
    "tenure"
  ],
  "unexpected": [
    "id"
  ],
  "mistyped": [
    {
      "name": "calls",
      "expected": "double",
      "given": "object"
    }
  ]
}
"#);
    for (body, refusal) in [
        (
            json!({"columns": ["a", "b", {"name": "a"}]}),
            "There are two columns named 'a'.",
        ),
        (json!({}), "missing field `columns`"),
        (
            json!({"columns": ["a"], "rows": []}),
            "unknown field `rows`",
        ),
        (
            json!({"columns": [7]}),
            "the name of a column, or an object with its name and type",
        ),
    ] {
        let error = registry.check("1", body).await.error();
        assert!(
            error.starts_with("400 INVALID_PARAMETER_VALUE") && error.contains(refusal),
            "{error}"
        );
    }
}

#[actix_web::test]
async fn storage_that_cannot_be_reached_is_not_an_absent_spec() {
    let off = TestApp::with(|settings| settings.serve = false).await;
    let registry = Registry::on(off).await;
    registry.register("model", json!([])).await;
    assert_snapshot!(registry.features("1").await.error().replace(&registry.root, "[root]"), @"400 INVALID_PARAMETER_VALUE: The artifacts at [root]/model are behind a proxy, and this server runs with `--no-serve-artifacts`.");
}
