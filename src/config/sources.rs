//! Which sources a new model version may have.

use std::env;

use regex::Regex;

use super::{ArtifactSettings, ConfigError, Limits};

/// What the server is told about the sources of model versions.
#[derive(Clone, Debug, Default)]
pub struct SourceRules {
    /// Sources in which it is not found are refused.
    pub pattern: Option<Regex>,
    /// Where this server itself keeps artifacts: hosts that may be connected to.
    pub own_locations: Vec<String>,
    /// Schemes that name a host, and are allowed whatever host it is.
    pub allowed_schemes: Vec<String>,
}

impl SourceRules {
    /// Reads the variable that `mlflow server` has for the pattern.
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

/// A rule that cannot be read must not be passed over: somebody relies on it.
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
