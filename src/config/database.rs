//! The database address, in the forms of SQLAlchemy that MLflow's users know.

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use clap::Args;
use percent_encoding::percent_decode_str;
use url::Url;

use super::{ConfigError, UriError};

/// The database that MLflow uses by default.
const DEFAULT_URI: &str = "sqlite:///mlflow.db";

/// The flags for the database.
#[derive(Args)]
#[expect(
    clippy::doc_markdown,
    reason = "the help shows the addresses as they are typed"
)]
pub struct DatabaseFlags {
    /// The database: sqlite:///file.db or postgresql://user:password@host/name (default:
    /// sqlite:///mlflow.db)
    #[arg(long, env = "MLFLOW_BACKEND_STORE_URI", value_name = "URI")]
    backend_store_uri: Option<String>,

    /// The database of registered models. It must be that of --backend-store-uri
    #[arg(long, env = "MLFLOW_REGISTRY_STORE_URI", value_name = "URI")]
    registry_store_uri: Option<String>,
}

impl DatabaseFlags {
    /// Returns the settings. Fails if an address is invalid, if the two addresses differ, or if
    /// MLflow's file store is in the working directory and no database is given.
    pub fn settings(self, working_directory: &Path) -> Result<DatabaseSettings, ConfigError> {
        let uri = match &self.backend_store_uri {
            Some(uri) => DatabaseUri::parse(uri)?,
            // MLflow would continue to use the file store. A new, empty database next to it would
            // look as if all runs were lost.
            None if holds_file_store(&working_directory.join("mlruns")) => {
                return Err(ConfigError::FileStore);
            }
            None => DatabaseUri::parse(DEFAULT_URI)?,
        };
        if let Some(registry) = self.registry_store_uri.as_deref() {
            let registry = DatabaseUri::parse(registry)?;
            if registry != uri {
                return Err(ConfigError::TwoDatabases {
                    registry: registry.to_string(),
                    backend: uri.to_string(),
                });
            }
        }
        Ok(DatabaseSettings::new(uri))
    }
}

/// Returns whether a directory is a file store of MLflow, which has a directory for each
/// experiment, named by its number.
fn holds_file_store(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let number = name
                .to_str()
                .is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
            number && entry.path().join("meta.yaml").exists()
        })
    })
}

/// The settings for the database.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// The address.
    pub uri: DatabaseUri,
    /// The number of connections that only read.
    pub readers: u32,
    /// The number of connections that write. SQLite always has one.
    pub writers: u32,
    /// The number of threads that commit short writes in groups on PostgreSQL.
    pub group_writers: usize,
    /// The number of threads that answer short reads together on PostgreSQL.
    pub group_readers: usize,
    /// The maximum number of requests in the queue of a thread. Beyond it, the server answers that it
    /// is busy.
    pub write_queue: usize,
}

impl DatabaseSettings {
    /// Returns the default settings for a database.
    pub fn new(uri: DatabaseUri) -> Self {
        Self {
            uri,
            readers: 8,
            writers: 8,
            group_writers: 2,
            group_readers: 2,
            write_queue: 4096,
        }
    }
}

/// The address of a database.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUri {
    Sqlite(PathBuf),
    /// A connection URI for libpq.
    Postgres(String),
}

impl DatabaseUri {
    /// Parses an address of SQLAlchemy. Ignores the driver. Fails if the database is not supported.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(missing_scheme_error(text));
        };
        let (dialect, _driver) = scheme.split_once('+').unwrap_or((scheme, ""));
        match dialect {
            "sqlite" => parse_sqlite(rest),
            "postgresql" | "postgres" => {
                let address = format!("postgresql://{rest}");
                Url::parse(&address).map_err(|_| UriError::Unreadable(hide_password(text)))?;
                Ok(Self::Postgres(address))
            }
            "file" => Err(UriError::FileStore(text.to_owned())),
            other => Err(UriError::Unsupported(other.to_owned())),
        }
    }

    /// Returns the address for Diesel's `establish`, which selects the backend by its form.
    pub fn to_diesel(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres(address) => address.clone(),
        }
    }
}

/// Returns the error for an address without a scheme.
///
/// MLflow reads it as the directory of a file store. If it names a file, or looks like the name of
/// a database file, the user meant a database.
fn missing_scheme_error(text: &str) -> UriError {
    const ENDINGS: [&str; 4] = ["db", "sqlite", "sqlite3", "db3"];
    let path = Path::new(text);
    let ending = path.extension().and_then(|ending| ending.to_str());
    let has_database_ending = ending.is_some_and(|ending| {
        ENDINGS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending))
    });
    let scheme = text.split(':').next().unwrap_or_default();
    if text.starts_with("file:") || path.is_dir() {
        UriError::FileStore(text.to_owned())
    } else if ["sqlite", "postgresql", "postgres"].contains(&scheme) {
        UriError::Unreadable(hide_password(text))
    } else if has_database_ending || path.is_file() {
        UriError::PlainFile(text.to_owned())
    } else {
        UriError::FileStore(text.to_owned())
    }
}

/// Parses the part after `sqlite://`: `/relative.db` or `//absolute.db`. Ignores SQLAlchemy's
/// options after `?`.
fn parse_sqlite(rest: &str) -> Result<DatabaseUri, UriError> {
    let path = rest.split_once('?').map_or(rest, |(path, _)| path);
    let path = path
        .strip_prefix('/')
        .ok_or_else(|| UriError::Unreadable(format!("sqlite://{rest}")))?;
    if path.is_empty() || path == ":memory:" {
        return Err(UriError::InMemory);
    }
    let path = percent_decode_str(path).decode_utf8_lossy();
    Ok(DatabaseUri::Sqlite(PathBuf::from(path.as_ref())))
}

