//! Finds the UI that the server serves.

use std::fs;
use std::path::{Path, PathBuf};

use etcetera::base_strategy::{BaseStrategy, Xdg};
use tracing::{info, warn};

use super::{BUILD_DIRECTORY, INDEX, UiError, UiFolder};

/// The directories that can have a UI, in the order in which they are searched.
#[derive(Debug, Default)]
pub struct UiSearchPath {
    /// The directory that the user gave. It must have a UI.
    pub named: Option<PathBuf>,
    /// The directory into which `flowkeep ui install` installs.
    pub data: Option<PathBuf>,
    /// Python environments that can have an MLflow.
    pub environments: Vec<PathBuf>,
}

impl UiSearchPath {
    /// Returns the directories for a server: the given one, the installed one, and the
    /// environments.
    pub fn new(named: Option<PathBuf>, environments: Vec<PathBuf>) -> Self {
        Self {
            named,
            data: data_folder().ok(),
            environments,
        }
    }

    /// Returns the first UI. Fails if a directory that the user gave has none.
    ///
    /// The UI of another MLflow version calls other routes. It is served if the user gave or
    /// installed it, with a warning; in an environment it is skipped.
    pub fn find(&self, wanted_version: &str) -> Result<Option<UiFolder>, UiError> {
        let installed = self.data.as_ref().filter(|data| data.join(INDEX).is_file());
        if let Some(folder) = self.named.as_ref().or(installed) {
            let ui = UiFolder::open(folder)?;
            if let Some(version) = ui.version().filter(|version| *version != wanted_version) {
                warn!(
                    "The UI in {} is that of MLflow {version}. flowkeep answers as MLflow {wanted_version}: \
                     some of its pages may fail. `flowkeep ui install` gets the one that fits, and \
                     --mlflow-version {version} answers as the other MLflow.",
                    folder.display()
                );
            }
            return Ok(Some(ui));
        }
        for folder in self.environments.iter().flat_map(|root| builds(root)) {
            let ui = UiFolder::open(&folder)?;
            if ui.version() == Some(wanted_version) {
                return Ok(Some(ui));
            }
            info!(
                "The UI in {} is that of MLflow {}, not {wanted_version}, and is not served. \
                 `flowkeep ui install` gets the one that fits.",
                folder.display(),
                ui.version().unwrap_or("of an unknown version"),
            );
        }
        Ok(None)
    }
}

/// Returns the UI directories of the MLflow installations in a Python environment.
fn builds(environment: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(environment.join("lib")) else {
        return Vec::new();
    };
    let mut builds: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("python"))
        .map(|entry| entry.path().join("site-packages").join(BUILD_DIRECTORY))
        .filter(|build| build.join(INDEX).is_file())
        .collect();
    builds.sort();
    builds
}

/// Returns the default directory for installing a UI. Fails if there is no home directory.
pub fn data_folder() -> Result<PathBuf, UiError> {
    let places = Xdg::new().map_err(|_| UiError::NoDataFolder)?;
    Ok(places.data_dir().join("flowkeep").join("ui"))
}
