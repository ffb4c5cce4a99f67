//! Downloads MLflow's wheel with pip, which uses its configured index and verifies what it
//! downloads.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::UiError;
use super::folder::is_version;

/// Downloads the wheel of a version into a directory and returns its path. Fails if there is no
/// pip, or if pip fails.
pub fn download(version: &str, folder: &Path) -> Result<PathBuf, UiError> {
    if !is_version(version) {
        return Err(UiError::BadVersion(version.to_owned()));
    }
    for python in ["python3", "python"] {
        let pip = ["-m", "pip", "--disable-pip-version-check", "--quiet"];
        let there = Command::new(python)
            .args(["-m", "pip", "--version"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match there {
            Ok(status) if status.success() => {}
            Ok(_) => continue,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(UiError::Unreadable(PathBuf::from(python), error)),
        }
        let status = Command::new(python)
            .args(pip)
            // The wheel is not run here, so it can require a newer Python than the installed one.
            .args(["download", "--no-deps", "--only-binary=:all:"])
            .args(["--python-version", "3.12", "--dest"])
            .arg(folder)
            .arg(format!("mlflow=={version}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(UiError::PipFailed(version.to_owned()));
        }
        return wheel_in(folder).ok_or_else(|| UiError::PipFailed(version.to_owned()));
    }
    Err(UiError::NoPip(version.to_owned()))
}

/// Returns the wheel in a directory.
fn wheel_in(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
}
