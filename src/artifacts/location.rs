//! Resolves the artifact URIs of runs and models.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use percent_encoding::percent_decode_str;

use super::cloud::{Bucket, Clouds};
use super::local::LocalFolder;
use super::path::ArtifactPath;
use super::repository::Repository;
use crate::config::ArtifactSettings;
use crate::error::{Error, Result};

/// In URIs that contain the URL of the server, the path behind the proxy follows this route.
const PROXY_ROUTE: &str = "/api/2.0/mlflow-artifacts/artifacts/";
/// The beginning of the addresses of artifacts behind the proxy, wherever they are stored.
const PROXY: &str = "mlflow-artifacts:";

/// The places where artifacts are stored.
pub struct Locations {
    destination: ArtifactLocation,
    /// The address of the same place for clients that do not go through the proxy.
    destination_address: String,
    serve: bool,
    clouds: Clouds,
}

/// A path in a repository.
#[derive(Clone, Debug)]
pub struct ArtifactLocation {
    pub repository: Repository,
    pub path: ArtifactPath,
    /// The beginning of the addresses of all artifacts in the repository.
    root: Arc<str>,
}

impl Locations {
    /// Opens the destination of the proxy, and removes incomplete uploads there. Fails if the address of the
    /// destination is invalid.
    pub fn new(settings: &ArtifactSettings) -> Result<Self> {
        let clouds = Clouds::new(settings.stores.clone());
        let kept = place(&settings.destination, LocalFolder::owned, &clouds)?;
        if let Repository::Local(folder) = &kept.repository
            && let Err(error) = folder.remove_abandoned_uploads()
        {
            tracing::warn!(%error, "uploads that an earlier server left behind could not be removed");
        }
        Ok(Self {
            destination_address: kept.address(),
            destination: ArtifactLocation {
                root: PROXY.into(),
                ..kept
            },
            serve: settings.serve,
            clouds,
        })
    }

    /// Returns the location of a path behind the proxy.
    pub fn destination(&self, path: ArtifactPath) -> ArtifactLocation {
        self.destination.below(&path)
    }

    /// Returns the location that an artifact URI stands for. Fails if the URI is invalid or is not served here.
    pub fn resolve(&self, uri: &str) -> Result<ArtifactLocation> {
        match proxied(uri)? {
            // Clients make it the path of a request as it is, where it is decoded.
            Some(path) if self.serve => {
                let path = ArtifactPath::from_address(path.trim_start_matches('/'))?;
                Ok(self.destination(path))
            }
            Some(_) => Err(Error::invalid_parameter(format!(
                "The artifacts at {uri} are behind a proxy, and this server runs with `--no-serve-artifacts`."
            ))),
            None => {
                let found = place(uri, LocalFolder::shared, &self.clouds)?;
                Ok(self.behind_proxy(&found).unwrap_or(found))
            }
        }
    }

    /// Returns the location behind the proxy that is the same place, if there is one. So an artifact that can be
    /// reached in two ways has one address.
    fn behind_proxy(&self, place: &ArtifactLocation) -> Option<ArtifactLocation> {
        let address = place.address();
        let below = address.strip_prefix(&self.destination_address)?;
        let path = match below.strip_prefix('/') {
            Some(path) => ArtifactPath::default().below(path)?,
            None if below.is_empty() => ArtifactPath::default(),
            None => return None,
        };
        Some(self.destination(path))
    }
}

impl ArtifactLocation {
    /// Returns the location of a path below this one.
    #[must_use]
    pub fn below(&self, path: &ArtifactPath) -> Self {
        Self {
            repository: self.repository.clone(),
            path: self.path.join(path),
            root: Arc::clone(&self.root),
        }
    }

    /// Returns the folder that this location is in, or the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self {
            path: self.path.parent(),
            ..self.clone()
        }
    }

    /// Names the artifact, whatever folder or bucket the server keeps it in.
    pub fn address(&self) -> String {
        if self.path.is_root() {
            self.root.to_string()
        } else {
            format!("{}/{}", self.root, self.path)
        }
    }
}

/// The path behind the proxy that an address names, if it names one.
fn proxied(uri: &str) -> Result<Option<&str>> {
    match uri.split_once(':') {
        Some(("mlflow-artifacts", rest)) => Ok(Some(path_of(rest))),
        Some(("http" | "https", rest)) => match path_of(rest).split_once(PROXY_ROUTE) {
            Some((_, behind)) => Ok(Some(behind)),
            None => Err(unknown(uri)),
        },
        _ => Ok(None),
    }
}

/// Refuses the address of a folder that clients read in more than one way. They list the folder `a%20b`
/// under that name, and fetch its files from `a b` or from `a%20b`, depending on the names of the files.
pub fn check_one_reading(uri: &str) -> Result<()> {
    let path = proxied(uri)?.unwrap_or_default();
    if percent_decode_str(path).eq(path.bytes()) {
        return Ok(());
    }
    Err(Error::invalid_parameter(format!(
        "{uri} looks encoded, so that clients read it in more than one way. Give the folder another name."
    )))
}

fn place(
    uri: &str,
    local: fn(PathBuf) -> LocalFolder,
    clouds: &Clouds,
) -> Result<ArtifactLocation> {
    if let Some((bucket, path)) = Bucket::parse(uri)? {
        let root = if path.is_root() {
            bucket.to_string()
        } else {
            format!("{bucket}/{path}")
        };
        return Ok(ArtifactLocation {
            repository: Repository::Cloud(clouds.folder(bucket, path)?),
            path: ArtifactPath::default(),
            root: root.into(),
        });
    }
    let folder = local_folder(uri)?;
    Ok(ArtifactLocation {
        root: file_address(&folder).into(),
        repository: Repository::Local(local(folder)),
        path: ArtifactPath::default(),
    })
}

