//! The gates: whether versions may go where a change would put them. Everything that gives a version
//! a stage or an alias, or lets it be registered, asks here, in the transaction of the change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

use super::change::Change;
use super::facts::{self, Contents, Dossier, Made, SetAside, Wanted};
use super::gate_report::GateReport;
use super::in_force::{self, Applying};
use super::model_files::Unread;
use super::policy::{Policy, Report, Tags, Target, evaluate};
use super::seals::{self, Passing};
use crate::audit::{Decision, Entry, Outcome};
use crate::error::Result;
use crate::store::Db;
use crate::store::model_versions::{self, Row, Stage};
use crate::store::registered_models::IS_PROMPT_TAG;

/// A registered model in a change.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    pub name: &'a str,
    pub id: &'a str,
}

/// One version that a change would move.
pub struct Ask {
    pub version: i32,
    /// None where it is there already.
    pub target: Option<Target>,
    /// What is known of a version that is only being made.
    pub made: Option<Made>,
    /// What history will say of it.
    pub entry: Entry,
}

/// A change that was let through.
#[derive(Default)]
pub struct Admitted {
    /// What history says of it, with what the policy said.
    pub entries: Vec<Entry>,
    /// The versions that give way to it.
    pub archives: Vec<i32>,
}

/// Lets a change through and returns its entries with what the policy said, or refuses it.
pub fn admit(db: &mut Db, change: &Change, model: Model, asks: Vec<Ask>) -> Result<Vec<Entry>> {
    let applying = in_force::of_model(db, model.name)?;
    Ok(admit_under(db, change, (model, applying.as_ref()), asks)?.entries)
}

/// The same under a policy that was looked up before.
pub fn admit_under(
    db: &mut Db,
    change: &Change,
    (model, applying): (Model, Option<&Applying>),
    mut asks: Vec<Ask>,
) -> Result<Admitted> {
    let mut admitted = Admitted::default();
    let Some(applying) = applying else {
        admitted.entries = asks.into_iter().map(|ask| ask.entry).collect();
        return Ok(admitted);
    };
    let moving: Vec<i32> = asks
        .iter()
        .filter(|ask| ask.target.is_some() && ask.made.is_none())
        .map(|ask| ask.version)
        .collect();
    let mut rows = Vec::new();
    if !moving.is_empty() {
        rows = model_versions::some(db, model.name, &moving)?;
    }
    let made = asks
        .iter_mut()
        .filter_map(|ask| Some((ask.version, ask.made.take()?)))
        .collect();
    let leaving = asks
        .iter()
        .filter(|ask| ask.target == Some(Target::Stage(Stage::Archived)))
        .map(|ask| ask.version)
        .collect();
    let gated: BTreeSet<i32> = asks
        .iter()
        .filter(|ask| {
            let target = ask.target.as_ref();
            target.is_some_and(|target| is_gate(applying.policy(), target))
        })
        .map(|ask| ask.version)
        .collect();
    let wanted = Wanted {
        made,
        leaving,
        needs: applying
            .policy()
            .needs(asks.iter().filter_map(|ask| ask.target.as_ref())),
        contents: Contents::Of(gated),
        ..Wanted::new(applying, Some(model.id), rows, change.files_now())
    };
    let dossiers = read(db, change, wanted)?;
    for ask in asks {
        let dossier = dossiers.get(&ask.version);
        let verdict = match (ask.target, dossier) {
            (Some(target), Some(dossier)) => Some(judge(applying, dossier, &target)),
            _ => None,
        };
        admitted.entries.push(match verdict {
            Some(verdict) => {
                admitted.archives.extend(verdict.archives());
                verdict.settle(change, ask.entry)?
            }
            None => ask.entry,
        });
    }
    let sealed = seal(db, change, model, applying, &dossiers)?;
    admitted.entries.splice(0..0, sealed);
    Ok(admitted)
}

/// Whether a version is sealed when it goes there, and compared with its seal.
fn is_gate(policy: &Policy, target: &Target) -> bool {
    *target != Target::Registration && policy.gates(target)
}

/// Fixes the content of the versions whose bytes were asked for, all of them let in by now.
pub(super) fn seal(
    db: &mut Db,
    change: &Change,
    model: Model,
    applying: &Applying,
    dossiers: &BTreeMap<i32, Dossier>,
) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for dossier in dossiers.values().filter(|dossier| !is_exempt(dossier)) {
        let passing = Passing {
            model,
            dossier,
            is_enforced: applying.is_enforced(),
        };
        entries.extend(seals::take(db, change, &passing)?);
    }
    Ok(entries)
}

/// What a policy says of one version and one place for it.
pub struct Verdict {
    pub report: Report,
    pub set_aside: Vec<SetAside>,
}

impl Verdict {
    pub fn json(&self) -> Value {
        serde_json::to_value(GateReport::from(self)).unwrap_or_default()
    }

    /// What the user is told: what the policy says, evidence that does not count, and where to read more.
    pub fn message(&self) -> String {
        format!("{}\n{}", self.details(), self.report.read_more())
    }

