//! The API that MLflow has not: a file for each area.

mod body;
pub mod evidence;
pub mod features;
pub mod gates;
pub mod history;
pub mod holds;
mod input;
mod payload;
pub mod policies;
pub mod retention;
mod version;
