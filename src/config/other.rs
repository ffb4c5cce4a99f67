//! Flags of `mlflow server` that flowkeep has no use for, and those that it must not pass over.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::ConfigError;

/// Accepted, so that a command line written for MLflow goes on working.
#[derive(Args)]
pub struct OtherFlags {
    /// Has no meaning here: there is no gunicorn
    #[arg(
        long,
        env = "MLFLOW_GUNICORN_OPTS",
        value_name = "TEXT",
        allow_hyphen_values = true
    )]
    gunicorn_opts: Option<String>,

    /// Has no meaning here: there is no waitress
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    waitress_opts: Option<String>,

    /// Has no meaning here: there is no uvicorn
    #[arg(
        long,
        env = "MLFLOW_UVICORN_OPTS",
        value_name = "TEXT",
        allow_hyphen_values = true
    )]
    uvicorn_opts: Option<String>,

    /// Has no meaning here: there is nothing to reload. See `RUST_LOG` for more of a log
    #[arg(long)]
    dev: bool,

    /// Has no meaning here: there is no cache of secrets
    #[arg(long, value_name = "SECONDS")]
    secrets_cache_ttl: Option<u32>,

    /// Has no meaning here: there is no cache of secrets
    #[arg(long, value_name = "COUNT")]
    secrets_cache_max_size: Option<u32>,

    /// Has no meaning here, as there are no workspaces
    #[arg(long, env = "MLFLOW_WORKSPACE_STORE_URI", value_name = "URI")]
    workspace_store_uri: Option<String>,

    /// The default: one workspace for everybody
    #[arg(long, overrides_with = "enable_workspaces")]
    disable_workspaces: bool,

    /// Not supported: there is one workspace for everybody
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

    /// Not supported: flowkeep has no login yet
    #[arg(long, value_name = "NAME")]
    app_name: Option<String>,

    /// Not supported: there are no metrics for Prometheus
    #[arg(long, env = "MLFLOW_EXPOSE_PROMETHEUS", value_name = "PATH")]
    expose_prometheus: Option<PathBuf>,

    /// Not supported: traces are not archived
    #[arg(long, env = "MLFLOW_TRACE_ARCHIVAL_CONFIG", value_name = "PATH")]
    trace_archival_config: Option<PathBuf>,

    /// Not supported: all requests go to --backend-store-uri
    #[arg(
        long,
        env = "MLFLOW_READ_REPLICA_BACKEND_STORE_URI",
        value_name = "URI"
    )]
    read_replica_backend_store_uri: Option<String>,
}

impl OtherFlags {
    /// Refuses what would change who can do or see what, or what would be missed if it were silently
    /// left out.
    pub fn refuse(&self) -> Result<(), ConfigError> {
        let refusals = [
            (
                self.app_name.is_some(),
                "--app-name",
                "it has no login yet. Put a proxy that asks for one in front of it, or leave the flag out \
                 where everybody who reaches the server may do everything.",
            ),
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

    /// The flags that were given and change nothing.
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
