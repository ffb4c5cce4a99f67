//! Addresses of object stores, as MLflow writes them.

use std::fmt;

use crate::artifacts::ArtifactPath;
use crate::error::{Error, Result};

/// What one client of an object store reaches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    S3 {
        name: String,
    },
    Google {
        name: String,
    },
    Azure {
        container: String,
        account: String,
        /// Which of Azure's clouds.
        domain: &'static str,
    },
}

impl Bucket {
    /// The bucket and the path in it, if the address is one of an object store.
    pub fn parse(uri: &str) -> Result<Option<(Self, ArtifactPath)>> {
        let Some((scheme, rest)) = uri.split_once("://") else {
            return Ok(None);
        };
        if !matches!(scheme, "s3" | "gs" | "wasbs" | "abfss") {
            return Ok(None);
        }
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let name = || {
            let is_name = !authority.is_empty()
                && authority
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
            is_name.then(|| authority.to_owned())
        };
        let bucket = match scheme {
            "s3" => name().map(|name| Self::S3 { name }),
            "gs" => name().map(|name| Self::Google { name }),
            "wasbs" => azure(authority, "blob"),
            _ => azure(authority, "dfs"),
        };
        let Some(bucket) = bucket else {
            return Err(Error::invalid_parameter(format!(
                "'{authority}' in {uri} is no name of a bucket or container."
            )));
        };
        let path = ArtifactPath::from_plain(path.trim_start_matches('/'))?;
        Ok(Some((bucket, path)))
    }
}

/// `container@account.blob.core.windows.net`, and the same of Azure's other clouds. The two services
/// of an account, blobs and data lake, hold the same files.
fn azure(authority: &str, service: &str) -> Option<Bucket> {
    let (container, host) = authority.split_once('@')?;
    let (account, domain) = host.split_once('.')?;
    let domain = domain.strip_prefix(service)?.strip_prefix('.')?;
    let domain = [
        "core.windows.net",
        "core.chinacloudapi.cn",
        "core.usgovcloudapi.net",
    ]
    .into_iter()
    .find(|known| *known == domain)?;
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '$'))
    };
    (is_name(container) && is_name(account)).then(|| Bucket::Azure {
        container: container.to_owned(),
        account: account.to_owned(),
        domain,
    })
}

impl fmt::Display for Bucket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { name } => write!(formatter, "s3://{name}"),
            Self::Google { name } => write!(formatter, "gs://{name}"),
            Self::Azure {
                container,
                account,
                domain,
            } => write!(formatter, "wasbs://{container}@{account}.blob.{domain}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(uri: &str) -> Option<String> {
        let found = Bucket::parse(uri).unwrap();
        found.map(|(bucket, path)| format!("{bucket} {path}"))
    }

    #[test]
    fn addresses_have_a_bucket_and_a_path() {
        for (uri, expected) in [
            ("s3://b-1.x/a/b", Some("s3://b-1.x a/b")),
            ("s3://b", Some("s3://b ")),
            ("gs://b_2/a b/", Some("gs://b_2 a b")),
            (
                "wasbs://c@acc.blob.core.windows.net/a",
                Some("wasbs://c@acc.blob.core.windows.net a"),
            ),
            (
                "abfss://c@acc.dfs.core.chinacloudapi.cn/a",
                Some("wasbs://c@acc.blob.core.chinacloudapi.cn a"),
            ),
            ("/a/b", None),
            ("file:///a", None),
            ("hdfs://host/a", None),
        ] {
            assert_eq!(parsed(uri).as_deref(), expected, "{uri}");
        }
    }

    #[test]
    fn what_names_no_bucket_is_refused() {
        for uri in [
            "s3:///a",
            "s3://user@b/a",
            "gs://b:80/a",
            "wasbs://acc.blob.core.windows.net/a",
            "wasbs://c@acc.example.org/a",
            "wasbs://c@acc.dfs.core.windows.net/a",
            "s3://b/../a",
        ] {
            assert!(Bucket::parse(uri).is_err(), "{uri}");
        }
    }
}