    /// The same without the end.
    pub fn details(&self) -> String {
        let mut message = self.report.details();
        for evidence in &self.set_aside {
            let SetAside { id, kind, reason } = evidence;
            // Writing to a String cannot fail.
            let _ = write!(
                message,
                "\nEvidence {id} ({kind}) does not count: {reason}."
            );
        }
        message
    }

    /// The versions that are archived for it.
    fn archives(&self) -> impl Iterator<Item = i32> {
        let requirements = self.report.requirements.iter();
        requirements
            .flat_map(|requirement| &requirement.archives)
            .filter_map(|version| i32::try_from(*version).ok())
    }

    pub fn outcome(&self) -> Outcome {
        if self.report.allowed() {
            Outcome::Done
        } else if self.report.is_refusal() {
            Outcome::Refused
        } else {
            Outcome::Warned
        }
    }

    /// The entry of a change that may be made, or the refusal of one that may not.
    fn settle(&self, change: &Change, entry: Entry) -> Result<Entry> {
        let outcome = self.outcome();
        let entry = entry.decision(Some(Decision {
            policy: Some((self.report.policy.clone(), self.report.policy_hash.clone())),
            outcome,
            report: self.json().to_string(),
        }));
        match outcome {
            Outcome::Refused => Err(change.refuse(entry, self.message())),
            Outcome::Warned => {
                change.warn(self.message());
                Ok(entry)
            }
            Outcome::Done => Ok(entry),
        }
    }
}

pub fn judge(applying: &Applying, dossier: &Dossier, target: &Target) -> Verdict {
    let mut report = evaluate(applying.policy(), target, &dossier.facts);
    if is_gate(applying.policy(), target) {
        report.requirements.extend(seals::requirement(dossier));
    }
    if is_exempt(dossier) {
        report.requirements.clear();
    }
    Verdict {
        report,
        set_aside: dossier.set_aside.clone(),
    }
}

/// Prompts are registered like models, and are none: they have no bytes that anything could be asked
/// of. A version that has some is never taken for one.
fn is_exempt(dossier: &Dossier) -> bool {
    let facts = &dossier.facts;
    let is_prompt = |tags: &Tags| {
        tags.get(IS_PROMPT_TAG)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    };
    is_prompt(&facts.model.tags)
        && is_prompt(&facts.version.tags)
        && super::source::is_of_prompt(&facts.version.source)
}

/// Whether a version counts where a policy limits how many there may be.
pub(super) fn is_active(dossier: &Dossier) -> bool {
    dossier.facts.version.current_stage != Stage::Archived && !is_exempt(dossier)
}

/// The dossiers of versions, with what their files say if the policy asks for that.
pub(super) fn read(db: &mut Db, change: &Change, wanted: Wanted) -> Result<BTreeMap<i32, Dossier>> {
    let dossiers = facts::gather(db, wanted)?;
    let mut unread = unread(&dossiers);
    for dossier in dossiers.values() {
        if let Some(content) = &dossier.content
            && !content.is_current(db)?
        {
            unread.contents.push(dossier.location.clone());
        }
    }
    if unread.is_empty() {
        Ok(dossiers)
    } else {
        Err(change.wait_for_files(unread))
    }
}

/// What the policy asks for of the files of versions, and nobody has looked at.
pub fn unread(dossiers: &BTreeMap<i32, Dossier>) -> Unread {
    let mut unread = Unread::default();
    for dossier in dossiers.values().filter(|dossier| !is_exempt(dossier)) {
        unread.descriptions.extend(dossier.undescribed.clone());
        if dossier.is_unread {
            unread.contents.push(dossier.location.clone());
        }
    }
    unread
}

/// Where a version is, as targets: what it was let into, and must not lose the ground for.
pub(super) fn places(dossier: &Dossier) -> Vec<Target> {
    let version = &dossier.facts.version;
    let stage =
        (version.current_stage != Stage::None).then_some(Target::Stage(version.current_stage));
    [Target::Registration]
        .into_iter()
        .chain(stage)
        .chain(version.aliases.iter().cloned().map(Target::Alias))
        .collect()
}

/// Lets an edit of a version's tags through, unless it takes away what the version was let in for.
pub fn keep(
    db: &mut Db,
    change: &Change,
    model: Model,
    row: Row,
    edit: impl Fn(&mut Tags),
    entry: Entry,
) -> Result<Entry> {
    let Some(applying) = in_force::of_model(db, model.name)? else {
        return Ok(entry);
    };
    let version = row.version;
    let wanted = Wanted::new(&applying, Some(model.id), vec![row], change.files_now());
    let dossiers = read(db, change, wanted)?;
    let Some(dossier) = dossiers.get(&version) else {
        return Ok(entry);
    };
    let mut edited = dossier.clone();
    edit(&mut edited.facts.version.tags);
    for target in places(dossier) {
        let before = judge(&applying, dossier, &target);
        let mut after = judge(&applying, &edited, &target);
        let was_met = |id: &str| {
            let mut requirements = before.report.requirements.iter();
            requirements.any(|requirement| requirement.id == id && requirement.met)
        };
        after
            .report
            .requirements
            .retain(|requirement| !requirement.met && was_met(&requirement.id));
        if !after.report.allowed() {
            after.set_aside.clear();
            return after.settle(change, entry);
        }
    }
    Ok(entry)
}
