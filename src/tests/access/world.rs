//! A server with something of everything, and callers with one permission on all of it.

use std::sync::Arc;

use actix_web::test::TestRequest;
use serde_json::json;

use super::super::TestApp;
use crate::access::{Authenticated, Caller, Grant, Grants, Permission, User};

/// Ids and names of what there is.
pub struct World {
    pub app: TestApp,
    pub experiment: String,
    pub run: String,
    pub model_id: String,
    /// Of a registered model with a version 1, which is its champion.
    pub name: String,
    made: usize,
}

/// A user who has these grants: kind, pattern, permission.
pub fn user(name: &str, grants: &[(&str, &str, Permission)]) -> Caller {
    let rows = grants.iter().map(|(kind, pattern, permission)| Grant {
        role_id: 1,
        role_name: name.to_owned(),
        workspace: "default".to_owned(),
        resource_type: (*kind).to_owned(),
        resource_pattern: (*pattern).to_owned(),
        permission: *permission,
    });
    let grants = Grants {
        rows: rows.collect(),
        ..Grants::default()
    };
    Caller {
        user: Some(User {
            id: 2,
            name: name.to_owned(),
            is_admin: false,
            grants: Arc::new(grants),
        }),
        how: Authenticated::Password,
    }
}

pub fn admin() -> Caller {
    Caller {
        user: Some(User {
            id: 1,
            name: "admin".to_owned(),
            is_admin: true,
            grants: Arc::default(),
        }),
        how: Authenticated::Password,
    }
}

impl World {
    pub async fn new() -> Self {
        let mut world = Self {
            app: TestApp::new().await,
            experiment: String::new(),
            run: String::new(),
            model_id: String::new(),
            name: String::new(),
            made: 0,
        };
        world.make().await;
        world
    }

    /// Makes one of everything anew.
    pub async fn make(&mut self) {
        self.made += 1;
        let made = self.made;
        self.experiment = self
            .post(
                "experiments/create",
                json!({"name": format!("experiment-{made}")}),
            )
            .await["experiment_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let run = self
            .post("runs/create", json!({"experiment_id": self.experiment}))
            .await;
        self.run = run["run"]["info"]["run_id"].as_str().unwrap().to_owned();
        let model = self
            .post("logged-models", json!({"experiment_id": self.experiment}))
            .await;
        self.model_id = model["model"]["info"]["model_id"]
            .as_str()
            .unwrap()
            .to_owned();
        self.name = format!("model-{made}");
        self.post("registered-models/create", json!({"name": self.name}))
            .await;
        let source = format!("runs:/{}/model", self.run);
        self.post(
            "model-versions/create",
            json!({"name": self.name, "source": source, "run_id": self.run}),
        )
        .await;
        self.post(
            "registered-models/alias",
            json!({"name": self.name, "alias": "champion", "version": "1"}),
        )
        .await;
    }

    /// A name that nothing has.
    pub fn new_name(&mut self) -> String {
        self.made += 1;
        format!("new-{}", self.made)
    }

    pub fn experiment_name(&self) -> String {
        self.name.replace("model-", "experiment-")
    }

    /// What an administrator posts.
    pub async fn post(&self, path: &str, body: serde_json::Value) -> serde_json::Value {
        let request = TestRequest::post()
            .uri(&format!("/api/2.0/mlflow/{path}"))
            .set_json(body);
        self.app.send_as(&admin(), request).await.ok()
    }
}
