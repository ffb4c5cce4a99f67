//! Opens object stores, and keeps them open: a client of a store holds connections.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{Attribute, AttributeValue, Certificate, ClientOptions, RetryConfig};
use tokio::sync::Semaphore;

use super::{Bucket, Cloud, CloudFolder};
use crate::artifacts::ArtifactPath;
use crate::config::{Addressing, AwsProfile, ObjectStoreSettings, S3Settings, S3Upload};
use crate::error::{Error, Result};

/// What all uploads to object stores may have in memory together, in MiB.
pub const BUFFERS: u32 = 256;
/// The maximum number of open clients. A client of the API can name any bucket, and must not fill the memory with
/// them.
const MOST_OPEN: usize = 64;
/// The longest pause of a store in the middle of a request.
const SILENCE: Duration = Duration::from_secs(120);

/// The clients of the buckets that were used so far.
pub struct Clouds {
    settings: ObjectStoreSettings,
    open: Mutex<HashMap<Bucket, Cloud>>,
    buffers: Arc<Semaphore>,
}

impl Clouds {
    /// Opens no bucket yet.
    pub fn new(settings: ObjectStoreSettings) -> Self {
        Self {
            settings,
            open: Mutex::default(),
            buffers: Arc::new(Semaphore::new(BUFFERS as usize)),
        }
    }

    /// Returns a folder in a bucket, and connects to the bucket if it was not used before. Fails if the settings for
    /// it are invalid.
    pub fn folder(&self, bucket: Bucket, path: ArtifactPath) -> Result<CloudFolder> {
        let upload = &self.settings.s3.upload;
        let (extra, signed_headers) = match &bucket {
            Bucket::S3 { .. } => (extra(upload), signed_headers(upload)),
            Bucket::Google { .. } | Bucket::Azure { .. } => (Vec::new(), Vec::new()),
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let cloud = if let Some(cloud) = open.get(&bucket) {
            cloud.clone()
        } else {
            let cloud = connect(&bucket, &self.settings)?;
            if open.len() >= MOST_OPEN {
                open.clear();
            }
            open.insert(bucket, cloud.clone());
            cloud
        };
        Ok(CloudFolder {
            cloud,
            root: path,
            buffers: Arc::clone(&self.buffers),
            extra,
            signed_headers,
        })
    }
}

fn connect(bucket: &Bucket, settings: &ObjectStoreSettings) -> Result<Cloud> {
    // TLS needs one provider for the whole process. That there is one already is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let built = match bucket {
        Bucket::S3 { name } => s3(name, &settings.s3)?
            .build()
            .map(|store| Cloud::S3(Arc::new(store))),
        Bucket::Google { name } => google(name, settings)
            .build()
            .map(|store| Cloud::Google(Arc::new(store))),
        Bucket::Azure {
            container,
            account,
            domain,
        } => azure(container, account, domain, settings)
            .build()
            .map(|store| Cloud::Azure(Arc::new(store))),
    };
    built.map_err(|error| {
        tracing::error!(%error, %bucket, "an object store cannot be used");
        Error::invalid_parameter(format!(
            "The object store at {bucket} cannot be used: {error}"
        ))
    })
}

fn s3(name: &str, settings: &S3Settings) -> Result<AmazonS3Builder> {
    let mut options = options().with_allow_invalid_certificates(settings.ignore_tls);
    for certificate in certificates(settings.certificates.as_deref())? {
        options = options.with_root_certificate(certificate);
    }
    let mut builder = with_profile(AmazonS3Builder::from_env(), &settings.profile)
        .with_bucket_name(name)
        .with_retry(retries())
        .with_skip_signature(settings.unsigned)
        .with_request_payer(settings.upload.requester_pays);
    let of_aws = settings.endpoint.is_none();
    let in_host = match settings.addressing {
        // A certificate for all buckets covers no name with dots.
        Addressing::Auto => of_aws && !name.contains('.'),
        Addressing::Path => false,
        Addressing::Virtual => true,
    };
    builder = builder.with_virtual_hosted_style_request(in_host);
    if let Some(endpoint) = &settings.endpoint {
        let endpoint = match endpoint.split_once("://") {
            Some((scheme, host)) if in_host => format!("{scheme}://{name}.{host}"),
            _ => endpoint.clone(),
        };
        options = options.with_allow_http(endpoint.starts_with("http://"));
        builder = builder.with_endpoint(endpoint);
    }
    let upload = &settings.upload;
    let encryption = [
        ("aws_server_side_encryption", &upload.encryption),
        ("aws_sse_kms_key_id", &upload.key),
    ];
    for (name, value) in encryption {
        if let (Ok(key), Some(value)) = (name.parse::<AmazonS3ConfigKey>(), value) {
            builder = builder.with_config(key, value);
        }
    }
    if upload.bucket_key {
        builder = builder.with_bucket_key(true);
    }
    Ok(builder.with_client_options(options))
}

