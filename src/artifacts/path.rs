//! The path of an artifact relative to its root.

use std::fmt;

use percent_encoding::{percent_decode, percent_decode_str};

use crate::error::{Error, Result};

/// The beginning of the names of incomplete uploads. Stock MLflow hides the same names.
pub const UPLOADING: &str = ".artifact.uploading.";

/// The maximum number of times that a name is decoded to find out what else it could mean.
const MOST_DECODINGS: usize = 10;

/// A relative path that cannot lead out of the root it is joined to. It has no empty parts, and the
/// root itself is the path without parts.
///
/// A path is decoded once, from the URL of a request. So `a%2Fb` in a message is a name with a percent sign, not the file
/// `b` in the folder `a`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArtifactPath(String);

impl ArtifactPath {
    /// Reads the path in the address of a request, which is percent-encoded once.
    pub fn from_address(text: &str) -> Result<Self> {
        let decoded = percent_decode_str(text)
            .decode_utf8()
            .map_err(|_| invalid())?;
        Self::from_plain(&decoded)
    }

    /// Reads a path that is not encoded: from a query, a message or the database.
    ///
    /// It is kept as it is. What it would be if somebody decoded it again counts only against it:
    /// a path that leads out in any of its readings is refused.
    pub fn from_plain(text: &str) -> Result<Self> {
        if text.starts_with('/') || text.contains(|c: char| c == '\\' || c.is_control()) {
            return Err(invalid());
        }
        let mut parts = Vec::new();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => return Err(invalid()),
                part => parts.push(part),
            }
        }
        let path = parts.join("/");
        if has_drive(path.as_bytes()) || leads_out_when_decoded(&path) {
            return Err(invalid());
        }
        Ok(Self(path))
    }

    /// The path of something that a store lists below this folder, parts separated by slashes.
    ///
    /// A store may hold names that no request can ask for. They cannot lead out either, and count
    /// among what a folder consists of. `None` stands for what is no relative path at all.
    pub fn below(&self, listed: &str) -> Option<Self> {
        let is_part = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        let below = listed
            .split('/')
            .all(is_part)
            .then(|| Self(listed.to_owned()))?;
        Some(self.join(&below))
    }

    /// Returns whether a request can name this path.
    pub fn can_be_requested(&self) -> bool {
        Self::from_plain(&self.0).is_ok_and(|path| path == *self)
    }

    /// Returns the path as text, without a slash at the beginning or the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this is the root, which has no parts.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names that the path consists of.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// Returns the last part, or an empty text for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the path without its last part.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self(
            self.0
                .rsplit_once('/')
                .map_or_else(String::new, |(parent, _)| parent.to_owned()),
        )
    }

    /// Returns the path of something below this one.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        match (self.is_root(), below.is_root()) {
            (true, _) => below.clone(),
            (_, true) => self.clone(),
            _ => Self(format!("{self}/{below}")),
        }
    }

    /// Fails if a part of the path is a name that is reserved for incomplete uploads.
    pub fn check_name(&self) -> Result<()> {
        if let Some(name) = self.parts().find(|part| part.starts_with(UPLOADING)) {
            return Err(Error::invalid_parameter(format!(
                "Invalid artifact file name: '{name}'. Artifact names starting with '{UPLOADING}' are reserved."
            )));
        }
        Ok(())
    }
}

impl fmt::Display for ArtifactPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether a path leads out for a reader who takes it for encoded, however often he decodes it.
fn leads_out_when_decoded(text: &str) -> bool {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..MOST_DECODINGS {
        let decoded: Vec<u8> = percent_decode(&bytes).collect();
        if decoded == bytes {
            return false;
        }
        if leads_out(&decoded) {
            return true;
        }
        bytes = decoded;
    }
    true
}

/// Judges bytes as the most careless of readers would: control characters do not count, nor that
/// UTF-8 writes each character in one way only.
fn leads_out(bytes: &[u8]) -> bool {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let (read, length) = match rest {
            [0xc0, second @ 0x80..0xc0, ..] => (second - 0x80, 2),
            [0xc1, second @ 0x80..0xc0, ..] => (second - 0x40, 2),
            [0xe0, 0x80, third @ 0x80..0xc0, ..] => (third - 0x80, 3),
            [0xe0, 0x81, third @ 0x80..0xc0, ..] => (third - 0x40, 3),
            _ => (first, 1),
        };
        if !read.is_ascii_control() {
            plain.push(read);
        }
        rest = &after[length - 1..];
    }
    let is_separator = |byte: &u8| matches!(byte, b'/' | b'\\');
    plain.first().is_some_and(is_separator)
        || plain
            .split(|byte| is_separator(byte))
            .any(|part| part == b"..")
        || has_drive(&plain)
}

/// `C:\file`, `C:/file` and `file:…`, which other systems or libraries take for absolute.
fn has_drive(bytes: &[u8]) -> bool {
    let drive = bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    let file_uri = bytes
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"file:"));
    drive || file_uri
}

fn invalid() -> Error {
    Error::invalid_parameter("Invalid path")
}

#[cfg(test)]
mod tests;
