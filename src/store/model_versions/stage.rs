//! The stages of model versions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Error, Result};

/// The stage of a deleted version in the database. Its row is kept, so that its number is not used again.
pub const DELETED: &str = "Deleted_Internal";

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, ToSchema,
)]
pub enum Stage {
    None,
    Staging,
    Production,
    Archived,
}

impl Stage {
    const ALL: [Self; 4] = [Self::None, Self::Staging, Self::Production, Self::Archived];

    /// Reads the name of a stage in any case. Fails with MLflow's error for other names.
    pub fn parse(name: &str) -> Result<Self> {
        let lower = name.to_lowercase();
        Self::ALL
            .into_iter()
            .find(|stage| stage.as_str().to_lowercase() == lower)
            .ok_or_else(|| {
                Error::invalid_parameter(format!(
                    "Invalid Model Version stage: {name}. Value must be one of {}.",
                    Self::ALL.map(Self::as_str).join(", ")
                ))
            })
    }

    /// Returns the name of the stage, as MLflow writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Staging => "Staging",
            Self::Production => "Production",
            Self::Archived => "Archived",
        }
    }

    /// Returns whether versions in this stage are in use: `Staging` and `Production`.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Staging | Self::Production)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_in_any_case() {
        assert_eq!(Stage::parse("pRoDuction").unwrap(), Stage::Production);
        assert_eq!(Stage::parse("none").unwrap(), Stage::None);
        let error = Stage::parse("Prod").unwrap_err();
        assert_eq!(
            error.message,
            "Invalid Model Version stage: Prod. Value must be one of None, Staging, Production, Archived."
        );
        assert!(Stage::parse(DELETED).is_err());
    }
}
