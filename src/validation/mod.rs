//! Which keys, values, names and batches MLflow accepts, and its words for what it refuses.

mod artifact_location;
mod batch;
mod keys;
mod long_values;
mod names;
pub mod prompts;
mod trace_archival;

pub use self::artifact_location::artifact_location;
pub use self::batch::batch;
pub use self::keys::{
    LONGEST_TAG_VALUE, dataset_of_metric, experiment_tag, metric, param, run_tag,
};
pub use self::long_values::json_too_long;
pub use self::names::{experiment_id, experiment_name, run_id};
