//! The variables of the environment. Nothing outside of this room reads one.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;

/// The value of a variable. One that is set to nothing counts as not set, as it does for MLflow.
pub(super) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether a variable is set, but to nothing.
pub fn is_set_to_nothing(name: &OsStr) -> bool {
    env::var_os(name).is_some_and(|value| value.is_empty())
}

/// The user as the operating system names it.
pub fn user() -> Option<String> {
    variable("USER")
}

/// The Python environments that are active.
pub fn python_environments() -> Vec<PathBuf> {
    ["VIRTUAL_ENV", "CONDA_PREFIX"]
        .into_iter()
        .filter_map(env::var_os)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .collect()
}

/// What the MLflow client keeps out of command lines: it is in no list of processes.
pub struct ClientSecrets {
    pub token: Option<String>,
    pub password: Option<String>,
}

impl ClientSecrets {
    pub fn from_environment() -> Self {
        Self {
            token: variable("MLFLOW_TRACKING_TOKEN"),
            password: variable("MLFLOW_TRACKING_PASSWORD"),
        }
    }
}
