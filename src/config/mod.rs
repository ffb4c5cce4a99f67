//! What the server is told from outside, in one small struct for each concern: its flags, under the
//! names and `MLFLOW_*` variables of `mlflow server`, and the settings that they come to.

mod artifacts;
mod aws_profile;
mod database;
mod http;
mod limits;
mod logging;
mod other;
mod policies;
mod security;
mod sources;
mod stores;
mod ui;
mod webhooks;

use thiserror::Error;

pub use artifacts::{ArtifactFlags, ArtifactSettings};
pub use aws_profile::AwsProfile;
pub use database::{DatabaseFlags, DatabaseSettings, DatabaseUri, UriError};
pub use http::{HttpFlags, HttpSettings};
pub use limits::Limits;
pub use logging::log_filter;
pub use other::OtherFlags;
pub use policies::PolicyFlags;
pub use security::{SecurityFlags, SecuritySettings};
pub use sources::SourceRules;
pub use stores::{Addressing, S3Settings, S3Upload, StoreSettings};
pub use ui::UiFlags;
pub use webhooks::WebhookSettings;

/// Why the server does not start as it was told. Each is a sentence that says what to do instead.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    #[error(transparent)]
    Uri(#[from] UriError),
    #[error(
        "--registry-store-uri ({registry}) names another place than --backend-store-uri ({backend}). \
         flowkeep keeps runs and registered models in one database: leave --registry-store-uri out."
    )]
    TwoDatabases { registry: String, backend: String },
    #[error(
        "./mlruns holds runs in MLflow's file store, which flowkeep does not read. Move them into a \
         database with `mlflow migrate-filestore`, or name one with --backend-store-uri."
    )]
    FileStore,
    #[error("{flag} is not supported by flowkeep: {reason}")]
    Unsupported {
        flag: &'static str,
        reason: &'static str,
    },
    #[error("--static-prefix must begin with '/', must not end with it, and has no braces: '{0}'.")]
    StaticPrefix(String),
    #[error("--x-frame-options must be SAMEORIGIN, DENY or NONE, not '{0}'.")]
    FrameOptions(String),
    #[error(
        "{0} is not a key: give it 32 bytes in URL-safe base64, as \
         `python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'` prints them."
    )]
    Key(&'static str),
    #[error("{variable} cannot be followed: {reason}.")]
    Variable {
        variable: &'static str,
        reason: String,
    },
    #[error("The policy file {path} cannot be read: {reason}.")]
    PolicyFile { path: String, reason: String },
    #[error("{variable} is not a regular expression that flowkeep can use: {reason}")]
    Pattern {
        variable: &'static str,
        reason: String,
    },
}