/// What the environment says counts more than the files of AWS.
fn with_profile(builder: AmazonS3Builder, profile: &AwsProfile) -> AmazonS3Builder {
    let mut builder = builder;
    let says = |builder: &AmazonS3Builder, keys: &[AmazonS3ConfigKey]| {
        keys.iter()
            .any(|key| builder.get_config_value(key).is_some())
    };
    if !says(
        &builder,
        &[AmazonS3ConfigKey::Region, AmazonS3ConfigKey::DefaultRegion],
    ) && let Some(region) = &profile.region
    {
        builder = builder.with_region(region);
    }
    let other_identity = [
        AmazonS3ConfigKey::AccessKeyId,
        AmazonS3ConfigKey::WebIdentityTokenFile,
    ];
    if !says(&builder, &other_identity)
        && let (Some(access), Some(secret)) = (&profile.access_key, &profile.secret_key)
    {
        builder = builder
            .with_access_key_id(access)
            .with_secret_access_key(secret);
        if let Some(token) = &profile.token {
            builder = builder.with_token(token);
        }
    }
    builder
}

fn google(name: &str, settings: &ObjectStoreSettings) -> GoogleCloudStorageBuilder {
    let mut options = options();
    let mut builder = GoogleCloudStorageBuilder::from_env()
        .with_bucket_name(name)
        .with_retry(retries());
    if let Some(emulator) = &settings.google_emulator {
        let address = if emulator.contains("://") {
            emulator.clone()
        } else {
            format!("http://{emulator}")
        };
        options = options.with_allow_http(address.starts_with("http://"));
        builder = builder.with_base_url(&address).with_skip_signature(true);
    }
    builder.with_client_options(options)
}

fn azure(
    container: &str,
    account: &str,
    domain: &str,
    settings: &ObjectStoreSettings,
) -> MicrosoftAzureBuilder {
    let mut options = options();
    let mut builder = MicrosoftAzureBuilder::from_env()
        .with_container_name(container)
        .with_account(account)
        .with_retry(retries())
        .with_endpoint(format!("https://{account}.blob.{domain}"));
    if let Some(connection) = &settings.azure_connection {
        let parts: HashMap<&str, &str> = connection
            .split(';')
            .filter_map(|part| part.split_once('='))
            .collect();
        let account = parts.get("AccountName").copied().unwrap_or(account);
        let protocol = parts.get("DefaultEndpointsProtocol").unwrap_or(&"https");
        let suffix = parts.get("EndpointSuffix").copied().unwrap_or(domain);
        let endpoint = parts.get("BlobEndpoint").map_or_else(
            || format!("{protocol}://{account}.blob.{suffix}"),
            |endpoint| endpoint.trim_end_matches('/').to_owned(),
        );
        options = options.with_allow_http(endpoint.starts_with("http://"));
        builder = builder.with_account(account).with_endpoint(endpoint);
        if let Some(key) = parts.get("AccountKey") {
            builder = builder.with_access_key(*key);
        }
        if let Some(signature) = parts.get("SharedAccessSignature") {
            let pairs = url::form_urlencoded::parse(signature.trim_start_matches('?').as_bytes());
            builder = builder.with_sas_authorization(pairs.into_owned().collect::<Vec<_>>());
        }
    } else if let Some(key) = &settings.azure_key {
        builder = builder.with_access_key(key);
    }
    builder.with_client_options(options)
}

fn certificates(file: Option<&str>) -> Result<Vec<Certificate>> {
    let Some(file) = file else {
        return Ok(Vec::new());
    };
    let read = fs::read(file).map_err(|error| error.to_string());
    read.and_then(|pem| Certificate::from_pem_bundle(&pem).map_err(|error| error.to_string()))
        .map_err(|error| {
            Error::invalid_parameter(format!(
                "The certificates in {file} cannot be used: {error}"
            ))
        })
}

/// What boto3's arguments say of new objects.
fn extra(upload: &S3Upload) -> Vec<(Attribute, AttributeValue)> {
    let named = upload.attributes.iter().filter_map(|(name, value)| {
        let attribute = match name.as_str() {
            "CacheControl" => Attribute::CacheControl,
            "ContentDisposition" => Attribute::ContentDisposition,
            "ContentEncoding" => Attribute::ContentEncoding,
            "ContentLanguage" => Attribute::ContentLanguage,
            "ContentType" => Attribute::ContentType,
            "StorageClass" => Attribute::StorageClass,
            _ => return None,
        };
        Some((attribute, value.clone().into()))
    });
    let own = upload.metadata.iter().map(|(key, value)| {
        (
            Attribute::Metadata(key.clone().into()),
            value.clone().into(),
        )
    });
    named.chain(own).collect()
}

/// How new objects are encrypted, for those who send them without this server.
fn signed_headers(upload: &S3Upload) -> Vec<(String, String)> {
    let of_encryption = [
        ("x-amz-server-side-encryption", upload.encryption.as_deref()),
        (
            "x-amz-server-side-encryption-aws-kms-key-id",
            upload.key.as_deref(),
        ),
        (
            "x-amz-server-side-encryption-bucket-key-enabled",
            upload.bucket_key.then_some("true"),
        ),
        (
            "x-amz-request-payer",
            upload.requester_pays.then_some("requester"),
        ),
    ];
    let given = of_encryption
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    given.collect()
}

/// A transfer may take as long as it takes, as long as something moves.
fn options() -> ClientOptions {
    ClientOptions::new()
        .with_timeout_disabled()
        .with_read_timeout(SILENCE)
}

fn retries() -> RetryConfig {
    RetryConfig {
        max_retries: 5,
        retry_timeout: Duration::from_secs(60),
        ..RetryConfig::default()
    }
}
