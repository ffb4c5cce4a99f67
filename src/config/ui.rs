//! The location of the web UI's files.

use std::path::PathBuf;

use clap::Args;

/// The flag for the web UI.
#[derive(Args)]
pub struct UiFlags {
    /// A directory with the files of MLflow's UI (default: the UI that `flowkeep ui install`
    /// installed, or that of the MLflow in the active Python environment)
    #[arg(long, env = "FLOWKEEP_UI_DIR", value_name = "DIR")]
    pub ui_dir: Option<PathBuf>,
}
