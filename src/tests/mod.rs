//! HTTP tests through one harness. A file for each area of the API.

mod access;
mod accounts;
mod artifact_digests;
mod artifact_names;
mod artifacts;
mod experiments;
mod features;
mod governance;
mod graphql;
mod harness;
mod inputs;
mod layers;
mod logged_models;
mod metrics;
mod model_versions;
mod own_api;
mod registered_models;
mod request_log;
mod router;
mod runs;
mod searches;
mod security;
mod static_files;
mod unsupported;
mod webhooks;

pub use harness::TestApp;
