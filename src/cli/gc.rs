//! The command `flowkeep gc`: permanently deletes what was marked as deleted, as `mlflow gc` does,
//! except what is kept.

use std::env;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use tokio::runtime::Runtime;

use super::output::CommandResult;
use crate::artifacts::Artifacts;
use crate::audit::Actor;
use crate::clock::Clock;
use crate::config::{ArtifactSettings, DatabaseFlags, ObjectStoreSettings, user};
use crate::lifecycle::Resources;
use crate::lifecycle::gc::{self, GcLine, GcOutcome, GcSelection};
use crate::store::{self, Store};

/// The flags of `flowkeep gc`.
#[derive(Args)]
pub struct GcCommand {
    #[command(flatten)]
    database: DatabaseFlags,

    /// The location in which the server stores the artifacts that it proxies
    #[arg(
        long,
        env = "MLFLOW_ARTIFACTS_DESTINATION",
        value_name = "URI",
        default_value = "./mlartifacts"
    )]
    artifacts_destination: String,

    /// Only delete what was marked as deleted at least this long ago, such as 30d or 1d2h3m4s
    #[arg(long, value_name = "TIME", value_parser = length_of_time)]
    older_than: Option<i64>,

    /// Only delete these runs. They must be marked as deleted
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    run_ids: Option<Vec<String>>,

    /// Only delete these experiments, with their runs and logged models. They must be marked as
    /// deleted
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    experiment_ids: Option<Vec<String>>,

    /// Only delete these logged models. They must be marked as deleted
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    logged_model_ids: Option<Vec<String>>,

    /// Print what would be deleted and what is kept, without changing anything
    #[arg(long)]
    dry_run: bool,
}

impl GcCommand {
    /// Runs the command and prints a line for each entity. Fails if the database is not prepared,
    /// or if something could not be deleted.
    pub fn run(self) -> CommandResult {
        let working_directory = env::current_dir()?;
        let database = self.database.settings(&working_directory)?;
        if !store::check(&database.uri)?.is_ready() {
            return Err(format!(
                "{} does not have flowkeep's tables yet. Make it ready with `flowkeep db init`.",
                database.uri
            )
            .into());
        }
        check_folder(&self.artifacts_destination)?;
        let settings = ArtifactSettings {
            default_root: "mlflow-artifacts:/".to_owned(),
            destination: self.artifacts_destination,
            serve: true,
            only: false,
            largest: None,
            stores: ObjectStoreSettings::from_environment()?,
        };
        let selection = GcSelection {
            older_than_ms: self.older_than,
            run_ids: self.run_ids,
            logged_model_ids: self.logged_model_ids,
            experiment_ids: self.experiment_ids,
        };
        // The call fails if the process already has a provider, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut failed = 0;
        Runtime::new()?.block_on(async {
            let store = Arc::new(Store::connect(&database)?);
            let clock = Clock::default();
            let artifacts = Artifacts::new(&settings, Arc::clone(&store), clock.clone())?;
            let artifacts = Arc::new(artifacts);
            let resources = Resources {
                store: &store,
                artifacts: &artifacts,
                clock: &clock,
            };
            let tell = |line: GcLine| {
                failed += usize::from(matches!(line.outcome, GcOutcome::Failed(_)));
                say(&line);
            };
            gc::collect(resources, &actor(), selection, self.dry_run, tell).await
        })?;
        match failed {
            0 => Ok(()),
            _ => Err(format!("{failed} could not be removed").into()),
        }
    }
}

/// Prints the result for one entity.
fn say(line: &GcLine) {
    let GcLine { what, .. } = line;
    match &line.outcome {
        GcOutcome::Removed => println!("{what} has been permanently deleted."),
        GcOutcome::WouldGo => println!("{what} would be permanently deleted."),
        GcOutcome::Kept(reason) => println!("{what} is kept: {reason}."),
        GcOutcome::Failed(reason) => println!("{what} could not be deleted: {reason}"),
    }
    if let Some(note) = &line.note {
        println!("  {note}");
    }
}

/// Returns the actor for the history: the command, and the user that runs it.
fn actor() -> Actor {
    Actor {
        authenticated: Some("flowkeep gc".to_owned()),
        ..Actor::claiming(user())
    }
}

/// Fails if the destination is a local directory that does not exist.
///
/// With a directory that is not the server's, the rows would be deleted and their artifacts would
/// stay forever.
fn check_folder(destination: &str) -> Result<(), String> {
    let path = destination.strip_prefix("file://").unwrap_or(destination);
    if path.contains("://") || Path::new(path).is_dir() {
        return Ok(());
    }
    Err(format!(
        "There is no folder {destination}. Name the server's own with --artifacts-destination."
    ))
}

/// Parses a duration in the format of `mlflow gc`: numbers with d, h, m and s, in this order.
/// Returns milliseconds.
fn length_of_time(text: &str) -> Result<i64, String> {
    const UNITS: [(char, f64); 4] = [('d', 86_400.0), ('h', 3_600.0), ('m', 60.0), ('s', 1.0)];
    let refused = || format!("'{text}' is not understood. Write 8h, 2d8h5m20s or 2m4s");
    let mut rest = text;
    let mut seconds = 0.0;
    for (unit, factor) in UNITS {
        if let Some((number, after)) = rest.split_once(unit) {
            let is_number = number.chars().all(|c| c.is_ascii_digit() || c == '.');
            let number: f64 = number
                .parse()
                .ok()
                .filter(|_| is_number)
                .ok_or_else(refused)?;
            seconds += number * factor;
            rest = after;
        }
    }
    if !rest.is_empty() || text.is_empty() {
        return Err(refused());
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a number that is too large becomes the largest"
    )]
    let milliseconds = (seconds * 1_000.0) as i64;
    Ok(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_stock_mlflow_does() {
        for (text, milliseconds) in [
            ("8h", 28_800_000),
            ("2d8h5m20s", 201_920_000),
            ("2m4s", 124_000),
            ("1.5h", 5_400_000),
            ("0s", 0),
        ] {
            assert_eq!(length_of_time(text), Ok(milliseconds), "{text}");
        }
        for text in ["", "8", "8w", "h", "4s2m", "-1h", "1d 2h", "1e3s"] {
            assert!(length_of_time(text).is_err(), "{text}");
        }
    }
}
