//! The API that MLflow has not: a file for each area.

pub mod evidence;
pub mod features;
pub mod gates;
pub mod history;
pub mod holds;
mod input;
pub mod integrity;
mod payload;
pub mod policies;
pub mod restore;
pub mod retention;
mod version;
