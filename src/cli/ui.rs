//! The command `flowkeep ui`: installs MLflow's web UI, which is not part of flowkeep.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::output::CommandResult;
use crate::config::MLFLOW_VERSION;
use crate::ui::{self, UiError};

/// The subcommands of `flowkeep ui`.
#[derive(Subcommand)]
pub enum UiCommand {
    /// Extract the UI from MLflow's wheel, so that `flowkeep server` serves it
    Install(Install),
}

/// The flags of `flowkeep ui install`.
#[derive(Args)]
pub struct Install {
    /// The MLflow version whose UI is downloaded with pip
    #[arg(long, value_name = "VERSION", default_value = MLFLOW_VERSION, conflicts_with = "wheel")]
    version: String,

    /// A local wheel of MLflow, for machines without pip or network access
    #[arg(long, value_name = "FILE")]
    wheel: Option<PathBuf>,

    /// The target directory; the server then needs --ui-dir (default: the directory in which the
    /// server looks)
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl UiCommand {
    /// Runs the command and prints its result.
    pub fn run(self) -> CommandResult {
        match self {
            Self::Install(install) => install.run(),
        }
    }
}

impl Install {
    fn run(self) -> CommandResult {
        let folder = match self.dir {
            Some(folder) => folder,
            None => ui::data_folder()?,
        };
        let installed = if let Some(wheel) = self.wheel {
            ui::install(&wheel, &folder)?
        } else {
            let downloads = tempfile::tempdir()
                .map_err(|error| UiError::Unwritable(std::env::temp_dir(), error))?;
            eprintln!("Downloading MLflow {} with pip.", self.version);
            let wheel = ui::download(&self.version, downloads.path())?;
            ui::install(&wheel, &folder)?
        };
        println!(
            "The UI of MLflow {} is in {}.",
            installed.version,
            installed.folder.display()
        );
        if installed.version != MLFLOW_VERSION {
            eprintln!(
                "flowkeep answers as MLflow {MLFLOW_VERSION} unless it is started with --mlflow-version {}: some \
                 pages of this UI may fail.",
                installed.version
            );
        }
        Ok(())
    }
}
