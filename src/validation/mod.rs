//! Which keys, values, names and batches MLflow accepts, and its words for what it refuses.
//!
//! [`Checked`] requests have passed all of it that needs no database.

mod artifact_location;
mod batch;
mod checked;
pub mod experiments;
mod inputs;
mod keys;
mod logged_models;
mod long_values;
mod names;
pub mod prompts;
mod registry;
pub mod registry_names;
mod runs;
mod trace_archival;

pub use self::artifact_location::artifact_location;
pub use self::checked::{Check, Checked};
pub use self::keys::LONGEST_TAG_VALUE;
pub use self::long_values::json_too_long;
pub use self::names::{experiment_id, experiment_name, run_id};
