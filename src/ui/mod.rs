//! Installs and finds MLflow's web UI. flowkeep contains none of its files: it extracts them from
//! MLflow's wheel, or serves those of an installed MLflow.
//!
//! This module uses no other module of flowkeep.

mod compress;
mod download;
mod folder;
mod install;
mod search_path;
#[cfg(test)]
mod tests;
mod wheel;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

pub use self::download::download;
pub use self::folder::{Encoding, UiFolder};
pub use self::install::{Installed, install};
pub use self::search_path::{UiSearchPath, data_folder};

/// The page that a browser loads first. A directory without it has no UI.
const INDEX: &str = "index.html";
/// The directory of the UI in MLflow's wheel and in an installed MLflow.
const BUILD_DIRECTORY: &str = "mlflow/server/js/build";

/// The reason why a UI cannot be installed or served. Each message says what to do about it.
#[derive(Debug, Error)]
pub enum UiError {
    #[error("There is no UI in {0}: it has no index.html.")]
    NoUi(PathBuf),
    #[error("{0} cannot be read: {1}.")]
    Unreadable(PathBuf, io::Error),
    #[error("{0} cannot be written: {1}.")]
    Unwritable(PathBuf, io::Error),
    #[error(
        "{0} holds other things than a UI that flowkeep installed. Name a new or empty folder with --dir."
    )]
    Occupied(PathBuf),
    #[error("It is not known where your data belongs: HOME is not set. Name a folder with --dir.")]
    NoDataFolder,
    #[error("{wheel} is not a wheel that flowkeep can take the UI from: {reason}.")]
    BadWheel { wheel: PathBuf, reason: String },
    #[error("'{0}' is not a version of MLflow, such as 3.17.2.")]
    BadVersion(String),
    #[error(
        "There is no Python with pip here to download MLflow's wheel with. Download it elsewhere with \
         `pip download --no-deps mlflow=={0}`, and name the file with --wheel."
    )]
    NoPip(String),
    #[error(
        "pip could not download MLflow {0}; it says why above. Download it elsewhere with \
         `pip download --no-deps mlflow=={0}`, and name the file with --wheel."
    )]
    PipFailed(String),
}
