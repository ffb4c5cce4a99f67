//! Reads the policy files of a command.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::lifecycle::policy::{self, Policy, find_tie};

/// The flags for policy files.
#[derive(Args)]
pub struct PolicyFiles {
    /// A policy file. Can be given several times
    #[arg(short = 'f', long = "file", value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

impl PolicyFiles {
    /// Parses all policies of the files. Fails if a file cannot be read or has an error; the
    /// message names file, line and column.
    pub fn read(&self) -> Result<Vec<Policy>, Box<dyn std::error::Error>> {
        let mut policies: Vec<Policy> = Vec::new();
        for file in &self.files {
            let found =
                Policy::parse_all(&read(file)?).map_err(|problem| with_position(file, &problem))?;
            for policy in found {
                if policies.iter().any(|other| other.name() == policy.name()) {
                    return Err(format!("There are two policies named '{}'.", policy.name()).into());
                }
                policies.push(policy);
            }
        }
        match find_tie(&policies) {
            Some(tie) => Err(tie.into()),
            None => Ok(policies),
        }
    }
}

/// Reads a file. Fails with a message that names it.
pub fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Formats a problem with its position as compilers do, so that editors and terminals can jump to
/// it.
pub fn with_position(file: &Path, problem: &policy::DocumentError) -> String {
    let policy::DocumentError {
        line,
        column,
        message,
    } = problem;
    format!("{}:{line}:{column}: {message}", file.display())
}
