//! Which browsers may talk to the server: what it takes to keep a web page that a user looks at from
//! reaching a server that only the user should reach.

use clap::Args;

use super::ConfigError;

#[derive(Args)]
pub struct SecurityFlags {
    /// Names under which the server may be addressed, beside localhost: with '*' as a wildcard, separated
    /// by commas, each with any port or with one. Unless it is given: private addresses
    #[arg(long, env = "MLFLOW_SERVER_ALLOWED_HOSTS", value_name = "HOSTS")]
    allowed_hosts: Option<String>,

    /// Web sites whose pages may call the server, separated by commas; '*' allows all of them.
    /// Unless it is given: the server's own pages, and those on this machine
    #[arg(
        long,
        env = "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
        value_name = "ORIGINS"
    )]
    cors_allowed_origins: Option<String>,

    /// Check neither hosts nor origins. Any web page that a user looks at can then use the server
    #[arg(long, env = "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE")]
    disable_security_middleware: bool,

    /// Whether other pages may show the server in a frame: SAMEORIGIN, DENY or NONE (all may)
    #[arg(
        long,
        env = "MLFLOW_SERVER_X_FRAME_OPTIONS",
        value_name = "RULE",
        default_value = "SAMEORIGIN"
    )]
    x_frame_options: String,
}

impl SecurityFlags {
    pub fn settings(self) -> Result<Option<SecuritySettings>, ConfigError> {
        if self.disable_security_middleware {
            return Ok(None);
        }
        let frame_options = match self.x_frame_options.to_ascii_uppercase().as_str() {
            "NONE" => None,
            "SAMEORIGIN" => Some("SAMEORIGIN"),
            "DENY" => Some("DENY"),
            _ => return Err(ConfigError::FrameOptions(self.x_frame_options)),
        };
        Ok(Some(SecuritySettings {
            allowed_hosts: self.allowed_hosts.as_deref().map(list),
            allowed_origins: self
                .cors_allowed_origins
                .as_deref()
                .map(list)
                .unwrap_or_default(),
            frame_options,
        }))
    }
}

/// What is checked of each request; where there are no settings, nothing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecuritySettings {
    /// Beside localhost. `None` stands for private addresses.
    pub allowed_hosts: Option<Vec<String>>,
    /// Beside those on this machine.
    pub allowed_origins: Vec<String>,
    pub frame_options: Option<&'static str>,
}

impl SecuritySettings {
    /// The first name under which the server may be addressed; patterns are none.
    pub fn public_name(&self) -> Option<String> {
        let mut names = self.allowed_hosts.iter().flatten();
        names
            .find(|name| !name.is_empty() && !name.contains('*'))
            .cloned()
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|item| item.trim().to_owned()).collect()
}
