//! Settings for HTTP: the address that the server listens on, and the path under which it answers.

use std::num::NonZeroUsize;

use clap::Args;

use super::{ConfigError, TrustedProxies};

/// The flags for HTTP.
#[derive(Args)]
pub struct HttpFlags {
    /// The network interface to listen on. 0.0.0.0 means all interfaces; see --allowed-hosts
    #[arg(
        short = 'h',
        long,
        env = "MLFLOW_HOST",
        value_name = "HOST",
        default_value = "127.0.0.1"
    )]
    host: String,

    /// The port to listen on
    #[arg(
        short,
        long,
        env = "MLFLOW_PORT",
        value_name = "PORT",
        default_value_t = 5000
    )]
    port: u16,

    /// The number of worker threads (default: one for each processor)
    #[arg(short, long, env = "MLFLOW_WORKERS", value_name = "COUNT")]
    workers: Option<NonZeroUsize>,

    /// A path prefix for all routes, such as /mlflow
    #[arg(long, env = "MLFLOW_STATIC_PREFIX", value_name = "PATH")]
    static_prefix: Option<String>,

    /// IP addresses and networks of proxies whose X-Forwarded-For, -Proto, -Host and -Port headers
    /// are trusted, separated by commas; '*' trusts all
    #[arg(
        long,
        env = "FORWARDED_ALLOW_IPS",
        value_name = "ADDRESSES",
        default_value = "127.0.0.1,::1"
    )]
    forwarded_allow_ips: TrustedProxies,
}

impl HttpFlags {
    /// Returns the settings. Fails if the prefix is not a path.
    pub fn settings(self) -> Result<HttpSettings, ConfigError> {
        let static_prefix = self.static_prefix.unwrap_or_default();
        let well_formed = static_prefix.is_empty()
            || static_prefix.starts_with('/')
                && !static_prefix.ends_with('/')
                && !static_prefix.contains(['{', '}']);
        if !well_formed {
            return Err(ConfigError::StaticPrefix(static_prefix));
        }
        Ok(HttpSettings {
            host: self.host,
            port: self.port,
            workers: self.workers,
            static_prefix,
            trusted_proxies: self.forwarded_allow_ips,
        })
    }
}

/// The settings for HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// The host name or IP address to listen on.
    pub host: String,
    /// The port to listen on.
    pub port: u16,
    /// The number of worker threads. `None` means one for each processor.
    pub workers: Option<NonZeroUsize>,
    /// Empty, or a path that starts with `/` and does not end with it.
    pub static_prefix: String,
    /// The proxies whose `X-Forwarded-*` headers are trusted.
    pub trusted_proxies: TrustedProxies,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(static_prefix: &str) -> Result<HttpSettings, ConfigError> {
        let flags = HttpFlags {
            host: "127.0.0.1".to_owned(),
            port: 5000,
            workers: None,
            static_prefix: Some(static_prefix.to_owned()),
            forwarded_allow_ips: TrustedProxies::All,
        };
        flags.settings()
    }

    #[test]
    fn the_prefix_is_a_path() {
        for good in ["", "/mlflow", "/a/b"] {
            assert_eq!(settings(good).unwrap().static_prefix, good);
        }
        for bad in ["mlflow", "/mlflow/", "/", "/{a}"] {
            assert_eq!(
                settings(bad),
                Err(ConfigError::StaticPrefix(bad.to_owned()))
            );
        }
    }
}