/// The folder that an address names which is not a bucket's.
pub fn local_folder(uri: &str) -> Result<PathBuf> {
    match uri.split_once(':') {
        Some(("file", rest)) => {
            let path = percent_decode_str(path_of(rest)).decode_utf8_lossy();
            Ok(PathBuf::from(path.as_ref()))
        }
        Some((scheme, rest)) if rest.starts_with('/') && is_scheme(scheme) => Err(unknown(uri)),
        _ => Ok(PathBuf::from(uri)),
    }
}

/// The address of a folder, without the detours of its path.
fn file_address(folder: &Path) -> String {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let mut whole = whole.components().fold(PathBuf::new(), |mut path, part| {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            part => path.push(part),
        }
        path
    });
    // Two names of one folder are one address: links are followed, as far as the folder is there.
    for existing in whole.clone().ancestors() {
        if let Ok(real) = existing.canonicalize() {
            if let Ok(missing) = whole.strip_prefix(existing) {
                whole = if missing.as_os_str().is_empty() {
                    real
                } else {
                    real.join(missing)
                };
            }
            break;
        }
    }
    format!("file://{}", whole.display())
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
    use crate::config::ObjectStoreSettings;

    fn locations(destination: &str, serve: bool) -> Locations {
        Locations::new(&ArtifactSettings {
            default_root: "mlflow-artifacts:/".to_owned(),
            destination: destination.to_owned(),
            serve,
            only: false,
            largest: None,
            stores: ObjectStoreSettings::default(),
        })
        .unwrap()
    }

    fn leads_to(uri: &str) -> String {
        locations("/srv/mlartifacts", true)
            .resolve(uri)
            .unwrap()
            .address()
    }

    #[test]
    fn proxied_addresses_lead_behind_the_proxy() {
        for uri in [
            "mlflow-artifacts:/1/abc/artifacts",
            "mlflow-artifacts:///1/abc/artifacts",
            "mlflow-artifacts://host:5000/1/abc/artifacts",
            "http://host/api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts",
            "https://host/prefix/api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts?x=1",
            // Clients that go around the proxy reach the same artifact, which has one address.
            "/srv/mlartifacts/1/abc/artifacts",
            "file:///srv/x/../mlartifacts/1/abc/artifacts/",
        ] {
            assert_eq!(leads_to(uri), "mlflow-artifacts:/1/abc/artifacts", "{uri}");
        }
    }

    #[test]
    fn proxied_addresses_are_decoded_once() {
        for (uri, address) in [
            (
                "mlflow-artifacts:/1/my%20model",
                "mlflow-artifacts:/1/my model",
            ),
            (
                "mlflow-artifacts:/1/my%2520model",
                "mlflow-artifacts:/1/my%20model",
            ),
            ("mlflow-artifacts:/1/100%", "mlflow-artifacts:/1/100%"),
        ] {
            assert_eq!(leads_to(uri), address);
        }
        for (uri, has_one) in [
            ("mlflow-artifacts:/1/my model/100%/50%x", true),
            ("mlflow-artifacts:/1/my%20model", false),
            ("mlflow-artifacts:/1/%6Dodel", false),
            (
                "http://host/api/2.0/mlflow-artifacts/artifacts/1/a%2Fb",
                false,
            ),
            ("s3://bucket/my%20model", true),
            ("file:///srv/my%20model", true),
        ] {
            assert_eq!(check_one_reading(uri).is_ok(), has_one, "{uri}");
        }
    }

    #[test]
    fn local_addresses_lead_to_their_folder() {
        for uri in [
            "/data/a b",
            "file:///data/a%20b",
            "file://localhost/data/a b",
        ] {
            assert_eq!(leads_to(uri), "file:///data/a b");
        }
        let here = std::env::current_dir().unwrap();
        assert_eq!(
            leads_to("./mlruns/1"),
            format!("file://{}/mlruns/1", here.display())
        );
        assert_eq!(leads_to("/srv/mlartifacts2"), "file:///srv/mlartifacts2");
    }

    #[test]
    fn addresses_of_object_stores_lead_to_their_bucket() {
        let kept = locations("s3://bucket/root/", true);
        for (uri, address) in [
            ("s3://bucket/other/a", "s3://bucket/other/a"),
            ("s3://bucket/root/a", "mlflow-artifacts:/a"),
            ("s3://bucket/root2/a", "s3://bucket/root2/a"),
            ("mlflow-artifacts:/a/b", "mlflow-artifacts:/a/b"),
        ] {
            assert_eq!(kept.resolve(uri).unwrap().address(), address);
        }
        let place = kept.resolve("mlflow-artifacts:/a/b").unwrap();
        assert_eq!(place.path.as_str(), "a/b");
    }

    #[test]
    fn refuses_what_it_cannot_reach() {
        let kept = locations("/srv/mlartifacts", true);
        for uri in [
            "ftp://host/x",
            "http://host/elsewhere",
            "mlflow-artifacts:/../x",
            "mlflow-artifacts:/%2e%2e/x",
            "mlflow-artifacts:/%252e%252e/x",
            "s3://bucket/a/../b",
            "s3:///a",
        ] {
            assert!(kept.resolve(uri).is_err(), "{uri}");
        }
        let not_served = locations("/srv/mlartifacts", false);
        assert!(not_served.resolve("mlflow-artifacts:/1").is_err());
    }
}
