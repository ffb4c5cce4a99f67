//! The command `flowkeep health`: checks that a server is up, for supervisors and containers
//! without another HTTP client.

use std::time::Duration;

use clap::Args;
use reqwest::Client;
use tokio::runtime::Builder;

use super::output::CommandResult;
use super::remote::reason;
use crate::config::local_server;

/// The time that a server has to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The flags of `flowkeep health`.
#[derive(Args)]
pub struct HealthCommand {
    /// The server (default: the one that `flowkeep server` would start here, from the variables
    /// `MLFLOW_HOST`, `MLFLOW_PORT` and `MLFLOW_STATIC_PREFIX`)
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl HealthCommand {
    /// Runs the command. Fails if the server does not answer, or answers with an error status.
    pub fn run(self) -> CommandResult {
        let url = self.url.unwrap_or_else(local_server);
        let url = url.trim_end_matches('/');
        // The call fails if the process already has a provider, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(TIMEOUT)
            // The check is about the server, not about a proxy in front of it.
            .no_proxy()
            .build()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        // The request asks for the runtime's clock as soon as it is made.
        let reply = runtime.block_on(async { client.get(format!("{url}/health")).send().await });
        let reply = reply.map_err(|error| format!("{url} does not answer: {}", reason(&error)))?;
        if !reply.status().is_success() {
            return Err(format!("{url} answers {}.", reply.status()).into());
        }
        println!("{url} is up.");
        Ok(())
    }
}
