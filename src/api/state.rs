//! What every handler can reach.

use std::sync::Arc;

use crate::access::Logins;
use crate::artifacts::Artifacts;
use crate::audit::Actor;
use crate::clock::Clock;
use crate::config::{
    ArtifactSettings, AuthSettings, DatabaseSettings, Limits, SourceRules, TrustedProxies,
    WebhookSettings,
};
use crate::error::Result;
use crate::lifecycle::{self, Change, Decision, Done, Resources, policies};
use crate::store::{Db, Store, experiments};
use crate::ui::UiFolder;
use crate::validation::{Check, Checked};
use crate::webhooks;

/// The stores and settings that handlers work with.
pub struct State {
    pub store: Arc<Store>,
    pub artifacts: Arc<Artifacts>,
    pub clock: Clock,
    pub artifact_settings: ArtifactSettings,
    pub limits: Limits,
    pub source_rules: SourceRules,
    pub webhooks: Arc<webhooks::Client>,
    pub ui: Option<UiFolder>,
    pub mlflow_version: String,
    /// The users, unless everybody may do everything.
    pub logins: Option<Arc<Logins>>,
    pub trusted_proxies: TrustedProxies,
    /// Under which path the server answers: empty, or with a slash before it.
    pub static_prefix: String,
}

/// What the server was told, beside where its database is.
pub struct Settings {
    pub artifacts: ArtifactSettings,
    pub limits: Limits,
    pub source_rules: SourceRules,
    pub webhooks: WebhookSettings,
    pub ui: Option<UiFolder>,
    /// The version of MLflow that this server stands in for. Clients compare it with their own.
    pub mlflow_version: String,
    /// `None` for a server without logins.
    pub auth: Option<AuthSettings>,
    pub trusted_proxies: TrustedProxies,
    pub static_prefix: String,
    pub clock: Clock,
}

impl State {
    /// Connects to a database that is made ready, and sees to it that it has the experiment that
    /// clients take for granted.
    pub async fn open(database: &DatabaseSettings, settings: Settings) -> Result<Self> {
        let store = Store::connect(database)?;
        let root = settings.artifacts.default_root.clone();
        let now_ms = settings.clock.now_ms();
        store
            .write(move |db| experiments::ensure_default(db, &root, now_ms))
            .await?;
        let store = Arc::new(store);
        let logins = match &settings.auth {
            Some(auth) => {
                let logins = Logins::open(auth, (database, &store), settings.clock.clone());
                Some(Arc::new(logins.await?))
            }
            None => None,
        };
        Ok(Self {
            artifacts: Arc::new(Artifacts::new(
                &settings.artifacts,
                Arc::clone(&store),
                settings.clock.clone(),
            )?),
            webhooks: Arc::new(webhooks::Client::new(
                settings.webhooks,
                settings.clock.clone(),
            )?),
            clock: settings.clock,
            store,
            artifact_settings: settings.artifacts,
            limits: settings.limits,
            source_rules: settings.source_rules,
            ui: settings.ui,
            mlflow_version: settings.mlflow_version,
            logins,
            trusted_proxies: settings.trusted_proxies,
            static_prefix: settings.static_prefix,
        })
    }

    /// Checks a request before a connection or the writer is taken. Fails with MLflow's error for its first fault.
    pub fn checked<R: Check>(&self, request: R) -> Result<Checked<R>> {
        Checked::new(request, &self.limits)
    }

    /// Runs a change of a model's life.
    pub async fn change<T, F>(&self, actor: Actor, decide: F) -> Result<Done<T>>
    where
        T: Send + 'static,
        F: Fn(&mut Db, &Change) -> Decision<T> + Send + Sync + 'static,
    {
        lifecycle::run(self.resources(), actor, decide).await
    }

    /// Puts policies in force that the server was started with.
    pub async fn apply_policies(&self, text: String) -> Result<()> {
        self.change(Actor::server(), move |db, change| {
            policies::apply(db, change, &text)
        })
        .await?;
        Ok(())
    }

    /// What changes of a model's life are made with.
    pub fn resources(&self) -> Resources<'_> {
        Resources {
            store: &self.store,
            artifacts: &self.artifacts,
            clock: &self.clock,
        }
    }
}
