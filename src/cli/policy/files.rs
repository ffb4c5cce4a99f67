//! The files of policies that a command is given.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::lifecycle::policy::{self, Policy, find_tie};

#[derive(Args)]
pub struct Files {
    /// A file of policies. May be given several times
    #[arg(short = 'f', long = "file", value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

impl Files {
    /// All policies of the files. What is wrong with one is said with file, line and column.
    pub fn read(&self) -> Result<Vec<Policy>, Box<dyn std::error::Error>> {
        let mut policies: Vec<Policy> = Vec::new();
        for file in &self.files {
            let found =
                Policy::parse_all(&read(file)?).map_err(|problem| placed(file, &problem))?;
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

/// The text of a file.
pub fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Says where a mistake is, in the form that editors and compilers use: a terminal can jump there.
pub fn placed(file: &Path, problem: &policy::Problem) -> String {
    let policy::Problem {
        line,
        column,
        message,
    } = problem;
    format!("{}:{line}:{column}: {message}", file.display())
}
