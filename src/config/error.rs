//! The errors of invalid settings. Each message says what to do about it.

use thiserror::Error;

/// The reason why the server cannot start with its settings.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    #[error(transparent)]
    Uri(#[from] UriError),
    #[error(
        "--registry-store-uri ({registry}) names another place than --backend-store-uri ({backend}). \
         flowkeep keeps runs and registered models in one database: leave --registry-store-uri out."
    )]
    TwoDatabases { registry: String, backend: String },
    #[error(
        "./mlruns holds runs in MLflow's file store, which flowkeep does not read. Move them into a \
         database with `mlflow migrate-filestore`, or name one with --backend-store-uri."
    )]
    FileStore,
    #[error("{flag} is not supported by flowkeep: {reason}")]
    Unsupported {
        flag: &'static str,
        reason: &'static str,
    },
    #[error(
        "--require-auth is given, and nobody would have to log in. Start the server with --app-name basic-auth, or leave \
         --require-auth out."
    )]
    LoginsRequired,
    #[error("--static-prefix must begin with '/', must not end with it, and has no braces: '{0}'.")]
    StaticPrefix(String),
    #[error("--x-frame-options must be SAMEORIGIN, DENY or NONE, not '{0}'.")]
    FrameOptions(String),
    #[error(
        "{0} is not a key: give it 32 bytes in URL-safe base64, as \
         `python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'` prints them."
    )]
    Key(&'static str),
    #[error("{variable} cannot be followed: {reason}.")]
    Variable {
        variable: &'static str,
        reason: String,
    },
    #[error("The policy file {path} cannot be read: {reason}.")]
    PolicyFile { path: String, reason: String },
    #[error("{variable} is not a regular expression that flowkeep can use: {reason}")]
    Pattern {
        variable: &'static str,
        reason: String,
    },
}

/// The reason why a database address cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum UriError {
    #[error(
        "'{0}' is not a database address. Use sqlite:///file.db or postgresql://user@host/name."
    )]
    Unreadable(String),
    #[error(
        "'{0}' databases are not supported. flowkeep keeps its data in SQLite or in PostgreSQL."
    )]
    Unsupported(String),
    #[error(
        "'{0}' is a folder for MLflow's file store, which flowkeep does not read. Move it into a \
         database with `mlflow migrate-filestore`, or use sqlite:///file.db or postgresql://user@host/name."
    )]
    FileStore(String),
    #[error("'{0}' is the name of a file, not an address. Write sqlite:///{0}.")]
    PlainFile(String),
    #[error("A SQLite database in memory would be lost at exit. Name a file: sqlite:///mlflow.db.")]
    InMemory,
}
