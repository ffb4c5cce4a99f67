//! The command `flowkeep retention`: reports which versions a server keeps, why and until when.

use chrono::DateTime;
use clap::Subcommand;
use serde_json::Value;

use super::output::CommandResult;
use super::remote::RemoteFlags;

/// The subcommands of `flowkeep retention`.
#[derive(Subcommand)]
pub enum RetentionCommand {
    /// List the versions that are kept, why and until when, and those that can be deleted
    Report {
        /// Only list the versions of this model
        #[arg(long)]
        model: Option<String>,
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: RemoteFlags,
    },
}

impl RetentionCommand {
    /// Runs the command and prints a line for each version.
    pub fn run(self) -> CommandResult {
        let Self::Report {
            model,
            json,
            server,
        } = self;
        let server = server.connect()?;
        let query: Vec<(&str, &str)> = model.iter().map(|name| ("model", name.as_str())).collect();
        let mut found = 0;
        server.each_page(&["retention".to_owned()], &query, "versions", |version| {
            found += 1;
            if json {
                println!("{version}");
            } else {
                println!("{}", line(version));
            }
        })?;
        if found == 0 {
            eprintln!("Nothing is kept.");
        }
        Ok(())
    }
}

/// Formats a version as a line of text. It begins with "may go" if the version can be deleted,
/// because only then a user can act.
fn line(version: &Value) -> String {
    let text = |name: &str| version[name].as_str().unwrap_or_default();
    if version["may_go"] == true {
        let since = match &version["keep_until_ms"] {
            Value::Null => String::new(),
            until => format!(" since {}", day(until)),
        };
        return format!(
            "may go: version {} of model '{}'{since}",
            text("version"),
            text("model")
        );
    }
    format!("kept: {}", text("why"))
}

/// Formats a time in milliseconds as a day in UTC.
pub fn day(time_ms: &Value) -> String {
    let time = time_ms.as_i64().and_then(DateTime::from_timestamp_millis);
    time.map_or_else(
        || "?".to_owned(),
        |time| time.format("%Y-%m-%d").to_string(),
    )
}
