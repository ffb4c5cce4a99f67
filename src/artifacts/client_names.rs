//! Names of artifacts as MLflow's clients request them.
//!
//! A client decodes the names of a listing once more before it requests the files. For a name that contains `%20`,
//! such as those of images that MLflow 2.x logs at step 20, it requests another name.

use std::fmt::Write;

use percent_encoding::percent_decode_str;

use super::keeper::Artifacts;
use super::{ArtifactLocation, ArtifactPath};
use crate::error::{Error, ErrorCode, Result};

/// The maximum number of times that a client decodes a name.
const MOST_DECODINGS: usize = 10;

impl Artifacts {
    /// Finds the file that a client means by a name that does not exist: the only file in the folder for which the
    /// client would request that name. Returns `error` if there is no such file, or more than one. This is for
    /// reading only: a write or a deletion takes names literally.
    pub async fn meant(&self, asked: &ArtifactLocation, error: Error) -> Result<ArtifactLocation> {
        let name = asked.path.name();
        // Of a name that was decoded to the end, a percent sign is left only where others went.
        if error.code != ErrorCode::ResourceDoesNotExist || !name.contains('%') {
            return Err(error);
        }
        let folder = asked.parent();
        let entries = self.list(&folder).await?;
        let mut meant = entries
            .into_iter()
            .filter(|entry| entry.size.is_some() && as_asked(&entry.name) == name)
            .filter_map(|entry| ArtifactPath::default().below(&entry.name))
            .filter(ArtifactPath::can_be_requested);
        match (meant.next(), meant.next()) {
            (Some(only), None) => Ok(folder.below(&only)),
            _ => Err(error),
        }
    }
}

/// Returns the name that a client requests for a name in a listing.
fn as_asked(name: &str) -> String {
    let mut name = name.to_owned();
    for _ in 0..MOST_DECODINGS {
        let decoded: String = percent_decode_str(&name)
            .decode_utf8_lossy()
            .chars()
            .filter(|letter| !matches!(letter, '\t' | '\r' | '\n'))
            .collect();
        if decoded == name {
            break;
        }
        name = decoded;
    }
    name.chars().fold(String::new(), |mut text, letter| {
        // Writing to a String cannot fail.
        let _ = if letter.is_ascii_control() {
            write!(text, "%{:02x}", u32::from(letter))
        } else {
            text.write_char(letter)
        };
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_a_client() {
        for (name, asked) in [
            (
                "dog%step%3%timestamp%1795%g.png",
                "dog%step%3%timestamp%1795%g.png",
            ),
            (
                "dog%step%20%timestamp%1795%g.png",
                "dog%step %timestamp%1795%g.png",
            ),
            ("dog%step%2541%g.png", "dog%stepA%g.png"),
            ("dog%step%2500%g.png", "dog%step%00%g.png"),
            ("dog%step%85%g.png", "dog%step\u{fffd}%g.png"),
            ("dog%step%10%g.png", "dog%step%10%g.png"),
            ("dog%step%1F%g.png", "dog%step%1f%g.png"),
            ("dog%step%0A%g.png", "dog%step%g.png"),
        ] {
            assert_eq!(as_asked(name), asked, "{name}");
        }
    }
}
