//! Checks the host that a source names. The server connects to that host when it serves the artifacts, so a client
//! must not be able to choose any host.

use super::url;
use crate::config::SourceRules;
use crate::error::{Error, Result};

/// Schemes whose URLs contain the host that the server would connect to.
const HOST_ADDRESSED: [&str; 10] = [
    "ftp",
    "sftp",
    "hdfs",
    "viewfs",
    "http",
    "https",
    "mlflow-artifacts",
    "r2",
    "b2",
    "abfss",
];

#[derive(Debug, PartialEq, Eq)]
struct Target {
    family: &'static str,
    host: String,
    port: Option<u16>,
}

/// Refuses a source that names a host to which the server must not connect.
pub fn check(source: &str, rules: &SourceRules) -> Result<()> {
    let Some(url) = url::parse(source) else {
        return Err(Error::invalid_parameter(format!(
            "Invalid model version source: '{source}'."
        )));
    };
    let Some(targets) = targets(&url) else {
        return Ok(());
    };
    let scheme = &url.scheme;
    if rules.allowed_schemes.contains(scheme) {
        return Ok(());
    }
    let own = rules
        .own_locations
        .iter()
        .filter_map(|location| targets_of_own(location));
    if own.flatten().any(|target| targets.contains(&target)) {
        return Ok(());
    }
    Err(Error::invalid_parameter(format!(
        "'source' cannot use the '{scheme}' scheme: the '{scheme}' scheme addresses a host other than the \
         tracking server's configured artifact storage, so the server would connect to the host named in \
         the URI. Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the \
         server to allow it."
    )))
}

fn targets_of_own(location: &str) -> Option<Vec<Target>> {
    targets(&url::parse(location)?)
}

/// Returns the hosts that the URL can lead to, which is an empty list if they cannot be determined. Returns `None` if the
/// URL does not choose a host.
fn targets(url: &url::Url) -> Option<Vec<Target>> {
    let scheme = *HOST_ADDRESSED
        .iter()
        .find(|scheme| **scheme == url.scheme)?;
    if scheme == "mlflow-artifacts" && url.authority.is_empty() {
        // This server.
        return None;
    }
    // HTTP clients end the host at a backslash.
    if url
        .authority
        .contains(|letter: char| letter == '\\' || letter.is_whitespace())
    {
        return Some(Vec::new());
    }
    let ports = match url.port() {
        Err(()) => return Some(Vec::new()),
        Ok(Some(port)) => vec![Some(port)],
        Ok(None) => default_ports(scheme),
    };
    let host = url.host().unwrap_or_default();
    Some(
        ports
            .into_iter()
            .map(|port| Target {
                family: family(scheme),
                host: host.clone(),
                port,
            })
            .collect(),
    )
}

/// Schemes that lead to the same service.
fn family(scheme: &'static str) -> &'static str {
    match scheme {
        "viewfs" => "hdfs",
        "https" | "mlflow-artifacts" => "http",
        scheme => scheme,
    }
}

fn default_ports(scheme: &str) -> Vec<Option<u16>> {
    match scheme {
        "ftp" => vec![Some(21)],
        "sftp" => vec![Some(22)],
        "http" => vec![Some(80)],
        "https" | "r2" | "b2" | "abfss" => vec![Some(443)],
        "mlflow-artifacts" => vec![Some(80), Some(443)],
        // Hadoop's configuration has the port.
        _ => vec![None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(own: &str) -> SourceRules {
        SourceRules {
            own_locations: vec![own.to_owned()],
            allowed_schemes: vec!["sftp".to_owned()],
            ..SourceRules::default()
        }
    }

    #[test]
    fn hosts_of_others_are_refused() {
        let rules = rules("/srv/artifacts");
        for source in [
            "http://host/a",
            "HTTPS://host/a",
            "ftp:///a",
            "hdfs://name/a",
            "mlflow-artifacts://host/a",
            "abfss://container@account/a",
            "http://ho\\st/a",
            "http://host:port/a",
        ] {
            assert!(check(source, &rules).is_err(), "{source}");
        }
        for source in [
            "s3://bucket/a",
            "/a",
            "mlflow-artifacts:/a",
            "runs:/a/b",
            "sftp://host/a",
            "dbfs:/a",
        ] {
            assert!(check(source, &rules).is_ok(), "{source}");
        }
    }

    #[test]
    fn the_hosts_of_this_server_are_allowed() {
        for (own, source, allowed) in [
            ("http://host/a", "http://host:80/b", true),
            ("http://host/a", "mlflow-artifacts://HOST/b", true),
            ("http://host/a", "https://host/b", false),
            ("https://host:80/a", "http://host/b", true),
            ("hdfs://name/a", "viewfs://name/b", true),
            ("hdfs://name:1/a", "hdfs://name/b", false),
            ("hdfs://name\\/a", "hdfs://name\\/b", false),
        ] {
            assert_eq!(
                check(source, &rules(own)).is_ok(),
                allowed,
                "{own} {source}"
            );
        }
    }
}
