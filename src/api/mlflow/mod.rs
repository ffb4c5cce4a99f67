//! MLflow's API, a file for each of its areas.

pub mod artifact_proxy;
pub mod artifacts;
pub mod direct_transfers;
pub mod experiments;
pub mod inputs;
pub mod logged_models;
pub mod metrics;
pub mod model_versions;
pub mod not_built;
pub mod registered_models;
pub mod runs;
pub mod searches;
pub mod webhooks;
