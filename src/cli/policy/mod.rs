//! The command `flowkeep policy`: writes, tests and applies lifecycle policies.

mod files;
mod test;

use clap::{Args, Subcommand};
use similar::TextDiff;

use self::files::PolicyFiles;
use super::output::{CommandResult, print};
use super::remote::{Remote, RemoteFlags};
use crate::lifecycle::policy::{self, Policy};

/// The subcommands of `flowkeep policy`.
#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Put the policies of a file in force on a server
    Apply(PolicyFilesOnServer),
    /// Print the policies that are in force on a server, or one of them by name
    Show {
        name: Option<String>,
        #[command(flatten)]
        server: RemoteFlags,
    },
    /// Show what applying a file would change. Exits with status 1 if there are changes
    Diff(PolicyFilesOnServer),
    /// Take a policy out of force
    Delete {
        name: String,
        #[command(flatten)]
        server: RemoteFlags,
    },
    /// Check policies and run test cases on them, without a server
    Test(test::TestCommand),
    /// Print the JSON Schema of policy files, for editors
    Schema,
}

/// Policy files, and the server that they are for.
#[derive(Args)]
pub struct PolicyFilesOnServer {
    #[command(flatten)]
    files: PolicyFiles,
    #[command(flatten)]
    server: RemoteFlags,
}

impl PolicyCommand {
    /// Runs the command and prints its result.
    pub fn run(self) -> CommandResult {
        match self {
            Self::Apply(PolicyFilesOnServer { files, server }) => {
                apply(&server.connect()?, &files.read()?)
            }
            Self::Show { name, server } => show(&server.connect()?, name.as_deref()),
            Self::Diff(PolicyFilesOnServer { files, server }) => {
                diff(&server.connect()?, &files.read()?)
            }
            Self::Delete { name, server } => {
                server.connect()?.delete(&name)?;
                println!("{name} is no longer in force.");
                Ok(())
            }
            Self::Test(command) => command.run(),
            Self::Schema => print(&format!("{:#}\n", policy::schema())),
        }
    }
}

/// Puts policies in force and prints which of them changed.
fn apply(server: &Remote, policies: &[Policy]) -> CommandResult {
    let texts: Vec<&str> = policies.iter().map(Policy::text).collect();
    for applied in server.put(texts.join("\n---\n"))? {
        if applied.changed {
            println!("{} is in force.", applied.name);
        } else {
            println!("{} is in force already.", applied.name);
        }
    }
    Ok(())
}

/// Prints the policies that are in force.
fn show(server: &Remote, name: Option<&str>) -> CommandResult {
    let policies = match name {
        Some(name) => vec![
            server
                .get(name)?
                .ok_or_else(|| format!("No policy named '{name}' is in force."))?,
        ],
        None => server.list()?,
    };
    if policies.is_empty() {
        eprintln!("No policy is in force.");
    }
    let texts: Vec<&str> = policies
        .iter()
        .map(|policy| policy.text.trim_end())
        .collect();
    if !texts.is_empty() {
        print(&format!("{}\n", texts.join("\n---\n")))?;
    }
    Ok(())
}

/// Prints the differences between the files and the policies in force. Fails if there are any.
fn diff(server: &Remote, policies: &[Policy]) -> CommandResult {
    let mut changed = Vec::new();
    for policy in policies {
        let name = policy.name();
        let before = server.get(name)?;
        if before
            .as_ref()
            .is_some_and(|before| before.hash == policy.hash())
        {
            continue;
        }
        let before = before.map(|before| before.text).unwrap_or_default();
        let difference = TextDiff::from_lines(before.as_str(), policy.text());
        let headed = format!("{name} (in force)");
        let shown = difference.unified_diff().header(&headed, name).to_string();
        print(&shown)?;
        changed.push(name);
    }
    if changed.is_empty() {
        Ok(())
    } else {
        Err(format!("applying would change {}", changed.join(", ")).into())
    }
}
