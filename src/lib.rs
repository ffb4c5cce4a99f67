//! flowkeep: an MLflow-compatible tracking server and model registry in one binary.

pub mod access;
pub mod api;
mod artifact_uri;
pub mod artifacts;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod error;
pub mod lifecycle;
pub mod search;
pub mod server;
pub mod store;
pub mod ui;
mod validation;
pub mod webhooks;
pub mod wire;

#[cfg(test)]
mod tests;
