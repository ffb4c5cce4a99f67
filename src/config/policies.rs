//! The policies that a server puts in force when it starts.

use std::path::PathBuf;
use std::{fs, io};

use clap::Args;

use super::ConfigError;

#[derive(Args)]
pub struct PolicyFlags {
    /// A file of lifecycle policies to put in force at the start. May be given more than once
    #[arg(long = "policy", env = "FLOWKEEP_POLICY", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl PolicyFlags {
    /// The texts of the files.
    pub fn read(&self) -> Result<Vec<String>, ConfigError> {
        let texts = self.files.iter().map(|path| {
            fs::read_to_string(path).map_err(|error: io::Error| ConfigError::PolicyFile {
                path: path.display().to_string(),
                reason: error.to_string(),
            })
        });
        texts.collect()
    }
}
