//! Admits changes through the gates of a policy, in the transaction of the change, or refuses them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::decision::{Change, Model, NotDone};
use super::super::facts::{
    ContentScope, FactsRequest, GatheredVersion, VersionBeingCreated, gather,
};
use super::super::files::FilesToRead;
use super::super::in_force::{ApplicablePolicy, GovernedModel};
use super::super::policy::Target;
use super::super::seals::{self, Sealing};
use super::judging::{is_prompt, judge, seals_at};
use crate::audit::Entry;
use crate::error::Result;
use crate::store::Db;
use crate::store::model_versions::{ModelVersionRow, Stage};

/// One version that a change would move.
pub struct Move {
    pub version: MovingVersion,
    /// The target of the move, or `None` if the version is there already.
    pub target: Option<Target>,
    /// The entry for the history.
    pub entry: Entry,
}

/// A version in a move.
pub enum MovingVersion {
    Existing(ModelVersionRow),
    BeingCreated(VersionBeingCreated),
}

impl MovingVersion {
    fn number(&self) -> i32 {
        match self {
            Self::Existing(row) => row.version,
            Self::BeingCreated(version) => version.row.version,
        }
    }
}

/// A change that was admitted.
#[derive(Default)]
pub struct Admitted {
    /// The entries for the history, with the reports of the policy.
    pub entries: Vec<Entry>,
    /// The versions that have to be archived for it.
    pub archives: Vec<i32>,
    /// The warnings of a policy that is not enforced.
    pub warnings: Vec<String>,
}

/// Admits moves of versions. Fails with a refusal of all of them if one does not meet the policy.
pub fn admit(
    db: &mut Db,
    change: &Change,
    governed: GovernedModel,
    moves: Vec<Move>,
) -> Result<Admitted, NotDone> {
    let mut admitted = Admitted::default();
    let Some(policy) = governed.policy else {
        admitted.entries = moves.into_iter().map(|one| one.entry).collect();
        return Ok(admitted);
    };
    let mut rows = Vec::new();
    let mut being_created = HashMap::new();
    let mut gated = BTreeSet::new();
    let mut leaving = Vec::new();
    let mut asked = Vec::new();
    for Move {
        version,
        target,
        entry,
    } in moves
    {
        let number = version.number();
        if target == Some(Target::Stage(Stage::Archived)) {
            leaving.push(number);
        }
        if target
            .as_ref()
            .is_some_and(|target| seals_at(policy.policy(), target))
        {
            gated.insert(number);
        }
        match version {
            MovingVersion::Existing(row) if target.is_some() => rows.push(row),
            MovingVersion::Existing(_) => {}
            MovingVersion::BeingCreated(version) => {
                being_created.insert(number, version);
            }
        }
        asked.push((number, target, entry));
    }
    let targets = asked.iter().filter_map(|(_, target, _)| target.as_ref());
    let request = FactsRequest {
        being_created,
        leaving,
        needs: policy.policy().needs(targets),
        contents: ContentScope::Versions(gated),
        ..FactsRequest::everything(policy, Some(governed.model.id), rows, change)
    };
    let versions = gather_with_files(db, request)?;
    for (number, target, entry) in asked {
        let (Some(target), Some(version)) = (target, versions.get(&number)) else {
            admitted.entries.push(entry);
            continue;
        };
        let report = judge(policy, version, &target);
        admitted.archives.extend(report.archives());
        let entry = report.settle(entry, &mut admitted.warnings)?;
        admitted.entries.push(entry);
    }
    let sealed = seal(db, change, governed.model, policy, &versions)?;
    admitted.entries.splice(0..0, sealed);
    Ok(admitted)
}

/// Seals the versions whose content the policy needs, after all of them were admitted. Returns entries for the history.
pub fn seal(
    db: &mut Db,
    change: &Change,
    model: Model,
    policy: &ApplicablePolicy,
    versions: &BTreeMap<i32, GatheredVersion>,
) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for version in versions.values().filter(|version| !is_prompt(version)) {
        let sealing = Sealing {
            model,
            version: &version.content,
            is_enforced: policy.is_enforced(),
        };
        entries.extend(seals::seal(db, change, &sealing)?);
    }
    Ok(entries)
}

/// Gathers facts, including the contents of files if the policy needs them. Fails with the list of files that have to
/// be read first.
pub fn gather_with_files(
    db: &mut Db,
    request: FactsRequest,
) -> Result<BTreeMap<i32, GatheredVersion>, NotDone> {
    let versions = gather(db, request)?;
    let mut missing = missing_files(&versions);
    for version in versions.values() {
        if let Some(content) = &version.content.content
            && !content.is_current(db)?
        {
            missing.contents.push(version.content.location.clone());
        }
    }
    if missing.is_empty() {
        Ok(versions)
    } else {
        Err(NotDone::NeedsFiles(missing))
    }
}

/// Returns the files that are needed and have not been read yet. Prompts have no files.
pub fn missing_files(versions: &BTreeMap<i32, GatheredVersion>) -> FilesToRead {
    let mut missing = FilesToRead::default();
    for version in versions.values().filter(|version| !is_prompt(version)) {
        missing.extend(version.missing.clone());
    }
    missing
}
