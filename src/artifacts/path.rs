//! The place of an artifact below its root.

use std::fmt;

use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};

/// Files whose names begin so are uploads on their way. Stock MLflow hides the same names.
pub const UPLOADING: &str = ".artifact.uploading.";

/// A relative path that cannot lead out of the root it is joined to. It has no empty parts, and the
/// root itself is the path without parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArtifactPath(String);

impl ArtifactPath {
    /// Checks a path that a client sent.
    ///
    /// Clients differ in how often they encode a name, so it is decoded until nothing changes, as
    /// MLflow does; what is checked is what is used.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_plain(&decode(text)?)
    }

    /// Checks a path that is not encoded, such as one from the database.
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
        if has_drive(&path) {
            return Err(invalid());
        }
        Ok(Self(path))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// The last part; the root's is empty.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    #[must_use]
    pub fn parent(&self) -> Self {
        Self(
            self.0
                .rsplit_once('/')
                .map_or_else(String::new, |(parent, _)| parent.to_owned()),
        )
    }

    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        match (self.is_root(), below.is_root()) {
            (true, _) => below.clone(),
            (_, true) => self.clone(),
            _ => Self(format!("{self}/{below}")),
        }
    }

    /// A name that an upload may have.
    pub fn check_name(&self) -> Result<()> {
        let name = self.name();
        if name.starts_with(UPLOADING) {
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

fn decode(text: &str) -> Result<String> {
    let mut text = text.to_owned();
    for _ in 0..10 {
        let decoded = percent_decode_str(&text)
            .decode_utf8()
            .map_err(|_| invalid())?
            .into_owned();
        if decoded == text {
            return Ok(text);
        }
        text = decoded;
    }
    Err(invalid())
}

/// `C:\file`, `C:/file` and `file:…`, which other systems or libraries take for absolute.
fn has_drive(text: &str) -> bool {
    let bytes = text.as_bytes();
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
mod tests {
    use super::*;

    #[test]
    fn keeps_names_as_they_are() {
        for name in [
            "model/MLmodel",
            "with space/a b.txt",
            "na\u{ef}ve/\u{65e5}\u{672c}\u{8a9e}.txt",
            "a#b",
            "100%",
            "a+b;c=d&e?f",
            "...",
            "a..b/c..",
            "~/x",
        ] {
            assert_eq!(ArtifactPath::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn decodes_until_nothing_changes() {
        for (text, path) in [
            ("a%20b", "a b"),
            ("a%2520b", "a b"),
            ("a%2Fb", "a/b"),
            ("50%25", "50%"),
            ("a%23b", "a#b"),
        ] {
            assert_eq!(ArtifactPath::parse(text).unwrap().as_str(), path);
        }
    }

    #[test]
    fn drops_empty_parts() {
        let path = ArtifactPath::parse("a//b/./c/").unwrap();
        assert_eq!(path.as_str(), "a/b/c");
        assert_eq!(path.name(), "c");
        assert_eq!(path.parent().as_str(), "a/b");
        assert!(ArtifactPath::parse(".").unwrap().is_root());
        assert_eq!(ArtifactPath::default().parts().count(), 0);
    }

    #[test]
    fn refuses_what_leads_out() {
        for text in [
            "..",
            "../x",
            "a/../b",
            "a/..",
            "%2e%2e/x",
            "%252e%252e%252fx",
            "..%2fx",
            "/etc/passwd",
            "%2fetc/passwd",
            "%252Fetc",
            "C:\\x",
            "C:/x",
            "c:x",
            "\\\\host\\share",
            "..\\x",
            "a%5c..%5cb",
            "file:///etc/passwd",
            "FILE:etc",
            "a%00b",
            "a\0",
            "a%0ab",
            "%ff",
        ] {
            assert_eq!(ArtifactPath::parse(text), Err(invalid()), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_leads_out(text in "[a.%/2eEfF5cC\\\\:]{0,12}") {
            if let Ok(path) = ArtifactPath::parse(&text) {
                assert!(path.parts().all(|part| part != ".." && part != "."));
                assert!(!path.as_str().starts_with('/'));
                assert!(std::path::Path::new(path.as_str()).is_relative());
                assert_eq!(ArtifactPath::parse(path.as_str()).unwrap(), path);
            }
        }
    }
}
