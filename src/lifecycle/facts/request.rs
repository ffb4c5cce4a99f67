//! A request for facts: about which versions, and which of them.

use std::collections::{BTreeSet, HashMap};

use super::super::decision::Change;
use super::super::in_force::ApplicablePolicy;
use super::super::policy::{Needs, Policy, Target};
use super::VersionOrigin;
use crate::store::model_versions::{ModelVersionRow, Stage};
use crate::wire::ModelVersionTag;

/// The versions of one model about which facts are to be gathered.
pub struct FactsRequest<'a> {
    pub policy: &'a ApplicablePolicy,
    /// `None` for a model that is not in the history yet, and therefore has no evidence.
    pub model_id: Option<&'a str>,
    pub rows: Vec<ModelVersionRow>,
    /// When it is judged, and what was read of files.
    pub change: &'a Change,
    /// Versions that are being created, beside `rows`.
    pub being_created: HashMap<i32, VersionBeingCreated>,
    /// Versions that the same change archives.
    pub leaving: Vec<i32>,
    /// Which facts the gates in question ask for.
    pub needs: Needs<'a>,
    pub contents: ContentScope,
}

impl<'a> FactsRequest<'a> {
    /// Asks for every fact about versions, except their bytes.
    pub fn everything(
        policy: &'a ApplicablePolicy,
        model_id: Option<&'a str>,
        rows: Vec<ModelVersionRow>,
        change: &'a Change,
    ) -> Self {
        Self {
            policy,
            model_id,
            rows,
            change,
            being_created: HashMap::new(),
            leaving: Vec::new(),
            needs: Needs::everything(),
            contents: ContentScope::None,
        }
    }

    /// The name of the model.
    pub fn model_name(&self) -> &'a str {
        &self.policy.model.name
    }
}

/// A version that is being created. History does not know it yet, and nothing of it need be read.
pub struct VersionBeingCreated {
    pub origin: VersionOrigin,
    pub row: ModelVersionRow,
    pub tags: Vec<ModelVersionTag>,
}

/// Of which versions the bytes are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ContentScope {
    #[default]
    None,
    /// Of these.
    Versions(BTreeSet<i32>),
    /// Of those that are in a stage or have an alias with a gate.
    BehindGates,
}

impl ContentScope {
    /// Whether the bytes of any version may be asked for.
    pub fn is_any(&self) -> bool {
        match self {
            Self::None => false,
            Self::Versions(versions) => !versions.is_empty(),
            Self::BehindGates => true,
        }
    }

    /// Whether the bytes of this version are asked for.
    pub fn includes(&self, policy: &Policy, row: &ModelVersionRow, aliases: &[String]) -> bool {
        match self {
            Self::None => false,
            Self::Versions(versions) => versions.contains(&row.version),
            Self::BehindGates => is_behind_gate(policy, row.stage(), aliases),
        }
    }
}

fn is_behind_gate(policy: &Policy, stage: Stage, aliases: &[String]) -> bool {
    let has_gate = |alias: &String| policy.gates(&Target::Alias(alias.clone()));
    policy.gates(&Target::Stage(stage)) || aliases.iter().any(has_gate)
}
