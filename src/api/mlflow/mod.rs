//! MLflow's API, a file for each of its areas.

mod artifact_files;
pub mod artifact_proxy;
pub mod artifacts;
pub mod direct_transfers;
pub mod experiments;
pub mod inputs;
pub mod logged_models;
pub mod metrics;
pub mod model_versions;
pub mod registered_models;
pub mod runs;
pub mod searches;
pub mod unsupported;
pub mod webhooks;
