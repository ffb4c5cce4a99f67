//! Settings for logins, as MLflow's basic-auth app reads them: an ini file and a few variables.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};

use super::environment::{raw_variable, variable};
use super::ini::read_section;
use super::{ConfigError, DatabaseUri};

const APP_NAME: &str = "basic-auth";
const CONFIG_PATH: &str = "MLFLOW_AUTH_CONFIG_PATH";
const ADMIN_USERNAME: &str = "MLFLOW_AUTH_ADMIN_USERNAME";
const ADMIN_PASSWORD: &str = "MLFLOW_AUTH_ADMIN_PASSWORD";
const SECRET_KEY: &str = "MLFLOW_FLASK_SERVER_SECRET_KEY";

const DEFAULT_PERMISSIONS: [&str; 6] = ["READ", "USE", "EDIT", "MANAGE", "NO_PERMISSIONS", "DENY"];
const BASIC_AUTH_FUNCTION: &str = "mlflow.server.auth:authenticate_request_basic_auth";

/// The flag for logins.
#[derive(Args)]
pub struct AuthFlags {
    /// Ask everybody for a login: 'basic-auth' is the only app. Its settings are in the file that
    /// `MLFLOW_AUTH_CONFIG_PATH` names
    #[arg(long, value_name = "NAME")]
    app_name: Option<String>,

    /// Refuse to start without logins
    #[arg(
        long,
        env = "FLOWKEEP_REQUIRE_AUTH",
        action = ArgAction::Set,
        value_parser = BoolishValueParser::new(),
        num_args = 0,
        default_missing_value = "true"
    )]
    require_auth: Option<bool>,
}

impl AuthFlags {
    /// Returns the settings, or `None` for a server without logins. Fails if the app is unknown, or if a setting
    /// cannot be followed.
    pub fn settings(&self) -> Result<Option<AuthSettings>, ConfigError> {
        match self.app_name.as_deref() {
            None if self.require_auth == Some(true) => Err(ConfigError::LoginsRequired),
            None => Ok(None),
            Some(APP_NAME) => AuthSettings::from_environment().map(Some),
            Some(_) => Err(ConfigError::Unsupported {
                flag: "--app-name",
                reason: "the only app that it stands in for is basic-auth.",
            }),
        }
    }
}

/// The settings for logins.
#[derive(Clone)]
pub struct AuthSettings {
    pub database: DatabaseUri,
    /// The name of the permission that users have on what nobody has granted them.
    pub default_permission: String,
    /// Whether everybody has the default permission in the workspace `default`.
    pub grant_default_workspace_access: bool,
    /// `None` if it is set to nothing.
    pub admin_username: Option<String>,
    pub admin_password: Option<String>,
    /// What proves that a form was made by this server, or by another one with the same key. `None` for a random one.
    pub secret_key: Option<String>,
    /// The most passwords that are remembered as checked.
    pub largest_password_cache: usize,
    /// Settings of the file that have no effect.
    pub without_effect: Vec<&'static str>,
}

impl AuthSettings {
    /// Reads MLflow's variables and the file that they name.
    pub fn from_environment() -> Result<Self, ConfigError> {
        let values = match variable(CONFIG_PATH) {
            Some(path) => read_file(Path::new(&path))?,
            None => packaged_values(),
        };
        let mut settings = Self::from_values(&values)?;
        settings.secret_key = variable(SECRET_KEY);
        // A variable that is set counts also where it is empty, so that a secret that was not put in does not bring
        // back an old password from the file.
        if let Some(name) = raw_variable(ADMIN_USERNAME) {
            settings.admin_username = Some(name).filter(|name| !name.is_empty());
        }
        if let Some(password) = raw_variable(ADMIN_PASSWORD) {
            settings.admin_password = Some(password).filter(|password| !password.is_empty());
        }
        Ok(settings)
    }

