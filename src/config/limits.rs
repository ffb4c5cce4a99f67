//! How the server treats what is too long, and where artifacts may not go.

use std::env;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Cut values of params and tags that are too long, instead of refusing them.
    pub truncate_long_values: bool,
    pub longest_artifact_location: usize,
    /// Schemes that name a host to connect to, and are allowed in artifact locations all the same.
    pub host_addressed_schemes: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            truncate_long_values: true,
            longest_artifact_location: 2048,
            host_addressed_schemes: Vec::new(),
        }
    }
}

impl Limits {
    /// What the environment sets, under MLflow's names. What cannot be read is as if not set.
    pub fn from_environment() -> Self {
        let default = Self::default();
        let truncate = env::var("MLFLOW_TRUNCATE_LONG_VALUES").unwrap_or_default();
        let longest = env::var("MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH").unwrap_or_default();
        let schemes = env::var("MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES");
        Self {
            truncate_long_values: match truncate.to_lowercase().as_str() {
                "false" | "0" => false,
                "true" | "1" => true,
                _ => default.truncate_long_values,
            },
            longest_artifact_location: longest.parse().unwrap_or(default.longest_artifact_location),
            host_addressed_schemes: schemes
                .unwrap_or_default()
                .split(',')
                .map(|scheme| scheme.trim().to_lowercase())
                .filter(|scheme| !scheme.is_empty())
                .collect(),
        }
    }
}
