//! Where the artifacts of new experiments go, and whether the server carries them.

use std::path::Path;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};

use crate::artifact_uri::absolute;

#[derive(Args)]
pub struct ArtifactFlags {
    /// Where new experiments keep their artifacts. Unless it is given: this server, or ./mlruns
    /// with --no-serve-artifacts
    #[arg(long, env = "MLFLOW_DEFAULT_ARTIFACT_ROOT", value_name = "URI")]
    default_artifact_root: Option<String>,

    /// Carry artifacts between clients and --artifacts-destination (the default)
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

    /// Leave artifacts to the clients, who reach --default-artifact-root by themselves
    #[arg(long)]
    no_serve_artifacts: bool,

    /// Carry artifacts, and answer nothing else
    #[arg(long, env = "MLFLOW_ARTIFACTS_ONLY")]
    artifacts_only: bool,

    /// Where the server keeps the artifacts that it carries
    #[arg(
        long,
        env = "MLFLOW_ARTIFACTS_DESTINATION",
        value_name = "URI",
        default_value = "./mlartifacts"
    )]
    artifacts_destination: String,
}

impl ArtifactFlags {
    pub fn settings(self, working_directory: &Path) -> ArtifactSettings {
        let serve = self.serve_artifacts.unwrap_or(true) && !self.no_serve_artifacts;
        let default_root = self.default_artifact_root.unwrap_or_else(|| {
            let root = if serve {
                "mlflow-artifacts:/"
            } else {
                "./mlruns"
            };
            root.to_owned()
        });
        ArtifactSettings {
            default_root: absolute(&default_root, working_directory),
            destination: self.artifacts_destination,
            serve,
            only: self.artifacts_only,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactSettings {
    /// The root under which a new experiment gets its artifact location.
    pub default_root: String,
    /// Where the proxy keeps what clients send it.
    pub destination: String,
    pub serve: bool,
    /// Serve artifacts and nothing else.
    pub only: bool,
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
    }

    #[test]
    fn new_experiments_use_the_proxy_unless_told_otherwise() {
        assert_eq!(
            settings(&[]),
            ArtifactSettings {
                default_root: "mlflow-artifacts:/".to_owned(),
                destination: "./mlartifacts".to_owned(),
                serve: true,
                only: false,
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
    fn the_last_of_two_contrary_flags_counts() {
        assert!(!settings(&["--serve-artifacts", "--no-serve-artifacts"]).serve);
        assert!(settings(&["--no-serve-artifacts", "--serve-artifacts"]).serve);
    }
}
