//! The MLflow version that flowkeep reports, and the MLflow schema that a new database gets.

use clap::{Args, ValueEnum};

/// The newest MLflow version that passed all tests.
pub const MLFLOW_VERSION: &str = "3.17.2";

/// An MLflow schema that flowkeep can create.
///
/// The default belongs to the version that `pip install mlflow` installs, so that it can open the
/// database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MlflowSchema {
    #[default]
    #[value(name = "3.17.2")]
    V3_17_2,
    #[value(name = "3.18.0")]
    V3_18_0,
}

impl MlflowSchema {
    /// All schemas, the oldest first.
    pub const ALL: [Self; 2] = [Self::V3_17_2, Self::V3_18_0];

    /// Returns the Alembic head, which is the ID of the last migration.
    pub fn head(self) -> &'static str {
        match self {
            Self::V3_17_2 => "dc11669786a5",
            Self::V3_18_0 => "f4a9b2c7d1e6",
        }
    }

    /// Returns the first MLflow version with this schema.
    pub fn version(self) -> &'static str {
        match self {
            Self::V3_17_2 => "3.17.2",
            Self::V3_18_0 => "3.18.0",
        }
    }
}

/// The flag for the reported MLflow version.
#[derive(Args)]
pub struct MlflowFlags {
    /// The MLflow version that flowkeep reports to clients and to the UI
    #[arg(
        long,
        env = "FLOWKEEP_MLFLOW_VERSION",
        value_name = "VERSION",
        default_value = MLFLOW_VERSION,
        value_parser = version
    )]
    pub mlflow_version: String,
}

/// Parses a version in MLflow's format: `3.18.0` or `3.18.0rc1`.
fn version(text: &str) -> Result<String, String> {
    let numbers: Vec<_> = text.splitn(3, '.').collect();
    let begins_with_digit = |part: &&str| part.starts_with(|letter: char| letter.is_ascii_digit());
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    if numbers.len() == 3 && numbers.iter().all(begins_with_digit) && plain {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "it is not a version of MLflow, such as {MLFLOW_VERSION}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_mlflow() {
        for good in ["3.17.2", "3.18.0", "3.18.0rc1", "3.19.1.dev0"] {
            assert_eq!(version(good).as_deref(), Ok(good));
        }
        for bad in [
            "", "3", "3.18", "v3.18.0", "3..0", "3.18.0\n", "../../x", "3.18.0 ",
        ] {
            assert!(version(bad).is_err(), "{bad}");
        }
    }
}
