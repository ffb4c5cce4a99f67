//! Settings for object stores, from the variables of MLflow and of the stores' own clients.

use std::time::Duration;

use serde_json::{Map, Value};

use super::environment::variable;
use super::{AwsProfile, ConfigError};

/// The settings for object stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectStoreSettings {
    pub s3: S3Settings,
    /// The value of `AZURE_STORAGE_CONNECTION_STRING`.
    pub azure_connection: Option<String>,
    /// The value of `AZURE_STORAGE_ACCESS_KEY`, which is used without a connection string.
    pub azure_key: Option<String>,
    /// The URL of an emulator of Google Cloud Storage, which is used instead of Google.
    pub google_emulator: Option<String>,
    /// The default lifetime of signed download URLs.
    pub signed_download: SignedDownload,
}

/// The lifetime of a signed download URL, if the client does not request another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedDownload(pub Duration);

impl Default for SignedDownload {
    fn default() -> Self {
        Self(Duration::from_secs(300))
    }
}

/// The settings for S3 and compatible stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Settings {
    /// The URL of an S3-compatible store, which is used instead of AWS.
    pub endpoint: Option<String>,
    /// Whether TLS certificates are not verified.
    pub ignore_tls: bool,
    /// The place of the bucket name in a URL.
    pub addressing: Addressing,
    /// Whether requests have no signature, for public buckets.
    pub unsigned: bool,
    /// The path of a PEM file with certificates to trust.
    pub certificates: Option<String>,
    /// The options of new objects.
    pub upload: S3Upload,
    /// The AWS profile, which is used for values that no variable sets.
    pub profile: AwsProfile,
}

/// The place of the bucket name in a URL: the path or the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Addressing {
    /// The host for AWS, the path for other stores.
    #[default]
    Auto,
    Path,
    Virtual,
}

/// The options of new objects, from `MLFLOW_S3_UPLOAD_EXTRA_ARGS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Upload {
    /// The server-side encryption, such as `aws:kms`.
    pub encryption: Option<String>,
    /// The ID of the KMS key.
    pub key: Option<String>,
    /// Whether the bucket key is used for encryption.
    pub bucket_key: bool,
    /// Whether the requester pays for the request.
    pub requester_pays: bool,
    /// Headers of the object, with boto3's names.
    pub attributes: Vec<(String, String)>,
    /// The metadata of the object.
    pub metadata: Vec<(String, String)>,
}

impl ObjectStoreSettings {
    /// Reads the variables. Fails if a value is invalid or cannot be followed.
    pub fn from_environment() -> Result<Self, ConfigError> {
        const OWNER: &str = "MLFLOW_S3_EXPECTED_BUCKET_OWNER";
        const SECONDS: &str = "MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS";
        // Ignoring the variable would silently leave out a check that somebody relies on.
        if variable(OWNER).is_some() {
            return Err(ConfigError::Variable {
                variable: OWNER,
                reason: "flowkeep cannot check whose bucket it is".to_owned(),
            });
        }
        let signed_download = match variable(SECONDS) {
            None => SignedDownload::default(),
            Some(seconds) => match seconds.parse() {
                Ok(seconds) => SignedDownload(Duration::from_secs(seconds)),
                Err(_) => {
                    return Err(ConfigError::Variable {
                        variable: SECONDS,
                        reason: format!("'{seconds}' is no number of seconds"),
                    });
                }
            },
        };
        Ok(Self {
            s3: S3Settings::from_environment()?,
            azure_connection: variable("AZURE_STORAGE_CONNECTION_STRING"),
            azure_key: variable("AZURE_STORAGE_ACCESS_KEY"),
            google_emulator: variable("STORAGE_EMULATOR_HOST"),
            signed_download,
        })
    }
}

impl S3Settings {
    /// Reads the variables of MLflow and AWS.
    fn from_environment() -> Result<Self, ConfigError> {
        const ADDRESSING: &str = "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE";
        const ARGUMENTS: &str = "MLFLOW_S3_UPLOAD_EXTRA_ARGS";
        let endpoints = [
            "MLFLOW_S3_ENDPOINT_URL",
            "AWS_ENDPOINT_URL_S3",
            "AWS_ENDPOINT_URL",
        ];
        let addressing = match variable(ADDRESSING).as_deref() {
            None | Some("auto") => Addressing::Auto,
            Some("path") => Addressing::Path,
            Some("virtual") => Addressing::Virtual,
            Some(other) => {
                return Err(ConfigError::Variable {
                    variable: ADDRESSING,
                    reason: format!("'{other}' is none of auto, path and virtual"),
                });
            }
        };
        let upload = match variable(ARGUMENTS) {
            None => S3Upload::default(),
            Some(text) => S3Upload::parse(&text).map_err(|reason| ConfigError::Variable {
                variable: ARGUMENTS,
                reason,
            })?,
        };
        Ok(Self {
            endpoint: endpoints.into_iter().find_map(variable),
            ignore_tls: variable("MLFLOW_S3_IGNORE_TLS")
                .is_some_and(|value| matches!(value.to_lowercase().as_str(), "true" | "1")),
            addressing,
            unsigned: variable("MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION")
                .is_some_and(|version| version.eq_ignore_ascii_case("unsigned")),
            certificates: variable("AWS_CA_BUNDLE"),
            upload,
            profile: AwsProfile::from_environment(),
        })
    }
}

impl S3Upload {
    /// Parses boto3's arguments from JSON. Fails at an unknown argument, because it could be one
    /// that encrypts.
    fn parse(text: &str) -> Result<Self, String> {
        let arguments: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut upload = Self::default();
        for (name, value) in arguments {
            match (name.as_str(), value) {
                ("ServerSideEncryption", Value::String(value)) => upload.encryption = Some(value),
                ("SSEKMSKeyId", Value::String(value)) => upload.key = Some(value),
                ("BucketKeyEnabled", Value::Bool(value)) => upload.bucket_key = value,
                ("RequestPayer", Value::String(_)) => upload.requester_pays = true,
                (
                    "CacheControl" | "ContentDisposition" | "ContentEncoding" | "ContentLanguage"
                    | "ContentType" | "StorageClass",
                    Value::String(value),
                ) => upload.attributes.push((name, value)),
                ("Metadata", Value::Object(metadata)) => {
                    for (key, value) in metadata {
                        let value = value.as_str().ok_or("metadata must be texts")?;
                        upload.metadata.push((key, value.to_owned()));
                    }
                }
                _ => return Err(format!("flowkeep does not know what to do with '{name}'")),
            }
        }
        Ok(upload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_upload_arguments_or_refuses_them() {
        let text = r#"{"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k", "StorageClass": "STANDARD_IA",
            "Metadata": {"team": "a"}}"#;
        assert_eq!(
            S3Upload::parse(text).unwrap(),
            S3Upload {
                encryption: Some("aws:kms".to_owned()),
                key: Some("k".to_owned()),
                attributes: vec![("StorageClass".to_owned(), "STANDARD_IA".to_owned())],
                metadata: vec![("team".to_owned(), "a".to_owned())],
                ..S3Upload::default()
            }
        );
        for text in ["", "[]", r#"{"ACL": "private"}"#, r#"{"StorageClass": 1}"#] {
            assert!(S3Upload::parse(text).is_err(), "{text}");
        }
    }
}
