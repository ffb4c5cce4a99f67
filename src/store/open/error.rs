//! Why a database cannot be worked with. Each is a sentence that says what to do instead.

use thiserror::Error;

use super::heads::Head;
use crate::config::{DatabaseUri, MlflowSchema};

#[derive(Debug, Error)]
pub enum OpenError {
    #[error("The database {0} cannot be opened: {1}.")]
    Connection(DatabaseUri, String),
    #[error(
        "The database {database} is at an older schema of MLflow ({found}) than those that flowkeep works with. \
         Back it up, run `mlflow db upgrade` of MLflow {newest} on it, and start again. Nothing was changed.",
        newest = MlflowSchema::default().version()
    )]
    OlderHead {
        database: DatabaseUri,
        found: String,
    },
    #[error(
        "The database {database} does not say which schema of MLflow it has: alembic_version has {0} rows, \
         where MLflow keeps one. Nothing was changed.", found.len()
    )]
    UnclearHead {
        database: DatabaseUri,
        found: Vec<String>,
    },
    #[error(
        "The tables of the database {database} are not as flowkeep needs them: {misfits}. MLflow's schema is {head}. \
         If a newer MLflow made them, use a newer flowkeep. Nothing was changed."
    )]
    Misfit {
        database: DatabaseUri,
        head: Head,
        misfits: String,
    },
    #[error(
        "The database {database} holds tables that are not MLflow's ({example}, …). \
         Give flowkeep an empty database, or one that MLflow made. Nothing was changed."
    )]
    ForeignTables {
        database: DatabaseUri,
        example: String,
    },
    #[error(
        "A newer flowkeep has worked with the database {database} (its migration {version} is unknown to this one). \
         Use that one again. Nothing was changed."
    )]
    NewerFlowkeep {
        database: DatabaseUri,
        version: String,
    },
    #[error(
        "The users in the database {database} are at a schema of MLflow ({found}) that this flowkeep does not know. Use a \
         newer flowkeep, or name another database_uri in the file of MLFLOW_AUTH_CONFIG_PATH. Nothing was changed."
    )]
    UnknownAuthHead {
        database: DatabaseUri,
        found: String,
    },
    #[error(
        "The role '{role}' in the workspace '{workspace}' has the name of a role that MLflow keeps for one user, and \
         others have it. Rename it, and start again. Nothing was changed."
    )]
    SharedHiddenRole { role: String, workspace: String },
    #[error(
        "The users in the database {database} must be brought to a newer schema, and no copy of them could be made \
         before: {reason}. Nothing was changed."
    )]
    Copy {
        database: DatabaseUri,
        reason: String,
    },
    #[error("The database refused a statement: {0}.")]
    Statement(#[from] diesel::result::Error),
    #[error("A migration failed: {0}.")]
    Migration(Box<dyn std::error::Error + Send + Sync>),
}
