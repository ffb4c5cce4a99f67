//! Where the files of the web UI are.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
pub struct UiFlags {
    /// A folder with the files of MLflow's UI. Unless it is given: what `flowkeep ui install` has
    /// installed, or that of an MLflow in the active Python environment
    #[arg(long, env = "FLOWKEEP_UI_DIR", value_name = "DIR")]
    pub ui_dir: Option<PathBuf>,
}
