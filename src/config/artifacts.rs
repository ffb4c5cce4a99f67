//! Settings for artifacts: their default location, and whether the server proxies them.

use std::path::Path;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};

use super::{ConfigError, ObjectStoreSettings};
use crate::artifact_uri::absolute;

/// The flags for artifacts.
#[derive(Args)]
pub struct ArtifactFlags {
    /// The artifact root of new experiments (default: this server, or ./mlruns with
    /// --no-serve-artifacts)
    #[arg(long, env = "MLFLOW_DEFAULT_ARTIFACT_ROOT", value_name = "URI")]
    default_artifact_root: Option<String>,

    /// Proxy artifacts between clients and --artifacts-destination (the default)
    #[arg(
        long,
        env = "MLFLOW_SERVE_ARTIFACTS",
        action = ArgAction::Set,
        value_parser = BoolishValueParser::new(),
        num_args = 0,
        default_missing_value = "true",
        overrides_with = "no_serve_artifacts"
    )]
    serve_artifacts: Option<bool>,

    /// Do not proxy artifacts: clients access --default-artifact-root directly
    #[arg(long)]
    no_serve_artifacts: bool,

    /// Proxy artifacts and serve no other API
    #[arg(long, env = "MLFLOW_ARTIFACTS_ONLY")]
    artifacts_only: bool,

    /// The location in which the server stores the artifacts that it proxies
    #[arg(
        long,
        env = "MLFLOW_ARTIFACTS_DESTINATION",
        value_name = "URI",
        default_value = "./mlartifacts"
    )]
    artifacts_destination: String,

    /// The maximum size of an artifact that clients can upload through this server, such as 500MB
    /// or 20GiB
    #[arg(
        long,
        env = "FLOWKEEP_MAX_ARTIFACT_SIZE",
        value_name = "SIZE",
        value_parser = size
    )]
    max_artifact_size: Option<u64>,
}

impl ArtifactFlags {
    /// Returns the settings, with local paths resolved against `working_directory`. Fails if a
    /// variable of an object store is invalid.
    pub fn settings(self, working_directory: &Path) -> Result<ArtifactSettings, ConfigError> {
        let serve = self.serve_artifacts.unwrap_or(true) && !self.no_serve_artifacts;
        let default_root = self.default_artifact_root.unwrap_or_else(|| {
            let root = if serve {
                "mlflow-artifacts:/"
            } else {
                "./mlruns"
            };
            root.to_owned()
        });
        Ok(ArtifactSettings {
            default_root: absolute(&default_root, working_directory),
            destination: self.artifacts_destination,
            serve,
            only: self.artifacts_only,
            largest: self.max_artifact_size,
            stores: ObjectStoreSettings::from_environment()?,
        })
    }
}

/// Parses a number of bytes with an optional unit, such as `500MB` or `20GiB`.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor: u64 = match text[digits.len()..].to_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        unit => {
            return Err(format!(
                "'{unit}' is no unit; KiB, MiB, GiB, KB, MB and GB are"
            ));
        }
    };
    let number: u64 = digits
        .trim_end()
        .parse()
        .map_err(|_| "it must be a number and a unit, such as 20GiB".to_owned())?;
    number
        .checked_mul(factor)
        .ok_or_else(|| "it is too large".to_owned())
}

/// The settings for artifacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactSettings {
    /// The root under which a new experiment gets its artifact location.
    pub default_root: String,
    /// The location in which the proxy stores artifacts.
    pub destination: String,
    /// Whether the server proxies artifacts.
    pub serve: bool,
    /// Whether the server proxies artifacts and serves no other API.
    pub only: bool,
    /// The maximum size of an uploaded artifact in bytes.
    pub largest: Option<u64>,
    /// The settings for access to object stores.
    pub stores: ObjectStoreSettings,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        artifacts: ArtifactFlags,
    }

    fn settings(flags: &[&str]) -> ArtifactSettings {
        Command::parse_from([&["server"], flags].concat())
            .artifacts
            .settings(Path::new("/srv"))
            .unwrap()
    }

    #[test]
    fn new_experiments_use_the_proxy_by_default() {
        let plain = settings(&[]);
        // The settings of object stores depend on the environment in which the tests run.
        let stores = plain.stores.clone();
        assert_eq!(
            plain,
            ArtifactSettings {
                default_root: "mlflow-artifacts:/".to_owned(),
                destination: "./mlartifacts".to_owned(),
                serve: true,
                only: false,
                largest: None,
                stores,
            }
        );
        let root = |flags: &[&str]| settings(flags).default_root;
        assert_eq!(root(&["--no-serve-artifacts"]), "/srv/mlruns");
        for (given, kept) in [
            ("s3://bucket/root", "s3://bucket/root"),
            ("./here", "/srv/here"),
            ("/there", "/there"),
            ("file:./here", "file:///srv/here"),
            ("file:///there", "file:///there"),
        ] {
            assert_eq!(root(&["--default-artifact-root", given]), kept);
        }
    }

    #[test]
    fn parses_sizes_with_units() {
        for (text, bytes) in [
            ("0", 0),
            ("5000", 5000),
            ("1kB", 1000),
            ("20GiB", 20 << 30),
            ("3 m", 3 << 20),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "GiB", "1.5GiB", "-1", "1 parsec", "99999999TiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_last_of_two_opposite_flags_wins() {
        assert!(!settings(&["--serve-artifacts", "--no-serve-artifacts"]).serve);
        assert!(settings(&["--no-serve-artifacts", "--serve-artifacts"]).serve);
    }
}
