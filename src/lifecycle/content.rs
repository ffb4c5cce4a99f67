//! The digest of all that a version consists of, as far as the bytes went through this server.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::store::{Db, artifact_digests};

/// Changes with each byte and each name below a place. None where nothing is known of it.
pub fn digest(db: &mut Db, place: &str) -> Result<Option<String>> {
    let root = place.trim_end_matches('/');
    if root.is_empty() {
        return Ok(None);
    }
    let files = artifact_digests::at_or_below(db, root)?;
    if files.is_empty() {
        return Ok(None);
    }
    let mut manifest = String::new();
    for file in files {
        let path = file.address.strip_prefix(root).unwrap_or(&file.address);
        // Writing to a String cannot fail.
        let _ = writeln!(manifest, "{}  {path}", file.sha256);
    }
    Ok(Some(hexadecimal(&Sha256::digest(manifest))))
}

pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
