//! Compares a feature retrieval spec with the signature of its model.

use std::collections::HashSet;

use serde::Serialize;
use utoipa::ToSchema;

use super::{FeatureSpec, Inputs};

/// The differences between a spec and a signature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FeatureComparison)]
pub struct Comparison {
    /// Inputs that the model must have, and the spec does not fetch.
    pub missing: Vec<String>,
    /// Features that the spec fetches, and the model does not take.
    pub unexpected: Vec<String>,
}

impl Comparison {
    /// Whether nothing differs.
    pub fn is_clean(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty()
    }

    /// What is wrong, in sentences.
    pub fn sentences(&self) -> Vec<String> {
        let quoted = |names: &[String]| {
            let quoted: Vec<_> = names.iter().map(|name| format!("'{name}'")).collect();
            quoted.join(", ")
        };
        let mut sentences = Vec::new();
        if !self.missing.is_empty() {
            sentences.push(format!(
                "the model's signature has inputs that the spec does not list: {}",
                quoted(&self.missing)
            ));
        }
        if !self.unexpected.is_empty() {
            sentences.push(format!(
                "the spec lists features that are no inputs of the model's signature: {}",
                quoted(&self.unexpected)
            ));
        }
        sentences
    }
}

/// Nothing differs where the inputs of the model have no names.
pub fn compare(spec: &FeatureSpec, inputs: &Inputs) -> Comparison {
    let Inputs::Named(inputs) = inputs else {
        return Comparison::default();
    };
    let listed: HashSet<&str> = spec.features.iter().map(|one| one.name.as_str()).collect();
    let taken: HashSet<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
    Comparison {
        missing: inputs
            .iter()
            .filter(|input| input.required && !listed.contains(input.name.as_str()))
            .map(|input| input.name.clone())
            .collect(),
        unexpected: spec
            .features
            .iter()
            .filter(|feature| !taken.contains(feature.name.as_str()))
            .map(|feature| feature.name.clone())
            .collect(),
    }
}
