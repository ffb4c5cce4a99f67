//! Which keys, values, names and batches MLflow accepts, and its words for what it refuses.

mod artifact_location;
mod batch;
mod keys;
mod names;
pub mod prompts;
mod trace_archival;

use std::borrow::Cow;

pub use self::artifact_location::artifact_location;
pub use self::batch::batch;
pub use self::keys::{dataset_of_metric, experiment_tag, metric, param, run_tag};
pub use self::names::{experiment_id, experiment_name, run_id};
use crate::error::Result;
use crate::wire::names::check_length;

/// Cuts what is too long, where the server is set up to do so, and refuses it otherwise. Lengths are
/// counted in characters.
fn truncated<'a>(name: &str, value: &'a str, limit: usize, truncate: bool) -> Result<Cow<'a, str>> {
    if truncate && is_longer(value, limit) {
        return Ok(value.chars().take(limit).collect());
    }
    check_length(name, value, limit)?;
    Ok(Cow::Borrowed(value))
}

fn is_longer(value: &str, limit: usize) -> bool {
    // No string has more characters than bytes.
    value.len() > limit && value.chars().count() > limit
}
