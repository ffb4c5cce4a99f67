//! Where an experiment may keep its artifacts.

use std::path::Path;

use percent_encoding::percent_decode_str;

use super::long_values::is_longer;
use crate::artifact_uri::{absolute, split};
use crate::config::{ArtifactSettings, Limits};
use crate::error::{Error, Result};

/// Schemes whose addresses name a host that somebody would connect to.
const HOST_ADDRESSED: [&str; 10] = [
    "abfss",
    "b2",
    "ftp",
    "hdfs",
    "http",
    "https",
    "mlflow-artifacts",
    "r2",
    "sftp",
    "viewfs",
];

/// Schemes in whose paths a semicolon begins parameters.
const WITH_PARAMETERS: [&str; 6] = ["", "ftp", "http", "https", "imap", "sftp"];

/// The location to store for a new experiment that was given one.
pub fn artifact_location(
    location: &str,
    settings: &ArtifactSettings,
    limits: &Limits,
    working_directory: &Path,
) -> Result<String> {
    let parts = split(location);
    let scheme = parts.scheme.to_lowercase();
    let last = parts.path.rsplit('/').next().unwrap_or_default();
    let parameters = WITH_PARAMETERS.contains(&scheme.as_str())
        && last
            .split_once(';')
            .is_some_and(|(_, parameters)| !parameters.is_empty());
    if parameters || parts.fragment.is_some_and(|fragment| !fragment.is_empty()) {
        return Err(Error::invalid_parameter(
            "'artifact_location' URL can't include fragments or params.",
        ));
    }
    refuse_traversal(parts.query.unwrap_or_default())?;
    refuse_other_hosts(location, settings, limits)?;
    if location.starts_with("runs:") {
        return Err(Error::invalid_parameter(format!(
            "Artifact location cannot be a runs:/ URI. Given: '{location}'"
        )));
    }
    limit_length(location, limits)?;
    if scheme == "file" && parts.authority.is_some_and(is_remote) {
        return Err(Error::invalid_parameter(format!(
            "{location} is not a valid remote uri. For remote access on windows, please consider using a \
             different scheme such as SMB (e.g. smb://<hostname>/<path>)."
        )));
    }
    let location = absolute(location, working_directory);
    limit_length(&location, limits)?;
    Ok(location)
}

/// The query could be taken for a part of the path later on, however often it is encoded.
fn refuse_traversal(query: &str) -> Result<()> {
    const ROUNDS: usize = 10;
    let mut decoded = query.to_owned();
    for _ in 0..ROUNDS {
        let next = percent_decode_str(&decoded)
            .decode_utf8_lossy()
            .into_owned();
        if next == decoded {
            break;
        }
        decoded = next;
    }
    if decoded.contains("..") {
        return Err(Error::invalid_parameter("Invalid query string"));
    }
    Ok(())
}

fn refuse_other_hosts(location: &str, settings: &ArtifactSettings, limits: &Limits) -> Result<()> {
    let target = |uri: &str| {
        let parts = split(uri);
        let host = parts.authority.unwrap_or_default().to_lowercase();
        (parts.scheme.to_lowercase(), host)
    };
    let (scheme, host) = target(location);
    let on_this_server = scheme == "mlflow-artifacts" && host.is_empty();
    if !HOST_ADDRESSED.contains(&scheme.as_str())
        || on_this_server
        || limits.host_addressed_schemes.contains(&scheme)
    {
        return Ok(());
    }
    // What the server was set up with is trusted.
    let ours = [&settings.default_root, &settings.destination];
    if ours
        .iter()
        .any(|uri| target(uri) == (scheme.clone(), host.clone()))
    {
        return Ok(());
    }
    Err(Error::invalid_parameter(format!(
        "'artifact_location' cannot use the '{scheme}' scheme: the '{scheme}' scheme addresses a host \
         other than the tracking server's configured artifact storage, so the server would connect to \
         the host named in the URI. Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment \
         variable on the server to allow it."
    )))
}

fn limit_length(location: &str, limits: &Limits) -> Result<()> {
    let limit = limits.longest_artifact_location;
    if is_longer(location, limit) {
        return Err(Error::invalid_parameter(format!(
            "Invalid artifact path length. The length of the artifact path cannot be greater than {limit} \
             characters. To configure this limit, please set the MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH \
             environment variable."
        )));
    }
    Ok(())
}

fn is_remote(host: &str) -> bool {
    !(host.is_empty()
        || host == "."
        || host.starts_with("localhost")
        || host.starts_with("127.0.0.1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ObjectStoreSettings;

    fn check(location: &str) -> Result<String> {
        let settings = ArtifactSettings {
            default_root: "mlflow-artifacts:/".to_owned(),
            destination: "hdfs://Name:8020/root".to_owned(),
            serve: true,
            only: false,
            largest: None,
            stores: ObjectStoreSettings::default(),
        };
        artifact_location(location, &settings, &Limits::default(), Path::new("/srv"))
    }

    #[test]
    fn takes_places_that_name_no_other_host() {
        for location in [
            "s3://bucket/a;b?endpoint=x",
            "/srv/a",
            "mlflow-artifacts:/a",
            "hdfs://name:8020/elsewhere",
            "file:///srv/a",
        ] {
            assert_eq!(check(location).as_deref(), Ok(location));
        }
        assert_eq!(check("a").as_deref(), Ok("/srv/a"));
    }

    #[test]
    fn refuses_what_stock_mlflow_refuses() {
        for (location, words) in [
            ("s3://bucket/a#f", "fragments or params"),
            ("/a;b", "fragments or params"),
            ("s3://bucket/a?x=%252e%252e", "Invalid query string"),
            ("HTTP://host/a", "the 'http' scheme"),
            ("mlflow-artifacts://host/a", "the 'mlflow-artifacts' scheme"),
            ("runs:/a/b", "cannot be a runs:/ URI"),
            ("file://host/a", "not a valid remote uri"),
            (&"a".repeat(2048), "path length"),
        ] {
            let message = check(location).expect_err(location).message;
            assert!(message.contains(words), "{message}");
        }
    }
}
