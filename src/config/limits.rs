//! How the server treats what is too long, and where artifacts may not go.

use std::env;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Cut values of params and tags that are too long, instead of refusing them.
    pub truncate_long_values: bool,
    pub longest_artifact_location: usize,
    /// Schemes that name a host to connect to, and are allowed in artifact locations all the same.
    pub host_addressed_schemes: Vec<String>,
    /// How many requests one GraphQL query may hold.
    pub graphql_root_fields: usize,
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
    /// What the environment sets, under MLflow's names. What cannot be read is as if not set.
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
