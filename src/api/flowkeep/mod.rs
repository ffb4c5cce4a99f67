//! The API that MLflow does not have: a file for each area, typed requests and replies, and the
//! OpenAPI document that describes them.

mod body;
mod errors;
pub mod evidence;
pub mod features;
pub mod gates;
pub mod history;
pub mod holds;
pub mod integrity;
pub mod openapi;
mod paging;
mod parameters;
pub mod policies;
pub mod restore;
pub mod retention;
mod version_path;

/// What the paths of this API begin with, after the prefix of all APIs.
pub const ROOT: &str = "/1.0/flowkeep";
