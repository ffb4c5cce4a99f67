//! Reads environment variables. No module outside of `config` does.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;

/// Returns the value of a variable. A variable that is set to an empty text counts as not set, as
/// for MLflow.
pub(super) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the value of a variable, also an empty one.
pub(super) fn raw_variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// Returns whether a variable is set to an empty text.
pub fn is_set_to_nothing(name: &OsStr) -> bool {
    env::var_os(name).is_some_and(|value| value.is_empty())
}

/// Returns the name of the user that runs the process, if the operating system states it.
pub fn user() -> Option<String> {
    variable("USER")
}

/// Returns the directories of the active Python environments.
pub fn python_environments() -> Vec<PathBuf> {
    ["VIRTUAL_ENV", "CONDA_PREFIX"]
        .into_iter()
        .filter_map(env::var_os)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .collect()
}

/// The MLflow client's credentials. They come from variables only, so that they do not appear in
/// process lists.
pub struct ClientSecrets {
    /// The value of `MLFLOW_TRACKING_TOKEN`.
    pub token: Option<String>,
    /// The value of `MLFLOW_TRACKING_PASSWORD`.
    pub password: Option<String>,
}

impl ClientSecrets {
    /// Reads MLflow's variables.
    pub fn from_environment() -> Self {
        Self {
            token: variable("MLFLOW_TRACKING_TOKEN"),
            password: variable("MLFLOW_TRACKING_PASSWORD"),
        }
    }
}
