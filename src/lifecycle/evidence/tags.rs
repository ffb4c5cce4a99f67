//! Tags of versions that are evidence, and those that are not.

use sha2::{Digest, Sha256};

use super::super::policy::Tags;
use super::super::policy::claims::Claim;
use crate::error::{Error, Result};

/// Whether a version tag of this key is evidence.
pub fn is_reserved(key: &str) -> bool {
    Claim::from_tag(key, "").is_some()
}

/// Reads what a version tag says, if its key makes it evidence. Fails where the value is not understood.
pub fn of_tag(key: &str, value: &str) -> Result<Option<Claim>> {
    Claim::from_tag(key, value)
        .transpose()
        .map_err(Error::invalid_parameter)
}

/// Computes the digest of what the tags of a version say, evidence aside.
pub fn tags_digest(tags: &Tags) -> String {
    let ordinary: Vec<_> = tags.iter().filter(|(key, _)| !is_reserved(key)).collect();
    hex::encode(Sha256::digest(
        serde_json::to_vec(&ordinary).unwrap_or_default(),
    ))
}
