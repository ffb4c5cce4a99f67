//! The command `flowkeep db`: checks and prepares a database without a server.

use std::env;

use clap::{Args, Subcommand};

use super::output::CommandResult;
use crate::config::{DatabaseFlags, DatabaseUri, MlflowSchema};
use crate::store::{self, DatabaseState, Head};

/// The subcommands of `flowkeep db`.
#[derive(Subcommand)]
pub enum DbCommand {
    /// Check whether flowkeep can use a database, without changing it
    Check {
        #[command(flatten)]
        database: NamedDatabase,
    },
    /// Create the tables in an empty database, or add flowkeep's tables to those of MLflow
    Init {
        #[command(flatten)]
        database: NamedDatabase,

        /// The MLflow version whose tables an empty database gets (default: 3.17.2)
        #[arg(long, value_name = "VERSION")]
        schema: Option<MlflowSchema>,
    },
}

/// A database that is given as an argument or by the server's flags.
#[derive(Args)]
pub struct NamedDatabase {
    /// The database (default: the one that `flowkeep server` would use here)
    #[arg(value_name = "URI")]
    uri: Option<String>,

    #[command(flatten)]
    flags: DatabaseFlags,
}

impl NamedDatabase {
    /// Returns the address. Fails if it is invalid.
    fn uri(self) -> Result<DatabaseUri, Box<dyn std::error::Error>> {
        match self.uri {
            Some(uri) => Ok(DatabaseUri::parse(&uri)?),
            None => Ok(self.flags.settings(&env::current_dir()?)?.uri),
        }
    }
}

impl DbCommand {
    /// Runs the command and prints its result.
    pub fn run(self) -> CommandResult {
        match self {
            Self::Check { database } => check(&database.uri()?),
            Self::Init { database, schema } => initialize(&database.uri()?, schema),
        }
    }
}

fn check(uri: &DatabaseUri) -> CommandResult {
    let found = store::check(uri)?;
    match &found {
        // A misspelled name must not look like a database that is in order.
        DatabaseState::NoFile => {
            return Err(format!(
                "{uri} does not exist. `flowkeep db init` and `flowkeep server` create it."
            )
            .into());
        }
        DatabaseState::Empty => {
            println!("{uri} is empty. `flowkeep server` will create its tables.");
        }
        DatabaseState::Mlflow { pending: 0, head } => {
            println!("{uri} is ready. MLflow's schema is {head}.");
        }
        DatabaseState::Mlflow { head, .. } => println!(
            "{uri} is MLflow's, with the schema {head}. `flowkeep server` will add tables of its own and leave \
             MLflow's as they are."
        ),
    }
    Ok(())
}

fn initialize(uri: &DatabaseUri, schema: Option<MlflowSchema>) -> CommandResult {
    if let (Some(schema), DatabaseState::Mlflow { head, .. }) = (schema, store::check(uri)?)
        && head != Head::Known(schema)
    {
        return Err(format!(
            "{uri} has MLflow's schema {head} already, which flowkeep does not change. `mlflow db upgrade` of a newer \
             MLflow does."
        )
        .into());
    }
    let found = store::prepare(uri, schema.unwrap_or_default(), |_| {})?;
    match found {
        DatabaseState::NoFile | DatabaseState::Empty => {
            println!("{uri} was empty and has its tables now.");
        }
        DatabaseState::Mlflow { pending: 0, .. } => println!("{uri} was ready already."),
        DatabaseState::Mlflow { .. } => {
            println!("{uri} has flowkeep's tables beside MLflow's now.");
        }
    }
    Ok(())
}
