//! What commands answer.

use std::io::{self, ErrorKind, Write};
use std::sync::LazyLock;

use crate::config::MLFLOW_VERSION;

/// The version of this program, and that of the MLflow that it stands in for.
pub static VERSION: LazyLock<String> = LazyLock::new(|| version(MLFLOW_VERSION));

/// The version of this program, where it stands in for an MLflow of the given version.
pub fn version(mlflow_version: &str) -> String {
    format!(
        "{} (for clients of MLflow {mlflow_version})",
        env!("CARGO_PKG_VERSION")
    )
}

/// What a command comes to: nothing more to say, or a sentence about what went wrong.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// What a command answers. A reader who has seen enough, as `head` has, is no mistake.
pub fn print(text: &str) -> Outcome {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
