//! The policies that the server puts in force at its start.

use std::path::PathBuf;
use std::{fs, io};

use clap::Args;

use super::ConfigError;

/// The flag for policies.
#[derive(Args)]
pub struct PolicyFlags {
    /// A file of lifecycle policies to put in force at the start. Can be given several times
    #[arg(long = "policy", env = "FLOWKEEP_POLICY", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl PolicyFlags {
    /// Returns the contents of the files. Fails if one of them cannot be read.
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
