//! What the files of a model say about it, as far as policies ask. They are read outside of any
//! transaction: no lock is held while storage is slow.

use std::collections::HashMap;

use futures_util::TryStreamExt;

use crate::artifacts::{ArtifactPath, Artifacts, Place};
use crate::error::{ErrorCode, Result};

const MLMODEL: &str = "MLmodel";
/// Where a feature retrieval spec may be.
const FEATURE_SPECS: [&str; 2] = [
    "feature_retrieval_spec.yaml",
    "extra_files/feature_retrieval_spec.yaml",
];
/// The most of an MLmodel file that is read. Signatures are in it, examples are not.
const LARGEST: u64 = 4 << 20;

/// What is known by the place of the artifacts. Nothing is known of a place that could not be read.
#[derive(Clone, Debug, Default)]
pub struct ModelFiles(HashMap<String, Known>);

#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    pub has_signature: Option<bool>,
    pub has_feature_spec: Option<bool>,
}

impl ModelFiles {
    pub fn of(&self, place: &str) -> Option<Known> {
        self.0.get(place).copied()
    }

    pub async fn read(&mut self, artifacts: &Artifacts, places: Vec<String>) {
        for place in places {
            let known = read(artifacts, &place).await;
            self.0.insert(place, known);
        }
    }
}

async fn read(artifacts: &Artifacts, uri: &str) -> Known {
    let Ok(place) = artifacts.resolve(uri) else {
        return Known::default();
    };
    Known {
        has_signature: signature(&place).await,
        has_feature_spec: feature_spec(&place).await,
    }
}

async fn signature(place: &Place) -> Option<bool> {
    let text = match text(place, MLMODEL).await {
        Ok(text) => text?,
        Err(error) if error.code == ErrorCode::ResourceDoesNotExist => return Some(false),
        Err(_) => return None,
    };
    has_signature(&text)
}

/// Whether an MLmodel file has a signature. None where it is not YAML.
fn has_signature(text: &str) -> Option<bool> {
    let file: serde_json::Value = serde_saphyr::from_str(text).ok()?;
    Some(file.get("signature").is_some_and(|part| !part.is_null()))
}

async fn feature_spec(place: &Place) -> Option<bool> {
    for name in FEATURE_SPECS {
        match text(place, name).await {
            Ok(_) => return Some(true),
            Err(error) if error.code == ErrorCode::ResourceDoesNotExist => {}
            Err(_) => return None,
        }
    }
    Some(false)
}

/// A file as text; None where it is none, or too large to be one.
async fn text(place: &Place, name: &str) -> Result<Option<String>> {
    let file = place.below(&ArtifactPath::parse(name)?);
    let Some(download) = file.repository.open(&file.path).await? else {
        return Ok(None);
    };
    let size = download.size;
    if size > LARGEST {
        return Ok(None);
    }
    let pieces: Result<Vec<_>, _> = download.stream(0..size).try_collect().await;
    let Ok(pieces) = pieces else {
        return Ok(None);
    };
    Ok(String::from_utf8(pieces.concat()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_found() {
        let with = "artifact_path: model\nsignature:\n  inputs: '[]'\n  outputs: null\n";
        assert_eq!(has_signature(with), Some(true));
        assert_eq!(has_signature("artifact_path: model\n"), Some(false));
        assert_eq!(has_signature("signature: null\n"), Some(false));
        assert_eq!(has_signature("signature: [\n"), None);
    }
}
