//! Flags of `mlflow server` that have no effect in flowkeep, and flags that it refuses.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::ConfigError;

/// The flags that flowkeep accepts only for compatibility with MLflow's command lines.
#[derive(Args)]
pub struct UnsupportedFlags {
    /// No effect: flowkeep does not use gunicorn
    #[arg(
        long,
        env = "MLFLOW_GUNICORN_OPTS",
        value_name = "TEXT",
        allow_hyphen_values = true
    )]
    gunicorn_opts: Option<String>,

    /// No effect: flowkeep does not use waitress
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    waitress_opts: Option<String>,

    /// No effect: flowkeep does not use uvicorn
    #[arg(
        long,
        env = "MLFLOW_UVICORN_OPTS",
        value_name = "TEXT",
        allow_hyphen_values = true
    )]
    uvicorn_opts: Option<String>,

    /// No effect: flowkeep has nothing to reload. Use `RUST_LOG` for a more detailed log
    #[arg(long)]
    dev: bool,

    /// No effect: flowkeep has no cache of secrets
    #[arg(long, value_name = "SECONDS")]
    secrets_cache_ttl: Option<u32>,

    /// No effect: flowkeep has no cache of secrets
    #[arg(long, value_name = "COUNT")]
    secrets_cache_max_size: Option<u32>,

    /// No effect: flowkeep has no workspaces
    #[arg(long, env = "MLFLOW_WORKSPACE_STORE_URI", value_name = "URI")]
    workspace_store_uri: Option<String>,

    /// Use one workspace for all users (the default)
    #[arg(long, overrides_with = "enable_workspaces")]
    disable_workspaces: bool,

    /// Not supported: all users share one workspace
    #[arg(
        long,
        env = "MLFLOW_ENABLE_WORKSPACES",
        action = clap::ArgAction::Set,
        value_parser = BoolishValueParser::new(),
        num_args = 0,
        default_missing_value = "true",
        overrides_with = "disable_workspaces"
    )]
    enable_workspaces: Option<bool>,

    /// Not supported: flowkeep has no Prometheus metrics
    #[arg(long, env = "MLFLOW_EXPOSE_PROMETHEUS", value_name = "PATH")]
    expose_prometheus: Option<PathBuf>,

    /// Not supported: flowkeep does not archive traces
    #[arg(long, env = "MLFLOW_TRACE_ARCHIVAL_CONFIG", value_name = "PATH")]
    trace_archival_config: Option<PathBuf>,

    /// Not supported: flowkeep sends all requests to --backend-store-uri
    #[arg(
        long,
        env = "MLFLOW_READ_REPLICA_BACKEND_STORE_URI",
        value_name = "URI"
    )]
    read_replica_backend_store_uri: Option<String>,
}

impl UnsupportedFlags {
    /// Fails if a flag was given that flowkeep must not ignore: one that changes access rights, or
    /// one whose absence would be noticed only later.
    pub fn refuse(&self) -> Result<(), ConfigError> {
        let refusals = [
            (
                self.enable_workspaces == Some(true) && !self.disable_workspaces,
                "--enable-workspaces",
                "everybody works in one workspace. Leave the flag out, or run a server for each.",
            ),
            (
                self.expose_prometheus.is_some(),
                "--expose-prometheus",
                "it has no metrics yet. Leave the flag out.",
            ),
            (
                self.trace_archival_config.is_some(),
                "--trace-archival-config",
                "it does not archive traces. Leave the flag out.",
            ),
            (
                self.read_replica_backend_store_uri.is_some(),
                "--read-replica-backend-store-uri",
                "it reads and writes one database. Leave the flag out.",
            ),
        ];
        match refusals.into_iter().find(|(given, ..)| *given) {
            Some((_, flag, reason)) => Err(ConfigError::Unsupported { flag, reason }),
            None => Ok(()),
        }
    }

    /// Returns the given flags that have no effect.
    pub fn without_effect(&self) -> Vec<&'static str> {
        [
            (self.gunicorn_opts.is_some(), "--gunicorn-opts"),
            (self.waitress_opts.is_some(), "--waitress-opts"),
            (self.uvicorn_opts.is_some(), "--uvicorn-opts"),
            (self.dev, "--dev"),
            (self.secrets_cache_ttl.is_some(), "--secrets-cache-ttl"),
            (
                self.secrets_cache_max_size.is_some(),
                "--secrets-cache-max-size",
            ),
            (self.workspace_store_uri.is_some(), "--workspace-store-uri"),
        ]
        .into_iter()
        .filter_map(|(given, flag)| given.then_some(flag))
        .collect()
    }
}
