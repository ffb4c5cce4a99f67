//! The rules for the sources of new model versions.

use std::env;

use regex::Regex;

use super::{ArtifactSettings, ConfigError, Limits};

/// The sources that a new model version can have.
#[derive(Clone, Debug, Default)]
pub struct SourceRules {
    /// A source is refused if the pattern does not match any part of it.
    pub pattern: Option<Regex>,
    /// The server's own artifact locations, whose hosts are allowed.
    pub own_locations: Vec<String>,
    /// Schemes that name a host, and that are allowed with every host.
    pub allowed_schemes: Vec<String>,
}

impl SourceRules {
    /// Reads the pattern from the variable that `mlflow server` uses. Fails if it is not a regular
    /// expression.
    pub fn from_environment(
        artifacts: &ArtifactSettings,
        limits: &Limits,
    ) -> Result<Self, ConfigError> {
        const PATTERN: &str = "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX";
        let pattern = env::var(PATTERN).unwrap_or_default();
        Ok(Self {
            pattern: read_pattern(PATTERN, &pattern)?,
            own_locations: vec![
                artifacts.default_root.clone(),
                artifacts.destination.clone(),
            ],
            allowed_schemes: limits.host_addressed_schemes.clone(),
        })
    }
}

/// Compiles the pattern. Fails if it is invalid, because somebody relies on it.
fn read_pattern(variable: &'static str, pattern: &str) -> Result<Option<Regex>, ConfigError> {
    if pattern.is_empty() {
        return Ok(None);
    }
    match Regex::new(pattern) {
        Ok(pattern) => Ok(Some(pattern)),
        Err(error) => Err(ConfigError::Pattern {
            variable,
            reason: error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_cannot_be_read_are_refused() {
        assert!(read_pattern("V", "").unwrap().is_none());
        assert!(
            read_pattern("V", "^s3://")
                .unwrap()
                .unwrap()
                .is_match("s3://a")
        );
        assert!(read_pattern("V", "(").is_err());
    }
}
