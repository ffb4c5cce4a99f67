//! `flowkeep health`: whether a server is up, for supervisors and containers that have no other client.

use std::time::Duration;

use clap::Args;
use reqwest::Client;
use tokio::runtime::Builder;

use super::output::Outcome;
use super::policy::remote::reason;
use crate::config::local_server;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Args)]
pub struct HealthCommand {
    /// The server. Unless it is given: the one that `flowkeep server` would be here, by the variables
    /// `MLFLOW_HOST`, `MLFLOW_PORT` and `MLFLOW_STATIC_PREFIX`
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl HealthCommand {
    pub fn run(self) -> Outcome {
        let url = self.url.unwrap_or_else(local_server);
        let url = url.trim_end_matches('/');
        // Only the first call in a process sets it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(PATIENCE)
            // A server is asked, not a proxy on the way to it.
            .no_proxy()
            .build()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let reply = runtime.block_on(client.get(format!("{url}/health")).send());
        let reply = reply.map_err(|error| format!("{url} does not answer: {}", reason(&error)))?;
        if !reply.status().is_success() {
            return Err(format!("{url} answers {}.", reply.status()).into());
        }
        println!("{url} is up.");
        Ok(())
    }
}
