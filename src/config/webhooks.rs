//! Settings for webhooks: the allowed addresses and the delivery.

use std::fmt;
use std::time::Duration;

use fernet::Fernet;

use super::ConfigError;
use super::environment::variable;

/// The settings for webhooks.
#[derive(Clone)]
pub struct WebhookSettings {
    /// The URL schemes that webhooks can have.
    pub allowed_schemes: Vec<String>,
    /// Whether webhooks can have private addresses.
    pub allow_private_addresses: bool,
    /// The maximum duration of one delivery.
    pub timeout: Duration,
    /// The maximum number of concurrent deliveries.
    pub concurrency: usize,
    /// The key that encrypts the secrets of webhooks.
    pub key: Fernet,
    /// Whether the key exists only in this process.
    pub key_is_temporary: bool,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            allowed_schemes: vec!["https".to_owned()],
            allow_private_addresses: false,
            timeout: Duration::from_secs(30),
            concurrency: 10,
            key: new_key(),
            key_is_temporary: true,
        }
    }
}

impl WebhookSettings {
    /// Reads MLflow's variables. A number that cannot be parsed counts as not set. Fails if the key
    /// is invalid.
    pub fn from_environment() -> Result<Self, ConfigError> {
        const KEY: &str = "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY";
        let mut settings = Self::default();
        if let Some(schemes) = variable("MLFLOW_WEBHOOK_ALLOWED_SCHEMES") {
            settings.allowed_schemes = schemes
                .split(',')
                .map(|scheme| scheme.trim().to_lowercase())
                .collect();
        }
        if let Some(allow) = variable("MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS") {
            settings.allow_private_addresses =
                matches!(allow.to_lowercase().as_str(), "true" | "1");
        }
        let number = |name: &str| variable(name).and_then(|value| value.parse().ok());
        if let Some(seconds) = number("MLFLOW_WEBHOOK_REQUEST_TIMEOUT") {
            settings.timeout = Duration::from_secs(seconds);
        }
        if let Some(count) = number("MLFLOW_WEBHOOK_DELIVERY_MAX_WORKERS") {
            settings.concurrency = usize::try_from(count).unwrap_or(1).clamp(1, 100);
        }
        if let Some(key) = variable(KEY) {
            settings.key = Fernet::new(&key).ok_or(ConfigError::Key(KEY))?;
            settings.key_is_temporary = false;
        }
        Ok(settings)
    }
}

/// Generates a random key.
fn new_key() -> Fernet {
    loop {
        if let Some(key) = Fernet::new(&Fernet::generate_key()) {
            return key;
        }
    }
}

impl fmt::Debug for WebhookSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key must not get into a log.
        formatter
            .debug_struct("WebhookSettings")
            .field("allowed_schemes", &self.allowed_schemes)
            .field("allow_private_addresses", &self.allow_private_addresses)
            .field("timeout", &self.timeout)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
