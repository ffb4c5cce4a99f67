//! `flowkeep hold`: legal holds on model versions, over the API of a server.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::output::Outcome;
use super::policy::remote::{Call, Remote, RemoteFlags};
use super::retention::day;

#[derive(Subcommand)]
pub enum HoldCommand {
    /// Place a legal hold on a version
    Place {
        #[command(flatten)]
        version: VersionOnServer,
        /// Why it must be kept
        #[arg(long)]
        reason: String,
    },
    /// Lift a legal hold
    Lift {
        #[command(flatten)]
        version: VersionOnServer,
        /// The number of the hold
        hold: u64,
        /// Why it need not be kept any more
        #[arg(long)]
        reason: String,
    },
    /// List the holds that were ever placed on a version
    List {
        #[command(flatten)]
        version: VersionOnServer,
    },
}

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
    /// The server, and the path of something about the version.
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
    pub fn run(self) -> Outcome {
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
