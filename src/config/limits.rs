//! Limits on lengths and counts, and the schemes that artifact locations can have.

use std::env;

/// The limits that MLflow's variables set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whether values of params and tags that are too long are truncated instead of refused.
    pub truncate_long_values: bool,
    /// The maximum length of an artifact location in characters.
    pub longest_artifact_location: usize,
    /// Schemes that name a host, and that artifact locations can have nevertheless.
    pub host_addressed_schemes: Vec<String>,
    /// The maximum number of root fields in a GraphQL query.
    pub graphql_root_fields: usize,
    /// The maximum number of aliases in a GraphQL query.
    pub graphql_aliases: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            truncate_long_values: true,
            longest_artifact_location: 2048,
            host_addressed_schemes: Vec::new(),
            graphql_root_fields: 10,
            graphql_aliases: 10,
        }
    }
}

impl Limits {
    /// Reads MLflow's variables. A value that cannot be parsed counts as not set.
    pub fn from_environment() -> Self {
        let default = Self::default();
        let truncate = env::var("MLFLOW_TRUNCATE_LONG_VALUES").unwrap_or_default();
        let longest = env::var("MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH").unwrap_or_default();
        let schemes = env::var("MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES");
        let number = |name, default| {
            let value = env::var(name).ok();
            value.and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        Self {
            graphql_root_fields: number(
                "MLFLOW_SERVER_GRAPHQL_MAX_ROOT_FIELDS",
                default.graphql_root_fields,
            ),
            graphql_aliases: number("MLFLOW_SERVER_GRAPHQL_MAX_ALIASES", default.graphql_aliases),
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
