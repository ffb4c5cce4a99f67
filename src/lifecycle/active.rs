//! The active versions of a model, which are those that are not archived: a policy may limit how many
//! there are.

use super::facts::{self, Wanted};
use super::policy::{ActiveVersion, Target, evaluate};
use crate::error::Result;
use crate::store::Db;
use crate::store::model_versions::{self, Row, Stage};
use crate::wire::RegisteredModelAlias;

/// What there is, where somebody counts.
#[derive(Default)]
pub struct Active {
    versions: Vec<ActiveVersion>,
    /// The versions that would each be one more.
    joining: Vec<i32>,
}

impl Active {
    pub fn of(db: &mut Db, wanted: &Wanted, aliases: &[RegisteredModelAlias]) -> Result<Self> {
        let policy = wanted.applying.policy();
        let joining: Vec<i32> = wanted
            .rows
            .iter()
            .filter(|row| is_one_more(wanted, row))
            .map(|row| row.version)
            .collect();
        if policy.spec().versions.is_none() || joining.is_empty() {
            return Ok(Self::default());
        }
        let mut versions = Vec::new();
        for (number, stage) in model_versions::active(db, &wanted.applying.model.name)? {
            if wanted.leaving.contains(&number) {
                continue;
            }
            let stage = Stage::parse(stage.as_deref().unwrap_or_default());
            let written = number.to_string();
            versions.push(ActiveVersion {
                version: facts::unsigned(number),
                stage: stage.unwrap_or(Stage::None),
                aliases: aliases
                    .iter()
                    .filter(|alias| alias.version() == written)
                    .map(|alias| alias.alias().to_owned())
                    .collect(),
                stays: false,
            });
        }
        let mut active = Self { versions, joining };
        active.mark_what_stays(db, wanted)?;
        Ok(active)
    }

    /// Those that are active beside a version that would be one more.
    pub fn others(&self, version: i32) -> Option<Vec<ActiveVersion>> {
        let itself = facts::unsigned(version);
        self.joining.contains(&version).then(|| {
            let others = self.versions.iter();
            others
                .filter(|other| other.version != itself)
                .cloned()
                .collect()
        })
    }

    /// The archive may have a gate too, which the limit does not open.
    fn mark_what_stays(&mut self, db: &mut Db, wanted: &Wanted) -> Result<()> {
        let policy = wanted.applying.policy();
        let archive = Target::Stage(Stage::Archived);
        if !policy.gates(&archive) || !wanted.applying.is_enforced() {
            return Ok(());
        }
        let numbers: Vec<i32> = self
            .versions
            .iter()
            .filter_map(|version| i32::try_from(version.version).ok())
            .filter(|number| !self.joining.contains(number))
            .collect();
        let rows = model_versions::some(db, &wanted.applying.model.name, &numbers)?;
        let files = (wanted.files, wanted.now_ms);
        let others = Wanted::new(wanted.applying, wanted.model_id, rows, files);
        let dossiers = facts::gather(db, others)?;
        for version in &mut self.versions {
            let number = i32::try_from(version.version).unwrap_or_default();
            version.stays = dossiers
                .get(&number)
                .is_some_and(|dossier| !evaluate(policy, &archive, &dossier.facts).allowed());
        }
        Ok(())
    }
}

/// Whether a version is being made, or is archived.
fn is_one_more(wanted: &Wanted, row: &Row) -> bool {
    wanted.made.contains_key(&row.version) || facts::stage_of(row) == Stage::Archived
}
