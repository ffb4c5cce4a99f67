//! Where a UI may be.

use std::fs;
use std::path::{Path, PathBuf};

use etcetera::base_strategy::{BaseStrategy, Xdg};
use tracing::{info, warn};

use super::{BUILD, INDEX, UiError, UiFolder};

/// The folders that are looked into, in this order.
#[derive(Debug, Default)]
pub struct Places {
    /// What the user named; a UI must be there.
    pub named: Option<PathBuf>,
    /// Where `flowkeep ui install` puts it.
    pub data: Option<PathBuf>,
    /// Python environments, of which one may have an MLflow.
    pub environments: Vec<PathBuf>,
}

impl Places {
    /// Returns where the UI may be: in a folder that was named, or in one of the environments.
    pub fn new(named: Option<PathBuf>, environments: Vec<PathBuf>) -> Self {
        Self {
            named,
            data: data_folder().ok(),
            environments,
        }
    }

    /// A UI of another MLflow than this server stands in for calls other routes. Whoever names or
    /// installs one wants it; one that merely happens to be on the machine is left alone.
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

/// The UI of each MLflow in a Python environment.
fn builds(environment: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(environment.join("lib")) else {
        return Vec::new();
    };
    let mut builds: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("python"))
        .map(|entry| entry.path().join("site-packages").join(BUILD))
        .filter(|build| build.join(INDEX).is_file())
        .collect();
    builds.sort();
    builds
}

/// Where a UI is installed unless another folder is named.
pub fn data_folder() -> Result<PathBuf, UiError> {
    let places = Xdg::new().map_err(|_| UiError::NoDataFolder)?;
    Ok(places.data_dir().join("flowkeep").join("ui"))
}
