//! Reads policies from YAML and checks them.

use serde_saphyr::options::DuplicateKeyPolicy;
use sha2::{Digest, Sha256};

use super::document::{Document, Enforcement, Spec};
use super::document_error::DocumentError;
use super::facts::Target;

/// As much as a file of policies may have.
const MOST_BYTES: usize = 256 << 10;

/// One policy, read and checked.
#[derive(Clone, Debug)]
pub struct Policy {
    document: Document,
    text: String,
    hash: String,
}

impl Policy {
    /// Reads the one policy of a text.
    pub fn parse(yaml: &str) -> Result<Self, DocumentError> {
        let mut policies = Self::parse_all(yaml)?;
        match (policies.pop(), policies.len()) {
            (Some(policy), 0) => Ok(policy),
            (_, others) => Err(DocumentError {
                line: 1,
                column: 1,
                message: format!("one policy is wanted here, and there are {}", others + 1),
            }),
        }
    }

    /// Reads the policies of a file, separated by `---`.
    pub fn parse_all(yaml: &str) -> Result<Vec<Self>, DocumentError> {
        let nothing = |message: String| DocumentError {
            line: 1,
            column: 1,
            message,
        };
        if yaml.len() > MOST_BYTES {
            return Err(nothing(format!(
                "a file of policies has at most {MOST_BYTES} bytes"
            )));
        }
        let mut policies: Vec<Self> = Vec::new();
        for (line, text) in documents(yaml) {
            let policy = Self::parse_document(text, line)?;
            if policies.iter().any(|other| other.name() == policy.name()) {
                let message = format!("there are two policies named '{}'", policy.name());
                return Err(DocumentError {
                    line: line + 1,
                    column: 1,
                    message,
                });
            }
            policies.push(policy);
        }
        if policies.is_empty() {
            return Err(nothing("there is no policy in it".to_owned()));
        }
        Ok(policies)
    }

    fn parse_document(text: &str, lines_before: u64) -> Result<Self, DocumentError> {
        let document = read(text).and_then(|document: Document| {
            document.check()?;
            Ok(document)
        });
        let document = document.map_err(|problem| DocumentError {
            line: problem.line + lines_before,
            ..problem
        })?;
        let canonical = serde_json::to_vec(&document).unwrap_or_default();
        Ok(Self {
            document,
            text: text.to_owned(),
            hash: hex::encode(Sha256::digest(canonical)),
        })
    }

    /// The name of the policy.
    pub fn name(&self) -> &str {
        self.document.metadata.name.as_str()
    }

    /// SHA-256 of what the policy says: comments and layout do not change it.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The document as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the policy says.
    pub fn spec(&self) -> &Spec {
        &self.document.spec
    }

    /// Whether what does not meet the policy is refused.
    pub fn enforcement(&self) -> Enforcement {
        self.spec().enforcement
    }

    /// Whether the policy says anything of a stage or alias, or of registration.
    pub fn gates(&self, target: &Target) -> bool {
        let spec = self.spec();
        match target {
            Target::Registration => spec.registration.is_some(),
            Target::Stage(stage) => spec.stages.contains_key(stage),
            Target::Alias(alias) => spec.alias_gate(alias).is_some(),
        }
    }

    /// The stages and aliases that the policy names, in their order. `*` among the aliases is not one.
    pub fn targets(&self) -> Vec<Target> {
        let spec = self.spec();
        let stages = spec.stages.keys().copied().map(Target::Stage);
        let aliases = spec.aliases.keys().filter(|alias| *alias != "*").cloned();
        stages.chain(aliases.map(Target::Alias)).collect()
    }

    /// The most versions of a model that may be active, if the policy limits them.
    pub fn max_active(&self) -> Option<u32> {
        let versions = self.spec().versions.as_ref()?;
        Some(versions.max_active.get())
    }
}

/// The JSON Schema of a policy.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}

/// Reads one YAML document, and refuses what its type does not know.
pub(crate) fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, DocumentError> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    };
    Ok(serde_saphyr::from_str_with_options(text, options)?)
}

/// The documents of a YAML file, each with the number of lines before it. A line that begins with
/// `---` separates them wherever it stands: YAML allows no such line inside of a value.
fn documents(yaml: &str) -> Vec<(u64, &str)> {
    let mut documents = Vec::new();
    let (mut start, mut start_line, mut position) = (0, 0, 0);
    for (number, line) in (0u64..).zip(yaml.split_inclusive('\n')) {
        let next = position + line.len();
        if line.trim_end() == "---" {
            documents.push((start_line, &yaml[start..position]));
            (start, start_line) = (next, number + 1);
        }
        position = next;
    }
    documents.push((start_line, &yaml[start..]));
    documents.retain(|(_, text)| {
        text.lines()
            .map(str::trim)
            .any(|line| !line.is_empty() && !line.starts_with('#'))
    });
    documents
}
