//! The server's configuration: one small struct for each concern, with its flags and the settings
//! that result from them.
//!
//! Flags and variables have the names that `mlflow server` gives them. No other module reads
//! environment variables. This module uses `artifact_uri` only.

mod artifacts;
mod auth;
mod aws_profile;
mod database;
mod environment;
mod error;
mod http;
mod ini;
mod limits;
mod local_server;
mod logging;
mod mlflow;
mod object_stores;
mod policies;
mod proxies;
mod security;
mod sources;
mod ui;
mod unsupported_flags;
mod webhooks;

pub use artifacts::{ArtifactFlags, ArtifactSettings};
pub use auth::{AuthFlags, AuthSettings};
pub use aws_profile::AwsProfile;
pub use database::{DatabaseFlags, DatabaseSettings, DatabaseUri};
pub use environment::{ClientSecrets, is_set_to_nothing, python_environments, user};
pub use error::{ConfigError, UriError};
pub use http::{HttpFlags, HttpSettings};
pub use limits::Limits;
pub use local_server::local_server;
pub use logging::{REQUESTS, log_filter};
pub use mlflow::{MLFLOW_VERSION, MlflowFlags, MlflowSchema};
pub use object_stores::{Addressing, ObjectStoreSettings, S3Settings, S3Upload};
pub use policies::PolicyFlags;
pub use proxies::TrustedProxies;
pub use security::{SecurityFlags, SecuritySettings};
pub use sources::SourceRules;
pub use ui::UiFlags;
pub use unsupported_flags::UnsupportedFlags;
pub use webhooks::WebhookSettings;
