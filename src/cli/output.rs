//! Prints the results of commands.

use std::io::{self, ErrorKind, Write};
use std::sync::LazyLock;

use crate::config::MLFLOW_VERSION;

/// The version of flowkeep with the MLflow version that it reports by default.
pub static VERSION: LazyLock<String> = LazyLock::new(|| version(MLFLOW_VERSION));

/// Returns the version of flowkeep with the MLflow version that it reports.
pub fn version(mlflow_version: &str) -> String {
    format!(
        "{} (for clients of MLflow {mlflow_version})",
        env!("CARGO_PKG_VERSION")
    )
}

/// The result of a command. The error is a sentence for the user.
pub type CommandResult = Result<(), Box<dyn std::error::Error>>;

/// Prints a result to stdout. A reader that closes the pipe early, such as `head`, is not an error.
pub fn print(text: &str) -> CommandResult {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
