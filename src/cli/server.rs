//! `flowkeep server`: what `mlflow server` does, with its flags.

use std::env;

use clap::Args;
use tracing::warn;

use super::output::{Outcome, VERSION};
use crate::api::{MLFLOW_VERSION, Settings, State};
use crate::clock::Clock;
use crate::config::{
    ArtifactFlags, ArtifactSettings, DatabaseFlags, DatabaseUri, HttpFlags, Limits, OtherFlags,
    PolicyFlags, SecurityFlags, SourceRules, UiFlags, WebhookSettings, python_environments,
};
use crate::server;
use crate::store::{self, Found};
use crate::ui::{Places, UiFolder};

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
    #[command(flatten, next_help_heading = "Web UI")]
    ui: UiFlags,
    #[command(flatten, next_help_heading = "Governance")]
    policies: PolicyFlags,
    #[command(flatten, next_help_heading = "Other flags of MLflow")]
    other: OtherFlags,
}

impl ServerCommand {
    pub fn run(self) -> Outcome {
        self.other.refuse()?;
        for flag in self.other.without_effect() {
            warn!("{flag} has no effect on flowkeep.");
        }
        let working_directory = env::current_dir()?;
        let database = self.database.settings(&working_directory)?;
        let artifacts = self.artifacts.settings(&working_directory)?;
        let http = self.http.settings()?;
        let security = self.security.settings()?;
        let policies = self.policies.read()?;
        let limits = Limits::from_environment();
        let ui = Places::new(self.ui.ui_dir, python_environments()).find(MLFLOW_VERSION)?;

        let found = store::initialize(&database.uri)?;
        let lines = [
            database_line(&database.uri, &found),
            artifacts_line(&artifacts),
            ui_line(ui.as_ref()),
        ];
        let settings = Settings {
            source_rules: SourceRules::from_environment(&artifacts, &limits)?,
            webhooks: WebhookSettings::from_environment()?,
            artifacts,
            limits,
            ui,
            clock: Clock::default(),
        };
        let announce = |url: &str| {
            println!(
                "flowkeep {}\n  URL        {url}\n  {}",
                *VERSION,
                lines.join("\n  ")
            );
        };
        actix_web::rt::System::new().block_on(async {
            let state = State::open(&database, settings).await?;
            for text in policies {
                state.apply_policies(text).await?;
            }
            server::run(state, http, security, announce).await?;
            Outcome::Ok(())
        })?;
        store::checkpoint(&database.uri)?;
        Ok(())
    }
}

fn database_line(uri: &DatabaseUri, found: &Found) -> String {
    let done = match found {
        Found::Empty => " (created)",
        Found::AtHead { pending: 0 } => "",
        Found::AtHead { .. } => " (flowkeep's tables added)",
    };
    format!("Database   {uri}{done}")
}

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

fn ui_line(ui: Option<&UiFolder>) -> String {
    match ui {
        Some(ui) => format!("UI         {}", ui.root().display()),
        None => "UI         none; `flowkeep ui install` gets MLflow's".to_owned(),
    }
}
