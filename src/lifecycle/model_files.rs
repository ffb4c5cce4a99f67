//! What the files of models say and hold, as far as policies ask. They are read outside of any
//! transaction: no lock is held while storage is slow.

use std::collections::HashMap;

use super::content::Content;
use super::feature_files::{self, Sources};
use super::policy::FeatureSpecFacts;
use crate::artifacts::Artifacts;

/// What was read. Nothing is known of what could not be read.
#[derive(Clone, Debug, Default)]
pub struct ModelFiles {
    descriptions: HashMap<Sources, Description>,
    contents: HashMap<String, Content>,
    /// Whether nothing can be read at all.
    out_of_reach: bool,
}

/// What a model says of itself.
#[derive(Clone, Debug, Default)]
pub struct Description {
    pub has_signature: Option<bool>,
    pub feature_spec: FeatureSpecFacts,
}

/// What has to be read before a decision can be made.
#[derive(Clone, Debug, Default)]
pub struct Unread {
    pub descriptions: Vec<Sources>,
    /// Locations whose bytes are asked for.
    pub contents: Vec<String>,
}

impl Unread {
    pub fn is_empty(&self) -> bool {
        self.descriptions.is_empty() && self.contents.is_empty()
    }
}

impl ModelFiles {
    /// For where no storage is at hand.
    pub fn out_of_reach() -> Self {
        Self {
            out_of_reach: true,
            ..Self::default()
        }
    }

    pub fn description(&self, sources: &Sources) -> Option<Description> {
        self.descriptions.get(sources).cloned()
    }

    pub fn content(&self, location: &str) -> Option<Content> {
        if self.out_of_reach {
            return Some(Content::Unknown("No storage is at hand.".to_owned()));
        }
        self.contents.get(location).cloned()
    }

    pub async fn read(&mut self, artifacts: &Artifacts, unread: Unread) {
        for sources in unread.descriptions {
            let description = describe(artifacts, &sources).await;
            self.descriptions.insert(sources, description);
        }
        for location in unread.contents {
            let content = Content::read(artifacts, &location).await;
            self.contents.insert(location, content);
        }
    }
}

async fn describe(artifacts: &Artifacts, sources: &Sources) -> Description {
    let Ok(mlmodel) = sources.read_mlmodel(artifacts).await else {
        return Description::default();
    };
    let feature_spec = match sources.read(artifacts, mlmodel.as_deref()).await {
        Ok(Some(found)) => FeatureSpecFacts::Found {
            problems: found.problems(),
            path: found.path,
        },
        Ok(None) => FeatureSpecFacts::Absent,
        Err(_) => FeatureSpecFacts::Unknown,
    };
    Description {
        has_signature: mlmodel.map_or(Some(false), |file| has_signature(&file)),
        feature_spec,
    }
}

/// Whether an MLmodel file has a signature. None where it is not YAML, or too large to be one.
fn has_signature(file: &[u8]) -> Option<bool> {
    if file.len() > feature_files::LARGEST_MLMODEL {
        return None;
    }
    let text = std::str::from_utf8(file).ok()?;
    let file: serde_json::Value = serde_saphyr::from_str(text).ok()?;
    Some(file.get("signature").is_some_and(|part| !part.is_null()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_found() {
        let with = "artifact_path: model\nsignature:\n  inputs: '[]'\n  outputs: null\n";
        assert_eq!(has_signature(with.as_bytes()), Some(true));
        assert_eq!(has_signature(b"artifact_path: model\n"), Some(false));
        assert_eq!(has_signature(b"signature: null\n"), Some(false));
        assert_eq!(has_signature(b"signature: [\n"), None);
        assert_eq!(has_signature(b"signature: \xff\n"), None);
    }
}