    fn from_values(values: &Values) -> Result<Self, ConfigError> {
        let text = |name: &str| values.get(name).cloned();
        let required = |name: &'static str| {
            text(name).ok_or_else(|| invalid(format!("{name} is missing in its section [mlflow]")))
        };
        let default_permission = required("default_permission")?;
        if !DEFAULT_PERMISSIONS.contains(&default_permission.as_str()) {
            return Err(invalid(format!(
                "default_permission is '{default_permission}', and not one of {}",
                DEFAULT_PERMISSIONS.join(", ")
            )));
        }
        if let Some(function) = text("authorization_function")
            && function != BASIC_AUTH_FUNCTION
        {
            return Err(invalid(format!(
                "authorization_function is '{function}', which is Python; flowkeep checks passwords itself. Leave the \
                 line out"
            )));
        }
        let number = |name: &'static str, default: usize| match text(name) {
            None => Ok(default),
            Some(number) => number
                .parse()
                .map_err(|_| invalid(format!("{name} is '{number}', and not a number"))),
        };
        number("auth_cache_ttl_seconds", 0)?;
        number("workspace_cache_max_size", 0)?;
        number("workspace_cache_ttl_seconds", 0)?;
        let without_effect = [
            "read_database_uri",
            "auth_cache_ttl_seconds",
            "workspace_cache_max_size",
            "workspace_cache_ttl_seconds",
        ];
        let is_set = |name: &&str| values.get(*name).is_some_and(|value| !value.is_empty());
        Ok(Self {
            database: DatabaseUri::parse(&required("database_uri")?)?,
            default_permission,
            grant_default_workspace_access: truth(values, "grant_default_workspace_access")?,
            admin_username: text("admin_username").filter(|name| !name.is_empty()),
            admin_password: text("admin_password").filter(|password| !password.is_empty()),
            secret_key: None,
            largest_password_cache: number("auth_cache_max_size", 10_000)?,
            without_effect: without_effect.into_iter().filter(is_set).collect(),
        })
    }
}

type Values = BTreeMap<String, String>;

/// What the file says that MLflow brings along.
fn packaged_values() -> Values {
    [
        ("default_permission", "READ"),
        ("database_uri", "sqlite:///basic_auth.db"),
        ("admin_username", "admin"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn read_file(path: &Path) -> Result<Values, ConfigError> {
    let text = fs::read_to_string(path)
        .map_err(|error| invalid(format!("{} cannot be read: {error}", path.display())))?;
    let section = read_section(&text, "mlflow")
        .map_err(|reason| invalid(format!("{}: {reason}", path.display())))?;
    section.ok_or_else(|| invalid(format!("{} has no section [mlflow]", path.display())))
}

/// A truth value in one of the words of Python's `configparser`.
fn truth(values: &Values, name: &'static str) -> Result<bool, ConfigError> {
    let Some(value) = values.get(name) else {
        return Ok(false);
    };
    match value.to_lowercase().as_str() {
        "1" | "yes" | "true" | "on" => Ok(true),
        "0" | "no" | "false" | "off" => Ok(false),
        _ => Err(invalid(format!(
            "{name} is '{value}', and not true or false"
        ))),
    }
}

fn invalid(reason: String) -> ConfigError {
    ConfigError::Variable {
        variable: CONFIG_PATH,
        reason,
    }
}

impl fmt::Debug for AuthSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The password must not get into a log.
        formatter
            .debug_struct("AuthSettings")
            .field("database", &self.database)
            .field("default_permission", &self.default_permission)
            .field("admin_username", &self.admin_username)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(changes: &[(&str, &str)]) -> Result<AuthSettings, String> {
        let mut values = packaged_values();
        for (name, value) in changes {
            values.insert((*name).to_owned(), (*value).to_owned());
        }
        AuthSettings::from_values(&values).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_mlflow() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.database.to_string(), "sqlite:///basic_auth.db");
        assert_eq!(settings.default_permission, "READ");
        assert_eq!(settings.admin_username.as_deref(), Some("admin"));
        assert_eq!(settings.admin_password, None);
        assert!(!settings.grant_default_workspace_access);
        assert_eq!(settings.largest_password_cache, 10_000);
        assert!(settings.without_effect.is_empty());
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        for (name, value) in [
            ("default_permission", "read"),
            ("database_uri", "mysql://host/db"),
            ("authorization_function", "my.plugin:authenticate"),
            ("grant_default_workspace_access", "perhaps"),
            ("auth_cache_max_size", "many"),
        ] {
            let refused = settings(&[(name, value)]).map(|_| ()).unwrap_err();
            assert!(
                refused.contains(if name == "database_uri" {
                    "mysql"
                } else {
                    name
                }),
                "{refused}"
            );
        }
    }

    #[test]
    fn an_empty_password_is_none_and_none_is_shown() {
        assert_eq!(
            settings(&[("admin_password", "")]).unwrap().admin_password,
            None
        );
        let secret = settings(&[("admin_password", "a very secret one")]).unwrap();
        assert!(!format!("{secret:?}").contains("secret one"));
    }

    #[test]
    fn settings_without_an_effect_are_named() {
        let settings = settings(&[("auth_cache_ttl_seconds", "60"), ("read_database_uri", "")]);
        assert_eq!(settings.unwrap().without_effect, ["auth_cache_ttl_seconds"]);
    }
}
