//! The API that MLflow has not: a file for each area.

pub mod history;
mod input;
