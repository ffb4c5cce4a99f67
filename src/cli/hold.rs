//! The command `flowkeep hold`: places, lifts and lists legal holds on model versions, over a
//! server's API.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::output::CommandResult;
use super::remote::{Call, Remote, RemoteFlags};
use super::retention::day;

/// The subcommands of `flowkeep hold`.
#[derive(Subcommand)]
pub enum HoldCommand {
    /// Place a legal hold on a version
    Place {
        #[command(flatten)]
        version: VersionOnServer,
        /// The reason for keeping the version
        #[arg(long)]
        reason: String,
    },
    /// Lift a legal hold
    Lift {
        #[command(flatten)]
        version: VersionOnServer,
        /// The ID of the hold
        hold: u64,
        /// The reason for lifting the hold
        #[arg(long)]
        reason: String,
    },
    /// List all holds on a version, also lifted ones
    List {
        #[command(flatten)]
        version: VersionOnServer,
    },
}

/// The model version of a command, and its server.
#[derive(Args)]
pub struct VersionOnServer {
    /// The registered model
    name: String,
    /// The number of the version
    version: u32,
    #[command(flatten)]
    server: RemoteFlags,
}

impl VersionOnServer {
    /// Connects to the server, and returns the path of the version's holds, extended by `rest`.
    fn connect(self, rest: &[&str]) -> Result<(Remote, Vec<String>), Box<dyn std::error::Error>> {
        let version = self.version.to_string();
        let path = ["model-versions", &self.name, &version, "holds"]
            .iter()
            .chain(rest)
            .map(|part| (*part).to_owned())
            .collect();
        Ok((self.server.connect()?, path))
    }
}

impl HoldCommand {
    /// Runs the command and prints its result.
    pub fn run(self) -> CommandResult {
        match self {
            Self::Place { version, reason } => {
                let (server, path) = version.connect(&[])?;
                let reply = server.call(&Call {
                    method: Method::POST,
                    path: &path,
                    query: &[],
                    body: Some(json!({"reason": reason})),
                })?;
                println!("Legal hold {} is in force.", reply["hold"]["id"]);
            }
            Self::Lift {
                version,
                hold,
                reason,
            } => {
                let (server, path) = version.connect(&[&hold.to_string(), "lift"])?;
                server.call(&Call {
                    method: Method::POST,
                    path: &path,
                    query: &[],
                    body: Some(json!({"reason": reason})),
                })?;
                println!("Legal hold {hold} is lifted.");
            }
            Self::List { version } => {
                let (server, path) = version.connect(&[])?;
                let mut found = 0;
                server.each_page(&path, &[], "holds", |hold| {
                    found += 1;
                    println!("{}", line(hold));
                })?;
                if found == 0 {
                    eprintln!("No legal hold was ever placed on this version.");
                }
            }
        }
        Ok(())
    }
}

/// Formats a hold as a line of text.
fn line(hold: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let placed = format!(
        "{}: placed {}: {}",
        hold["id"],
        day(&hold["placed_at_ms"]),
        text(&hold["reason"])
    );
    if hold["in_force"] == true {
        return placed;
    }
    format!(
        "{placed}; lifted {}: {}",
        day(&hold["lifted_at_ms"]),
        text(&hold["lift_reason"])
    )
}
