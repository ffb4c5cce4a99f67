//! Finds the version that a client names by its number, by a stage or by an alias.

use std::convert::Infallible;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::store::Db;
use crate::store::model_versions::{self, Stage};
use crate::store::registered_models::aliases;
use crate::validation::registry_names;
use crate::wire::ModelVersion;

/// What names one version of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionReference {
    /// The number as it was given.
    Number(String),
    /// The newest version in a stage, as in `models:/name/Production`.
    Stage(Stage),
    Alias(String),
}

/// What is neither a number nor the name of a stage is an alias, with or without an `@` before it.
/// With the `@`, everything is an alias.
impl FromStr for VersionReference {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if let Some(alias) = text.strip_prefix('@') {
            Self::Alias(alias.to_owned())
        } else if registry_names::version(text).is_ok() {
            Self::Number(text.to_owned())
        } else if let Ok(stage) = Stage::parse(text) {
            Self::Stage(stage)
        } else {
            Self::Alias(text.to_owned())
        })
    }
}

impl VersionReference {
    /// Returns the version of a model that the reference names. Fails where there is none.
    pub fn find(&self, db: &mut Db, name: &str) -> Result<ModelVersion> {
        let stage = match self {
            Self::Number(number) => return model_versions::get(db, name, number),
            Self::Alias(alias) => return aliases::resolve(db, name, alias),
            Self::Stage(stage) => stage.as_str(),
        };
        registry_names::check_model(name)?;
        let newest = model_versions::latest_versions(db, name, &[stage.to_owned()])?;
        model_versions::newest(newest).ok_or_else(|| {
            Error::does_not_exist(format!("No version of model '{name}' is in stage {stage}."))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_number_a_stage_or_an_alias() {
        let alias = |name: &str| VersionReference::Alias(name.to_owned());
        for (text, expected) in [
            ("3", VersionReference::Number("3".to_owned())),
            ("production", VersionReference::Stage(Stage::Production)),
            ("@Production", alias("Production")),
            ("@3", alias("3")),
            ("champion", alias("champion")),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }
}
