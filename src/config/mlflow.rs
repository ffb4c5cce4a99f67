//! Which MLflow flowkeep stands in for, and which of MLflow's schemas a new database gets.

use clap::{Args, ValueEnum};

/// The newest MLflow that all tests passed with.
pub const MLFLOW_VERSION: &str = "3.17.2";

/// A schema of MLflow's that flowkeep can create.
///
/// The default is that of the MLflow that `pip install mlflow` gives, so that it can open the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MlflowSchema {
    #[default]
    #[value(name = "3.17.2")]
    V3_17_2,
    #[value(name = "3.18.0")]
    V3_18_0,
}

impl MlflowSchema {
    pub const ALL: [Self; 2] = [Self::V3_17_2, Self::V3_18_0];

    /// The Alembic head: the last of MLflow's migrations.
    pub fn head(self) -> &'static str {
        match self {
            Self::V3_17_2 => "dc11669786a5",
            Self::V3_18_0 => "f4a9b2c7d1e6",
        }
    }

    /// The first MLflow with this schema.
    pub fn version(self) -> &'static str {
        match self {
            Self::V3_17_2 => "3.17.2",
            Self::V3_18_0 => "3.18.0",
        }
    }
}

#[derive(Args)]
pub struct MlflowFlags {
    /// The version of MLflow that clients and the UI are told they talk to
    #[arg(
        long,
        env = "FLOWKEEP_MLFLOW_VERSION",
        value_name = "VERSION",
        default_value = MLFLOW_VERSION,
        value_parser = version
    )]
    pub mlflow_version: String,
}

/// Reads a version as MLflow writes its own: `3.18.0`, `3.18.0rc1`.
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
