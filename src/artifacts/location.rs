//! Where the address of a run's or a model's artifacts leads.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::local::LocalFolder;
use super::path::ArtifactPath;
use super::repository::Repository;
use crate::config::ArtifactSettings;
use crate::error::{Error, Result};

/// In addresses that name the proxy by its URL, what follows this is the path behind the proxy.
const PROXY_ROUTE: &str = "/api/2.0/mlflow-artifacts/artifacts/";

/// The artifacts that this server reaches.
pub struct Artifacts {
    destination: Repository,
    serve: bool,
}

/// A folder in a repository.
#[derive(Clone, Debug)]
pub struct Place {
    pub repository: Repository,
    pub path: ArtifactPath,
}

impl Artifacts {
    pub fn new(settings: &ArtifactSettings) -> Result<Self> {
        let destination = repository(&settings.destination, LocalFolder::owned)?;
        if let Repository::Local(folder) = &destination
            && let Err(error) = folder.remove_abandoned_uploads()
        {
            tracing::warn!(%error, "uploads that an earlier server left behind could not be removed");
        }
        Ok(Self {
            destination,
            serve: settings.serve,
        })
    }

    /// What is behind the proxy.
    pub fn destination(&self) -> &Repository {
        &self.destination
    }

    pub fn resolve(&self, uri: &str) -> Result<Place> {
        let proxied = match uri.split_once(':') {
            Some(("mlflow-artifacts", rest)) => Some(path_of(rest)),
            Some(("http" | "https", rest)) => {
                let (_, behind) = path_of(rest)
                    .split_once(PROXY_ROUTE)
                    .ok_or_else(|| unknown(uri))?;
                Some(behind)
            }
            _ => None,
        };
        match proxied {
            Some(path) if self.serve => Ok(Place {
                repository: self.destination.clone(),
                path: ArtifactPath::from_plain(path.trim_start_matches('/'))?,
            }),
            Some(_) => Err(Error::invalid_parameter(format!(
                "The artifacts at {uri} are behind a proxy, and this server runs with `--no-serve-artifacts`."
            ))),
            None => Ok(Place {
                repository: repository(uri, LocalFolder::shared)?,
                path: ArtifactPath::default(),
            }),
        }
    }
}

impl Place {
    pub fn join(&self, below: &ArtifactPath) -> ArtifactPath {
        self.path.join(below)
    }
}

fn repository(uri: &str, local: fn(PathBuf) -> LocalFolder) -> Result<Repository> {
    match uri.split_once(':') {
        Some(("file", rest)) => {
            let path = percent_decode_str(path_of(rest)).decode_utf8_lossy();
            Ok(Repository::Local(local(PathBuf::from(path.as_ref()))))
        }
        Some((scheme, rest)) if rest.starts_with('/') && is_scheme(scheme) => Err(unknown(uri)),
        _ => Ok(Repository::Local(local(PathBuf::from(uri)))),
    }
}

fn is_scheme(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// The path in what follows a scheme, without host, query and fragment.
fn path_of(rest: &str) -> &str {
    let path = match rest.strip_prefix("//") {
        Some(authority) => authority.find('/').map_or("", |start| &authority[start..]),
        None => rest,
    };
    path.split(['?', '#']).next().unwrap_or_default()
}

fn unknown(uri: &str) -> Error {
    Error::invalid_parameter(format!(
        "Could not find a registered artifact repository for: {uri}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifacts(serve: bool) -> Artifacts {
        Artifacts::new(&ArtifactSettings {
            default_root: "mlflow-artifacts:/".to_owned(),
            destination: "/srv/mlartifacts".to_owned(),
            serve,
            only: false,
        })
        .unwrap()
    }

    fn leads_to(uri: &str) -> String {
        let place = artifacts(true).resolve(uri).unwrap();
        format!("{:?} {}", place.repository, place.path)
    }

    #[test]
    fn proxied_addresses_lead_behind_the_proxy() {
        for uri in [
            "mlflow-artifacts:/1/abc/artifacts",
            "mlflow-artifacts:///1/abc/artifacts",
            "mlflow-artifacts://host:5000/1/abc/artifacts",
            "http://host/api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts",
            "https://host/prefix/api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts?x=1",
        ] {
            assert_eq!(
                leads_to(uri),
                r#"Local(LocalFolder { root: "/srv/mlartifacts", staging: true }) 1/abc/artifacts"#
            );
        }
    }

    #[test]
    fn local_addresses_lead_to_their_folder() {
        for uri in [
            "/data/a b",
            "file:///data/a%20b",
            "file://localhost/data/a b",
        ] {
            assert_eq!(
                leads_to(uri),
                r#"Local(LocalFolder { root: "/data/a b", staging: false }) "#
            );
        }
        assert_eq!(
            leads_to("./mlruns/1"),
            r#"Local(LocalFolder { root: "./mlruns/1", staging: false }) "#
        );
    }

    #[test]
    fn refuses_what_it_cannot_reach() {
        for uri in [
            "ftp://host/x",
            "http://host/elsewhere",
            "mlflow-artifacts:/../x",
        ] {
            assert!(artifacts(true).resolve(uri).is_err(), "{uri}");
        }
        assert!(artifacts(false).resolve("mlflow-artifacts:/1").is_err());
    }
}
