//! `flowkeep db`: a database without a server.

use clap::Subcommand;

use super::output::Outcome;
use crate::config::DatabaseUri;
use crate::store::{self, Found};

#[derive(Subcommand)]
pub enum DbCommand {
    /// Say whether flowkeep can work with a database, and change nothing
    Check {
        #[arg(value_name = "URI")]
        uri: String,
    },
    /// Create the tables in an empty database, or add flowkeep's to those of MLflow
    Init {
        #[arg(value_name = "URI")]
        uri: String,
    },
}

impl DbCommand {
    pub fn run(self) -> Outcome {
        match self {
            Self::Check { uri } => {
                let uri = DatabaseUri::parse(&uri)?;
                match store::check(&uri)? {
                    Found::Empty => {
                        println!("{uri} is empty. `flowkeep server` will create its tables.");
                    }
                    Found::AtHead { pending: 0 } => println!("{uri} is ready."),
                    Found::AtHead { .. } => println!(
                        "{uri} is MLflow's. `flowkeep server` will add tables of its own and leave MLflow's as they are."
                    ),
                }
            }
            Self::Init { uri } => {
                let uri = DatabaseUri::parse(&uri)?;
                match store::initialize(&uri)? {
                    Found::Empty => println!("{uri} was empty and has its tables now."),
                    Found::AtHead { pending: 0 } => println!("{uri} was ready already."),
                    Found::AtHead { .. } => {
                        println!("{uri} has flowkeep's tables beside MLflow's now.");
                    }
                }
            }
        }
        Ok(())
    }
}
