//! The command `flowkeep server`: runs the server, with the flags of `mlflow server`.

use std::env;

use clap::Args;
use tracing::warn;

use super::output::{CommandResult, version};
use crate::api::{Settings, State};
use crate::artifacts::check_destination;
use crate::clock::Clock;
use crate::config::{
    ArtifactFlags, ArtifactSettings, AuthFlags, DatabaseFlags, DatabaseUri, HttpFlags, Limits,
    MlflowFlags, PolicyFlags, SecurityFlags, SourceRules, UiFlags, UnsupportedFlags,
    WebhookSettings, python_environments,
};
use crate::error::Error;
use crate::server::{self, Listeners};
use crate::store::auth::AuthDatabaseState;
use crate::store::{self, DatabaseState, Store, unserved};
use crate::ui::{UiFolder, UiSearchPath};

/// The flags of `flowkeep server`.
#[derive(Args)]
pub struct ServerCommand {
    #[command(flatten, next_help_heading = "Storage")]
    database: DatabaseFlags,
    #[command(flatten)]
    artifacts: ArtifactFlags,
    #[command(flatten, next_help_heading = "Network")]
    http: HttpFlags,
    #[command(flatten, next_help_heading = "Security")]
    security: SecurityFlags,
    #[command(flatten, next_help_heading = "Logins")]
    auth: AuthFlags,
    #[command(flatten, next_help_heading = "Web UI")]
    ui: UiFlags,
    #[command(flatten)]
    mlflow: MlflowFlags,
    #[command(flatten, next_help_heading = "Governance")]
    policies: PolicyFlags,
    #[command(flatten, next_help_heading = "Other flags of MLflow")]
    unsupported: UnsupportedFlags,
}

impl ServerCommand {
    /// Runs the server until a signal stops it. Fails if a flag is invalid, if the address is
    /// taken, or if the database cannot be used.
    pub fn run(self) -> CommandResult {
        self.unsupported.refuse()?;
        for flag in self.unsupported.without_effect() {
            warn!("{flag} has no effect on flowkeep.");
        }
        let working_directory = env::current_dir()?;
        let database = self.database.settings(&working_directory)?;
        let artifacts = self.artifacts.settings(&working_directory)?;
        let http = self.http.settings()?;
        let security = self.security.settings()?;
        let auth = self.auth.settings()?;
        for setting in auth.iter().flat_map(|auth| &auth.without_effect) {
            warn!("{setting} in the file of MLFLOW_AUTH_CONFIG_PATH has no effect on flowkeep.");
        }
        let logins_at = auth.as_ref().map(|auth| auth.database.clone());
        let policies = self.policies.read()?;
        let limits = Limits::from_environment();
        let mlflow_version = self.mlflow.mlflow_version;
        let ui = UiSearchPath::new(self.ui.ui_dir, python_environments()).find(&mlflow_version)?;
        let mut lines = vec![artifacts_line(&artifacts), ui_line(ui.as_ref())];
        let first_line = version(&mlflow_version);
        check_destination(&artifacts)?;
        let settings = Settings {
            source_rules: SourceRules::from_environment(&artifacts, &limits)?,
            webhooks: WebhookSettings::from_environment()?,
            artifacts,
            limits,
            ui,
            mlflow_version,
            auth,
            trusted_proxies: http.trusted_proxies.clone(),
            static_prefix: http.static_prefix.clone(),
            clock: Clock::default(),
        };

        // With an invalid setting or a taken port, the server stops before it creates any file.
        let listeners = Listeners::bind(&http)?;
        if logins_at.is_none() {
            lines.extend(say_that_it_is_open(&listeners));
        }
        actix_web::rt::System::new().block_on(async {
            let found = server::prepare(&database.uri, &listeners, &http).await?;
            lines.insert(0, database_line(&database.uri, &found));
            let state = State::open(&database, settings).await?;
            lines.extend(logins_line(&state, logins_at.as_ref()));
            lines.extend(not_shown_line(&state.store).await?);
            for text in policies {
                state.apply_policies(text).await?;
            }
            let announce = |url: &str| {
                println!(
                    "flowkeep {first_line}\n  URL        {url}\n  {}",
                    lines.join("\n  ")
                );
            };
            server::run(state, listeners, http, security, announce).await?;
            CommandResult::Ok(())
        })?;
        store::checkpoint(&database.uri)?;
        if let Some(uri) = logins_at {
            store::checkpoint(&uri)?;
        }
        Ok(())
    }
}

/// Returns the line about the database that is printed at the start.
fn database_line(uri: &DatabaseUri, found: &DatabaseState) -> String {
    let done = match found {
        DatabaseState::NoFile | DatabaseState::Empty => " (created)".to_owned(),
        DatabaseState::Mlflow { pending, .. } => {
            let added = match pending {
                0 => "",
                _ => " (flowkeep's tables added)",
            };
            let newer = found.unknown_head().map(|head| {
                format!(
                    " (at MLflow's schema {head}, which is newer than this flowkeep; what it uses is there, and the \
                     rest is left alone)"
                )
            });
            format!("{added}{}", newer.unwrap_or_default())
        }
    };
    format!("Database   {uri}{done}")
}

/// Returns the line about the users that is printed at the start of a server with logins.
fn logins_line(state: &State, uri: Option<&DatabaseUri>) -> Option<String> {
    let (logins, uri) = (state.logins.as_ref()?, uri?);
    let done = match &logins.found {
        AuthDatabaseState::Empty => " (created)".to_owned(),
        AuthDatabaseState::Ready => String::new(),
        AuthDatabaseState::Older { revision, copy } => {
            let copy = copy.as_deref().unwrap_or("none");
            format!(
                " (brought up from MLflow's revision {revision}; a copy of what it was: {copy})"
            )
        }
    };
    Some(format!("Users      {uri}{done}"))
}

/// Says that a server without logins is open to everybody who reaches it: a line where only this machine does, and a warning
/// otherwise.
fn say_that_it_is_open(listeners: &Listeners) -> Option<String> {
    if listeners.are_local() {
        return Some(
            "Access     everybody on this machine may do everything; --app-name basic-auth asks for logins"
                .to_owned(),
        );
    }
    for line in [
        "Nobody has to log in here: everybody on the network can read, change and delete all experiments, runs, models and artifacts,",
        "record evidence, approve and promote model versions, and write the policies that they have to meet.",
        "--app-name basic-auth asks for logins, --host 127.0.0.1 serves this machine only, and --require-auth refuses to start like this.",
    ] {
        warn!("{line}");
    }
    None
}

/// Returns the line about data of MLflow that flowkeep does not show, if the database has any.
async fn not_shown_line(store: &Store) -> Result<Option<String>, Error> {
    let kinds = store.read(unserved::present).await?;
    Ok(match kinds.as_slice() {
        [] => None,
        kinds => Some(format!(
            "Not shown  {}: flowkeep does not show them yet, and leaves them as they are",
            kinds.join(", ")
        )),
    })
}

/// Returns the line about artifacts that is printed at the start.
fn artifacts_line(settings: &ArtifactSettings) -> String {
    if settings.serve {
        format!("Artifacts  {}", settings.destination)
    } else {
        format!(
            "Artifacts  {} (reached by the clients themselves)",
            settings.default_root
        )
    }
}

/// Returns the line about the web UI that is printed at the start.
fn ui_line(ui: Option<&UiFolder>) -> String {
    match ui {
        Some(ui) => format!("UI         {}", ui.root().display()),
        None => "UI         none; `flowkeep ui install` gets MLflow's".to_owned(),
    }
}
