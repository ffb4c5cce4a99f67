//! The versions in Production, with which candidates are compared.

use super::FactsRequest;
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::history::{self, StageEntry};
use crate::store::model_versions::{self, Stage};

/// The versions in Production, and the one that entered last. Empty if no policy asks for them.
#[derive(Default)]
pub struct ProductionVersions {
    now: Vec<i32>,
    last: Option<StageEntry>,
}

impl ProductionVersions {
    /// Looks them up, if the request needs them.
    pub fn look_up(db: &mut Db, request: &FactsRequest) -> Result<Self> {
        if !request.needs.production {
            return Ok(Self::default());
        }
        let name = request.model_name();
        let stage = Stage::Production;
        Ok(Self {
            now: model_versions::in_stage(db, name, stage)?,
            last: history::last_to_enter(db, name, request.model_id, stage.as_str())?,
        })
    }

    /// Returns the version that another one is measured against.
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
