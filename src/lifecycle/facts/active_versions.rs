//! The active versions of a model: those that are not archived. A policy can limit their number.

use super::FactsRequest;
use crate::error::Result;
use crate::lifecycle::policy::ActiveVersion;
use crate::store::Db;
use crate::store::model_versions::{self, ModelVersionRow, Stage};
use crate::wire::RegisteredModelAlias;

/// The active versions, and the versions of the request that would each be one more. Empty if no policy limits them.
#[derive(Default)]
pub struct ActiveVersions {
    versions: Vec<ActiveVersion>,
    joining: Vec<i32>,
}

impl ActiveVersions {
    /// Looks them up, if the policy limits them and the request has a version that would be one more.
    pub fn look_up(
        db: &mut Db,
        request: &FactsRequest,
        aliases: &[RegisteredModelAlias],
    ) -> Result<Self> {
        let joining: Vec<i32> = request
            .rows
            .iter()
            .filter(|row| is_one_more(request, row))
            .map(|row| row.version)
            .collect();
        if request.policy.policy().spec().versions.is_none() || joining.is_empty() {
            return Ok(Self::default());
        }
        let mut versions = Vec::new();
        for (number, stage) in model_versions::active(db, request.model_name())? {
            if request.leaving.contains(&number) {
                continue;
            }
            let stage = Stage::parse(stage.as_deref().unwrap_or_default());
            let written = number.to_string();
            versions.push(ActiveVersion {
                version: u64::try_from(number).unwrap_or_default(),
                stage: stage.unwrap_or(Stage::None),
                aliases: aliases
                    .iter()
                    .filter(|alias| alias.version() == written)
                    .map(|alias| alias.alias().to_owned())
                    .collect(),
                stays: false,
            });
        }
        Ok(Self { versions, joining })
    }

    /// Returns those that are active beside a version that would be one more; `None` for a version that
    /// would not.
    pub fn others(&self, version: i32) -> Option<Vec<ActiveVersion>> {
        let itself = u64::try_from(version).unwrap_or_default();
        self.joining.contains(&version).then(|| {
            let others = self.versions.iter();
            others
                .filter(|other| other.version != itself)
                .cloned()
                .collect()
        })
    }

    /// The numbers of those that could be archived for a version that joins.
    pub fn replaceable(&self) -> Vec<i32> {
        self.versions
            .iter()
            .filter_map(|version| i32::try_from(version.version).ok())
            .filter(|number| !self.joining.contains(number))
            .collect()
    }

    /// Marks the versions that the gate of the archive does not let in.
    pub fn mark_staying(&mut self, stays: impl Fn(i32) -> bool) {
        for version in &mut self.versions {
            version.stays = i32::try_from(version.version).is_ok_and(&stays);
        }
    }
}

/// Whether a version is being created, or is archived.
fn is_one_more(request: &FactsRequest, row: &ModelVersionRow) -> bool {
    request.being_created.contains_key(&row.version) || row.stage() == Stage::Archived
}
