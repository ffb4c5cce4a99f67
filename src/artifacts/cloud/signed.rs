//! Transfers between clients and an object store without this server in between: it only signs
//! addresses.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::signer::{HeaderName, HeaderValue, Method, SignedUrlOptions, Signer, Url};
use object_store::{Attribute, PutMultipartOptions};
use percent_encoding::percent_decode_str;

use super::{Cloud, CloudFolder, explain};
use crate::artifacts::path::ArtifactPath;
use crate::error::{Error, ErrorCode, Result};

/// How long the address of a part is good for.
const PART_LIFETIME: Duration = Duration::from_secs(3600);
const MOST_PARTS: usize = 10_000;
/// The parts of a blob at Azure are told apart by names of one length.
const BLOCK: &str = "mlflow_block_";

/// An upload in parts that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartAddresses {
    /// Azure has no name for it.
    pub upload: Option<String>,
    /// Where the first part goes, the second, and so on.
    pub urls: Vec<String>,
}

/// A part that the client says it has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentPart {
    pub number: i64,
    pub etag: String,
    pub url: String,
}

/// An address, and the headers that a request to it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAddress {
    pub url: String,
    pub headers: Vec<(String, String)>,
    /// How large the file is that is there.
    pub size: Option<u64>,
}

impl Cloud {
    fn signer(&self) -> &dyn Signer {
        match self {
            Self::S3(store) => store.as_ref(),
            Self::Google(store) => store.as_ref(),
            Self::Azure(store) => store.as_ref(),
        }
    }

    fn multipart(&self) -> &dyn MultipartStore {
        match self {
            Self::S3(store) => store.as_ref(),
            Self::Google(store) => store.as_ref(),
            Self::Azure(store) => store.as_ref(),
        }
    }
}

impl CloudFolder {
    /// Whether clients may be given addresses of whole files, as MLflow does for S3 only.
    pub fn signs_files(&self) -> bool {
        matches!(self.cloud, Cloud::S3(_))
    }

    /// Begins an upload in parts, and returns the URL for each of the `count` parts. Fails if there are too many, or
    /// if the store signs no URLs for this name.
    pub async fn begin_parts(&self, path: &ArtifactPath, count: i64) -> Result<PartAddresses> {
        let count = usize::try_from(count)
            .ok()
            .filter(|count| *count <= MOST_PARTS)
            .ok_or_else(|| {
                Error::invalid_parameter(format!(
                    "An upload has at most {MOST_PARTS} parts, not {count}."
                ))
            })?;
        let key = self.key(path)?;
        if let Cloud::Azure(store) = &self.cloud {
            let address = store.signed_url(Method::PUT, &key, PART_LIFETIME).await;
            let address = address.map_err(|error| cannot_sign(&error))?;
            // Azure signs the name itself, the signer its encoded form: it is good only where these
            // are the same.
            if address.path().contains('%') {
                return Err(unsupported("Multipart upload"));
            }
            let urls = (1..=count).map(|number| block_url(&address, number));
            return Ok(PartAddresses {
                upload: None,
                urls: urls.collect(),
            });
        }
        // Signed before anything is begun: where that does not work, nothing is left behind.
        self.part_url(&key, 1, "probe").await?;
        let options = PutMultipartOptions {
            attributes: self.attributes(path),
            ..PutMultipartOptions::default()
        };
        let begun = self.cloud.multipart().create_multipart_opts(&key, options);
        let upload = begun.await.map_err(|error| explain(error, path))?;
        let mut urls = Vec::with_capacity(count);
        for number in 1..=count {
            urls.push(self.part_url(&key, number, &upload).await?);
        }
        Ok(PartAddresses {
            upload: Some(upload),
            urls,
        })
    }

    async fn part_url(&self, key: &Path, number: usize, upload: &str) -> Result<String> {
        let options = SignedUrlOptions::new().with_query([
            ("partNumber", number.to_string()),
            ("uploadId", upload.to_owned()),
        ]);
        let signed = self
            .cloud
            .signer()
            .signed_url_opts(Method::PUT, key, PART_LIFETIME, &options);
        let url = signed.await.map_err(|error| cannot_sign(&error))?;
        if !names(&url, key) {
            return Err(unsupported("Multipart upload"));
        }
        Ok(url.into())
    }

    /// Joins the parts of an upload, which makes the object visible. Fails if a part is missing.
    pub async fn complete_parts(
        &self,
        path: &ArtifactPath,
        upload: &str,
        mut parts: Vec<SentPart>,
    ) -> Result<()> {
        parts.sort_by_key(|part| part.number);
        // Object stores are told the parts in their order, not their numbers.
        if !parts.iter().map(|part| part.number).eq(1..=count(&parts)) {
            return Err(Error::invalid_parameter(
                "The parts of an upload must be numbered from 1 without gaps.",
            ));
        }
        let parts = parts
            .into_iter()
            .map(|part| {
                let content_id = match &self.cloud {
                    Cloud::Azure(_) => block_name(&part.url)?,
                    Cloud::S3(_) | Cloud::Google(_) => part.etag,
                };
                Ok(PartId { content_id })
            })
            .collect::<Result<Vec<_>>>()?;
        self.cloud
            .multipart()
            .complete_multipart(&self.key(path)?, &upload.to_owned(), parts)
            .await
            .map_err(|error| explain(error, path))?;
        Ok(())
    }