/// Replaces the user and the password in an address.
fn hide_password(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
        _ => text.to_owned(),
    }
}

/// Leaves the password out, because the address is shown at the start and in logs.
impl fmt::Display for DatabaseUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(formatter, "sqlite:///{}", path.display()),
            Self::Postgres(address) => formatter.write_str(&hide_password(address)),
        }
    }
}

impl fmt::Debug for DatabaseUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_of_sqlalchemy() {
        let sqlite = |path: &str| Ok(DatabaseUri::Sqlite(PathBuf::from(path)));
        assert_eq!(
            DatabaseUri::parse("sqlite:///mlflow.db"),
            sqlite("mlflow.db")
        );
        assert_eq!(
            DatabaseUri::parse("sqlite:////var/m.db"),
            sqlite("/var/m.db")
        );
        for scheme in [
            "postgresql",
            "postgresql+psycopg2",
            "postgres",
            "postgresql+psycopg",
        ] {
            assert_eq!(
                DatabaseUri::parse(&format!("{scheme}://u:p@host:5433/db")),
                Ok(DatabaseUri::Postgres(
                    "postgresql://u:p@host:5433/db".to_owned()
                ))
            );
        }
    }

    #[test]
    fn messages_name_the_mistake() {
        assert_eq!(
            DatabaseUri::parse("mysql://host/db"),
            Err(UriError::Unsupported("mysql".to_owned()))
        );
        assert_eq!(
            DatabaseUri::parse("sqlite://"),
            Err(UriError::Unreadable("sqlite://".to_owned()))
        );
        assert_eq!(
            DatabaseUri::parse("sqlite:///:memory:"),
            Err(UriError::InMemory)
        );
        for folder in ["./mlruns", "file:///mlruns", "file:mlruns"] {
            assert_eq!(
                DatabaseUri::parse(folder),
                Err(UriError::FileStore(folder.to_owned()))
            );
        }
    }

    #[test]
    fn a_file_without_a_scheme_is_not_a_directory() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs");
        fs::write(&file, "").unwrap();
        let file = file.display().to_string();
        for name in ["mlflow.db", "/var/lib/MLFLOW.SQLITE3", file.as_str()] {
            let refused = DatabaseUri::parse(name).unwrap_err();
            assert_eq!(refused, UriError::PlainFile(name.to_owned()));
            assert!(
                refused
                    .to_string()
                    .contains(&format!("Write sqlite:///{name}."))
            );
        }
        // A directory is a file store, whatever its name is.
        let store = folder.path().join("mlflow.db");
        fs::create_dir(&store).unwrap();
        let store = store.display().to_string();
        assert_eq!(
            DatabaseUri::parse(&store),
            Err(UriError::FileStore(store.clone()))
        );
        for slashes_forgotten in ["sqlite:mlflow.db", "sqlite:/mlflow.db", "postgresql:mlflow"] {
            assert_eq!(
                DatabaseUri::parse(slashes_forgotten),
                Err(UriError::Unreadable(slashes_forgotten.to_owned()))
            );
        }
    }

    #[test]
    fn shows_no_password() {
        let uri = DatabaseUri::parse("postgresql://user:secret@host/db").unwrap();
        assert_eq!(uri.to_string(), "postgresql://…@host/db");
        assert!(!format!("{uri:?}").contains("secret"));
    }

    fn settings(backend: Option<&str>, registry: Option<&str>) -> Result<DatabaseUri, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let flags = DatabaseFlags {
            backend_store_uri: backend.map(str::to_owned),
            registry_store_uri: registry.map(str::to_owned),
        };
        flags.settings(folder.path()).map(|settings| settings.uri)
    }

    #[test]
    fn runs_and_models_share_a_database() {
        let file = |name: &str| Ok(DatabaseUri::Sqlite(PathBuf::from(name)));
        assert_eq!(settings(None, None), file("mlflow.db"));
        assert_eq!(
            settings(None, Some("sqlite:///mlflow.db")),
            file("mlflow.db")
        );
        assert_eq!(
            settings(Some("sqlite:///a.db"), Some("sqlite:///b.db")),
            Err(ConfigError::TwoDatabases {
                registry: "sqlite:///b.db".to_owned(),
                backend: "sqlite:///a.db".to_owned(),
            })
        );
        // The driver does not matter for the comparison.
        assert_eq!(
            settings(
                Some("postgresql://host/db"),
                Some("postgresql+psycopg2://host/db")
            ),
            Ok(DatabaseUri::Postgres("postgresql://host/db".to_owned()))
        );
    }

    #[test]
    fn does_not_start_empty_beside_a_file_store() {
        let folder = tempfile::tempdir().unwrap();
        let flags = || DatabaseFlags {
            backend_store_uri: None,
            registry_store_uri: None,
        };
        fs::create_dir_all(folder.path().join("mlruns/models")).unwrap();
        assert!(flags().settings(folder.path()).is_ok());
        fs::create_dir_all(folder.path().join("mlruns/0")).unwrap();
        fs::write(folder.path().join("mlruns/0/meta.yaml"), "").unwrap();
        let refused = flags().settings(folder.path()).map(|_| ());
        assert_eq!(refused, Err(ConfigError::FileStore));
    }
}
