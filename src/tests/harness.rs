//! The whole app in this process, on a fresh SQLite database and a fresh artifact folder.

use std::pin::Pin;
use std::rc::Rc;

use actix_http::Request;
use actix_web::body::to_bytes;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpMessage, test};
use serde_json::Value;
use tempfile::TempDir;

use crate::access::Caller;
use crate::api::{self, Settings, State};
use crate::clock::Clock;
use crate::config::{
    ArtifactSettings, AuthSettings, DatabaseSettings, DatabaseUri, Limits, MLFLOW_VERSION,
    ObjectStoreSettings, SourceRules, TrustedProxies, WebhookSettings,
};
use crate::store;

type Pending = Pin<Box<dyn Future<Output = Reply>>>;

pub struct TestApp {
    call: Box<dyn Fn(Request) -> Pending>,
    state: Data<State>,
    /// Database and artifacts; gone with the app.
    folder: TempDir,
}

pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// An app whose artifact settings are changed.
    pub async fn with(change: impl FnOnce(&mut ArtifactSettings)) -> Self {
        Self::with_settings(|settings| change(&mut settings.artifacts)).await
    }

    /// An app with logins. Its admin is `admin` with the password `the admins password`.
    pub async fn with_logins() -> Self {
        Self::with_settings(|settings| settings.auth = Some(logins_in("basic_auth.db"))).await
    }

    /// An app whose settings are changed.
    pub async fn with_settings(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let uri = DatabaseUri::Sqlite(folder.path().join("mlflow.db"));
        let artifacts = ArtifactSettings {
            default_root: "mlflow-artifacts:/".to_owned(),
            destination: folder.path().join("mlartifacts").display().to_string(),
            serve: true,
            only: false,
            largest: None,
            stores: ObjectStoreSettings::default(),
        };
        store::initialize(&uri).expect("an empty database");
        let database = DatabaseSettings::new(uri);
        let mut settings = Settings {
            artifacts,
            limits: Limits::default(),
            source_rules: SourceRules::default(),
            webhooks: WebhookSettings::default(),
            ui: None,
            mlflow_version: MLFLOW_VERSION.to_owned(),
            auth: None,
            trusted_proxies: TrustedProxies::Listed(Vec::new()),
            static_prefix: String::new(),
            clock: Clock::default(),
        };
        change(&mut settings);
        if let Some(AuthSettings {
            database: DatabaseUri::Sqlite(path),
            ..
        }) = &mut settings.auth
        {
            *path = folder.path().join(&path);
        }
        let state = State::open(&database, settings).await;
        let state = Data::new(state.expect("a connection"));
        let app = App::new()
            .app_data(state.clone())
            .wrap(from_fn(api::refuse_disabled))
            .wrap(from_fn(api::authenticate))
            .wrap(from_fn(api::merge_leading_slashes))
            .configure(api::configure);
        let service = Rc::new(init_service(app).await);
        let call = move |request| {
            let service = Rc::clone(&service);
            Box::pin(async move {
                let response = call_service(&*service, request).await;
                Reply {
                    status: response.status().as_u16(),
                    headers: response.headers().clone(),
                    body: to_bytes(response.into_body())
                        .await
                        .unwrap_or_else(|_| panic!("a body that ends early")),
                }
            }) as Pending
        };
        Self {
            call: Box::new(call),
            state,
            folder,
        }
    }

    /// The folder that holds database and artifacts.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// What handlers see.
    pub fn state(&self) -> &State {
        &self.state
    }

    pub async fn send(&self, request: TestRequest) -> Reply {
        (self.call)(request.to_request()).await
    }

    /// A request of a caller whom the server has found out.
    pub async fn send_as(&self, caller: &Caller, request: TestRequest) -> Reply {
        let request = request.to_request();
        request.extensions_mut().insert(caller.clone());
        (self.call)(request).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(test::TestRequest::get().uri(path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.json(Method::POST, path, body).await
    }

    /// A text, such as a policy.
    pub async fn put_text(&self, path: &str, body: &str) -> Reply {
        let request = test::TestRequest::put()
            .uri(path)
            .insert_header((CONTENT_TYPE, "application/yaml"))
            .set_payload(body.to_owned());
        self.send(request).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.json(Method::PATCH, path, body).await
    }

    pub async fn delete(&self, path: &str, body: Value) -> Reply {
        self.json(Method::DELETE, path, body).await
    }

    /// A body as it is, for what no JSON library would write.
    pub async fn post_text(&self, path: &str, body: &'static str) -> Reply {
        let request = test::TestRequest::post()
            .uri(path)
            .insert_header((CONTENT_TYPE, "application/json"))
            .set_payload(body);
        self.send(request).await
    }

    async fn json(&self, method: Method, path: &str, body: Value) -> Reply {
        self.send(TestRequest::with_uri(path).method(method).set_json(body))
            .await
    }
}

/// The settings of logins whose users are in a file of the app's folder.
pub fn logins_in(file: &str) -> AuthSettings {
    AuthSettings {
        database: DatabaseUri::Sqlite(file.into()),
        default_permission: "READ".to_owned(),
        grant_default_workspace_access: false,
        admin_username: Some("admin".to_owned()),
        admin_password: Some("the admins password".to_owned()),
        secret_key: None,
        largest_password_cache: 100,
        without_effect: Vec::new(),
    }
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The JSON of a reply that is expected to be a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// `status code: message` of a reply that is expected to be an error.
    #[track_caller]
    pub fn error(&self) -> String {
        let body = self.json();
        let part = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        assert!(self.status >= 400, "{}", self.text());
        format!(
            "{} {}: {}",
            self.status,
            part("error_code"),
            part("message")
        )
    }
}
