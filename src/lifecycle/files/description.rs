//! The description of a model in its own files: whether it has a signature, and its feature retrieval spec.

use super::super::feature_spec::limits;
use super::super::policy::FeatureSpecFacts;
use super::FeatureSpecSources;
use crate::artifacts::Artifacts;

/// What a model says of itself.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// Whether its `MLmodel` file has a signature. `None`: the file could not be read.
    pub has_signature: Option<bool>,
    pub feature_spec: FeatureSpecFacts,
}

impl Description {
    /// Reads the files that say it. What cannot be read stays unknown.
    pub async fn read(artifacts: &Artifacts, sources: &FeatureSpecSources) -> Self {
        let Ok(mlmodel) = sources.read_mlmodel(artifacts).await else {
            return Self::default();
        };
        let feature_spec = match sources.read(artifacts, mlmodel.as_deref()).await {
            Ok(Some(found)) => FeatureSpecFacts::Found {
                problems: found.problems(),
                path: found.path,
            },
            Ok(None) => FeatureSpecFacts::Absent,
            Err(_) => FeatureSpecFacts::Unknown,
        };
        Self {
            has_signature: mlmodel.map_or(Some(false), |file| has_signature(&file)),
            feature_spec,
        }
    }
}

/// Whether an MLmodel file has a signature. None where it is not YAML, or too large to be one.
fn has_signature(file: &[u8]) -> Option<bool> {
    if file.len() > limits::MLMODEL {
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
