//! Which facts are read for a judgement. What nothing in the policy asks for is left out: most of them
//! ask for little, and changes should not wait for the rest.

use std::collections::HashMap;

use super::claims;
use super::facts::Wanted;
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::history::{self, Entered};
use crate::store::governance::lineage::Parts;
use crate::store::model_versions::{self, Stage};
use crate::wire::ModelVersionTag;

/// What is read, beside the tags of the versions.
pub struct Reads {
    pub origins: bool,
    pub evidence_of: Vec<i32>,
    pub of_runs: Parts,
    pub of_models: Parts,
}

impl Reads {
    pub fn of(wanted: &Wanted, tags: &HashMap<(String, i32), Vec<ModelVersionTag>>) -> Self {
        let needs = &wanted.needs;
        let name = &wanted.applying.model.name;
        let mut has_all_tags = true;
        let mut evidence_of = Vec::new();
        for row in &wanted.rows {
            let tags = tags.get(&(name.clone(), row.version));
            let tags = tags.map(Vec::as_slice).unwrap_or_default();
            let keys = || tags.iter().map(ModelVersionTag::key);
            has_all_tags &= !needs.tags_beyond(keys());
            // There is no evidence yet about a version that is being made, but what its tags say.
            let is_new = wanted.made.contains_key(&row.version);
            if !is_new || keys().any(claims::is_reserved) {
                evidence_of.push(row.version);
            }
        }
        let of_models = Parts {
            params: needs.params,
            metrics: needs.metrics,
            tags: !has_all_tags,
            user: false,
        };
        let of_runs = Parts {
            tags: of_models.tags || needs.authors,
            user: needs.authors,
            ..of_models
        };
        let mut rows = wanted.rows.iter();
        let are_new = rows.all(|row| wanted.made.contains_key(&row.version));
        let is_asked = needs.origin || of_runs.any();
        Self {
            origins: is_asked && !are_new,
            evidence_of,
            of_runs,
            of_models,
        }
    }
}

/// The versions in Production, where they are asked for.
#[derive(Default)]
pub struct Production {
    now: Vec<i32>,
    last: Option<Entered>,
}

impl Production {
    pub fn of(db: &mut Db, wanted: &Wanted) -> Result<Self> {
        if !wanted.needs.production {
            return Ok(Self::default());
        }
        let name = wanted.applying.model.name.as_str();
        let model = (name, wanted.model_id);
        Ok(Self {
            now: model_versions::in_stage(db, name, Stage::Production)?,
            last: history::last_to_enter(db, model, Stage::Production.as_str())?,
        })
    }

    /// The version that another one is measured against.
    pub fn beside(&self, number: i32, model_id: Option<&str>) -> Option<i32> {
        let others = self.now.iter().filter(|other| **other != number);
        others.copied().max().or_else(|| {
            // Emptying Production does not make a first promotion of the next one.
            let last = self.last.as_ref()?;
            let itself = last.version == number && model_id == Some(last.model_id.as_str());
            (!itself).then_some(last.version)
        })
    }
}
