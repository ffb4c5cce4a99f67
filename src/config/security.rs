//! Settings for browser security: they prevent a web page from reaching, through a user's browser,
//! a server that only the user can access.

use clap::Args;

use super::ConfigError;

/// The flags for browser security.
#[derive(Args)]
pub struct SecurityFlags {
    /// Host names under which clients can address the server, in addition to localhost, separated
    /// by commas. '*' is a wildcard; a name without a port accepts every port (default: private
    /// addresses)
    #[arg(long, env = "MLFLOW_SERVER_ALLOWED_HOSTS", value_name = "HOSTS")]
    allowed_hosts: Option<String>,

    /// Web origins whose pages can call the server, separated by commas; '*' allows all [default:
    /// the server's own pages, and pages on this machine]
    #[arg(
        long,
        env = "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
        value_name = "ORIGINS"
    )]
    cors_allowed_origins: Option<String>,

    /// Check neither hosts nor origins. Any web page that a user opens can then use the server
    #[arg(long, env = "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE")]
    disable_security_middleware: bool,

    /// Whether other pages can show the server in a frame: SAMEORIGIN, DENY or NONE (all can)
    #[arg(
        long,
        env = "MLFLOW_SERVER_X_FRAME_OPTIONS",
        value_name = "RULE",
        default_value = "SAMEORIGIN"
    )]
    x_frame_options: String,
}

impl SecurityFlags {
    /// Returns the settings, or `None` if the checks are disabled. Fails if the frame option is
    /// unknown.
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

/// The checks of each request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecuritySettings {
    /// The allowed hosts in addition to localhost. `None` means private addresses.
    pub allowed_hosts: Option<Vec<String>>,
    /// The allowed origins in addition to those on this machine.
    pub allowed_origins: Vec<String>,
    /// The value of the `X-Frame-Options` header, if it is sent.
    pub frame_options: Option<&'static str>,
}

impl SecuritySettings {
    /// Returns the first allowed host name that is not a pattern.
    pub fn public_name(&self) -> Option<String> {
        let mut names = self.allowed_hosts.iter().flatten();
        names
            .find(|name| !name.is_empty() && !name.contains('*'))
            .cloned()
    }
}

/// Splits a list at its commas.
fn list(text: &str) -> Vec<String> {
    text.split(',').map(|item| item.trim().to_owned()).collect()
}
