//! The API that MLflow has not: a file for each area.

mod body;
pub mod features;
pub mod history;
mod input;
mod version;