    /// Discards the parts of an upload.
    pub async fn abort_parts(&self, path: &ArtifactPath, upload: &str) -> Result<()> {
        // Azure drops the parts by itself, after a week.
        if matches!(self.cloud, Cloud::Azure(_)) {
            return Ok(());
        }
        let (key, upload) = (self.key(path)?, upload.to_owned());
        let aborted = self.cloud.multipart().abort_multipart(&key, &upload);
        aborted.await.map_err(|error| explain(error, path))
    }

    /// Where a client can fetch a file.
    pub async fn download_address(
        &self,
        path: &ArtifactPath,
        disposition: String,
        lifetime: Duration,
    ) -> Result<SignedAddress> {
        let file = self
            .head(path)
            .await?
            .ok_or_else(|| Error::artifact_not_found(path))?;
        let options =
            SignedUrlOptions::new().with_query([("response-content-disposition", disposition)]);
        let key = self.key(path)?;
        let signed = self
            .cloud
            .signer()
            .signed_url_opts(Method::GET, &key, lifetime, &options);
        Ok(SignedAddress {
            url: signed.await.map_err(|error| cannot_sign(&error))?.into(),
            headers: Vec::new(),
            size: Some(file.size()),
        })
    }

    /// Where a client can store a file.
    pub async fn upload_address(
        &self,
        path: &ArtifactPath,
        lifetime: Duration,
    ) -> Result<SignedAddress> {
        let mut headers = vec![(
            "Content-Type".to_owned(),
            mime_guess::from_path(path.name())
                .first_raw()
                .unwrap_or("application/octet-stream")
                .to_owned(),
        )];
        for (attribute, value) in &self.extra {
            let name = match attribute {
                Attribute::CacheControl => "Cache-Control".to_owned(),
                Attribute::ContentDisposition => "Content-Disposition".to_owned(),
                Attribute::ContentEncoding => "Content-Encoding".to_owned(),
                Attribute::ContentLanguage => "Content-Language".to_owned(),
                Attribute::StorageClass => "x-amz-storage-class".to_owned(),
                Attribute::Metadata(key) => format!("x-amz-meta-{key}"),
                Attribute::ContentType => {
                    headers[0].1 = value.to_string();
                    continue;
                }
                _ => continue,
            };
            headers.push((name, value.to_string()));
        }
        headers.extend(self.signed_headers.iter().cloned());
        let mut options = SignedUrlOptions::new();
        for (name, value) in &headers {
            let name = HeaderName::try_from(name.as_str());
            let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) else {
                return Err(Error::internal(
                    "MLFLOW_S3_UPLOAD_EXTRA_ARGS holds what cannot be a header.",
                ));
            };
            options = options.with_signed_header(name, value);
        }
        let key = self.key(path)?;
        let signed = self
            .cloud
            .signer()
            .signed_url_opts(Method::PUT, &key, lifetime, &options);
        Ok(SignedAddress {
            url: signed.await.map_err(|error| cannot_sign(&error))?.into(),
            headers,
            size: None,
        })
    }
}

/// What clients take for a reason to send their bytes through this server instead.
pub fn unsupported(what: &str) -> Error {
    Error::new(
        ErrorCode::NotImplemented,
        format!("{what} is not supported for the current artifact repository"),
    )
}

fn cannot_sign(error: &object_store::Error) -> Error {
    tracing::warn!(%error, "the credentials of the object store cannot sign addresses");
    unsupported("Multipart upload")
}

fn count(parts: &[SentPart]) -> i64 {
    i64::try_from(parts.len()).unwrap_or(i64::MAX)
}

/// Whether an address is that of an object. For Google, names are put into addresses as they are, so
/// that `a%2Fb` becomes the address of another object.
fn names(address: &Url, key: &Path) -> bool {
    let path: Vec<u8> = percent_decode_str(address.path()).collect();
    path.ends_with(format!("/{key}").as_bytes())
}

fn block_url(address: &Url, number: usize) -> String {
    let mut url = address.clone();
    url.query_pairs_mut()
        .append_pair("comp", "block")
        .append_pair(
            "blockid",
            &BASE64_STANDARD.encode(format!("{BLOCK}{number:05}")),
        );
    url.into()
}

/// The name of a part, from the address that it was sent to.
fn block_name(url: &str) -> Result<String> {
    let url = Url::parse(url).ok();
    let encoded = url.as_ref().and_then(|url| {
        let mut pairs = url.query_pairs();
        pairs.find_map(|(name, value)| (name == "blockid").then(|| value.into_owned()))
    });
    encoded
        .and_then(|encoded| BASE64_STANDARD.decode(encoded).ok())
        .and_then(|name| String::from_utf8(name).ok())
        .filter(|name| name.starts_with(BLOCK))
        .ok_or_else(|| Error::invalid_parameter("A part of the upload has no address of ours."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_object() {
        let address = Url::parse("https://host/bucket/a%20b/c%2525?x").unwrap();
        for (key, expected) in [("a b/c%25", true), ("a%20b/c%25", false), ("a b/c%", false)] {
            assert_eq!(names(&address, &Path::parse(key).unwrap()), expected);
        }
    }

    #[test]
    fn a_block_is_found_by_its_address() {
        let address = Url::parse("https://a.blob.core.windows.net/c/x?sv=1&sig=a%2Bb").unwrap();
        let url = block_url(&address, 12);
        assert!(url.contains("sig=a%2Bb&comp=block&blockid="), "{url}");
        assert_eq!(block_name(&url).unwrap(), "mlflow_block_00012");
        for url in ["", "https://x/?blockid=!", "https://x/?blockid=eHg%3D"] {
            assert!(block_name(url).is_err(), "{url}");
        }
    }
}
