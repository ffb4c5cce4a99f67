//! Gathers what is known of versions, for policies to judge by. As many queries for a hundred
//! versions as for one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::claims::{self, Counted};
use super::content::Content;
use super::examined::{Subject, examine, wants_description};
use super::feature_files::{self, Kin, Sources};
use super::in_force::Applying;
use super::model_files::ModelFiles;
use super::origins::{self, Origin};
use super::policy::{Facts, Lineage, Logged, Policy, Tags, Target, VersionFacts};
use super::seals::{self, Seal};
use super::source;
use crate::artifacts::hexadecimal;
use crate::error::Result;
use crate::store::governance::{evidence, history, lineage};
use crate::store::model_versions::{self, Row, Stage, tags};
use crate::store::registered_models::aliases;
use crate::store::{Db, artifact_locations};
use crate::wire::RegisteredModelAlias;

/// All that is known of one version.
#[derive(Clone)]
pub struct Dossier {
    pub facts: Facts,
    /// Evidence that does not count any more, or never did.
    pub set_aside: Vec<SetAside>,
    pub number: i32,
    pub created_at: Option<i64>,
    /// Where its artifacts are.
    pub location: String,
    /// What it consists of, where that was asked for and somebody has looked.
    pub content: Option<Content>,
    pub seal: Option<Seal>,
    /// What was asked for and nobody has looked at: what its files say, and its bytes.
    pub undescribed: Option<Sources>,
    pub is_unread: bool,
}

/// Of which versions the bytes are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Contents {
    #[default]
    OfNone,
    Of(BTreeSet<i32>),
    /// Those that are where a gate leads.
    BehindGates,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetAside {
    pub id: i64,
    pub kind: String,
    pub reason: String,
}

/// What to gather: versions of one model.
pub struct Wanted<'a> {
    pub applying: &'a Applying,
    /// None for a model that history has not met, and that therefore has no evidence.
    pub model_id: Option<&'a str>,
    pub rows: Vec<Row>,
    pub files: &'a ModelFiles,
    /// When it is judged.
    pub now_ms: i64,
    /// Where versions come from that history does not know of yet.
    pub origins: HashMap<i32, Origin>,
    pub contents: Contents,
}

impl<'a> Wanted<'a> {
    pub fn new(
        applying: &'a Applying,
        model_id: Option<&'a str>,
        rows: Vec<Row>,
        (files, now_ms): (&'a ModelFiles, i64),
    ) -> Self {
        Self {
            applying,
            model_id,
            rows,
            files,
            now_ms,
            origins: HashMap::new(),
            contents: Contents::OfNone,
        }
    }
}

pub fn gather(db: &mut Db, wanted: Wanted) -> Result<BTreeMap<i32, Dossier>> {
    let name = wanted.applying.model.name.clone();
    let numbers: Vec<i32> = wanted.rows.iter().map(|row| row.version).collect();
    let keys: Vec<_> = numbers
        .iter()
        .map(|number| (name.clone(), *number))
        .collect();
    let mut tags = tags::of_versions(db, &keys)?;
    let aliases = aliases::of_models(db, std::slice::from_ref(&name))?
        .remove(&name)
        .unwrap_or_default();
    let mut origins = origins::of(db, wanted.model_id, &wanted.rows)?;
    origins.extend(wanted.origins);
    let mut evidence = of_each(db, wanted.model_id, &numbers)?;
    let incumbents = Incumbents::of(db, &name, wanted.model_id)?;
    let policy = wanted.applying.policy();
    let lineages = Lineages::of(db, policy, &origins)?;
    let mut seals = seals::of_versions(db, wanted.model_id, &wanted.rows)?;

    let now_ms = wanted.now_ms;
    let mut dossiers = BTreeMap::new();
    for row in wanted.rows {
        let number = row.version;
        let origin = origins.get(&number).cloned().unwrap_or_default();
        let tags: Tags = tags
            .remove(&(name.clone(), number))
            .unwrap_or_default()
            .into_iter()
            .map(|tag| (tag.key().to_owned(), tag.value().to_owned()))
            .collect();
        let run = find(&lineages.runs, origin.run_id());
        let location = row.clone().location().unwrap_or_default();
        let names = aliases_of(&aliases, number);
        let examined = examine(
            db,
            Subject {
                location: &location,
                tags: &tags,
                files: wanted.files,
                kin: wants_description(policy).then(|| kin(&row, &origin, &lineages)),
                wants_content: wanted.contents.include(policy, &row, &names),
                seal: seals.remove(&number),
            },
        )?;
        let about = claims::Now {
            row: &row,
            tags: &tags,
            digest: examined.digest.as_deref(),
        };
        let counted = claims::weigh(evidence.remove(&number).unwrap_or_default(), &about)?;
        let Counted {
            evaluations,
            ab_tests,
            approvals,
            set_aside,
        } = counted;
        let facts = Facts {
            now_ms,
            model: wanted.applying.model.clone(),
            lineage: Lineage {
                logged_model: find(&lineages.logged_models, origin.model_id()).map(logged),
                run: run.map(logged),
                has_signature: examined.description.has_signature,
                feature_spec: examined.description.feature_spec,
            },
            version: VersionFacts {
                version: unsigned(number),
                source: row.source.clone().unwrap_or_default(),
                run_id: origin.run_id().map(str::to_owned),
                model_id: origin.model_id().map(str::to_owned),
                digest: examined.digest,
                unread: examined.content.as_ref().and_then(Content::why_unknown),
                current_stage: stage_of(&row),
                aliases: names,
                tags,
                authors: origin.authors(run),
                creation_time_ms: row.creation_time.unwrap_or_default(),
                status: row.status.unwrap_or_default(),
                description: row.description,
            },
            evaluations,
            ab_tests,
            approvals,
            production: incumbents.of_version(number).map(unsigned),
        };
        let dossier = Dossier {
            facts,
            set_aside,
            number,
            created_at: row.creation_time,
            location,
            content: examined.content,
            seal: examined.seal,
            undescribed: examined.undescribed,
            is_unread: examined.is_unread,
        };
        dossiers.insert(number, dossier);
    }
    Ok(dossiers)
}

impl Contents {
    fn include(&self, policy: &Policy, row: &Row, aliases: &[String]) -> bool {
        match self {
            Self::OfNone => false,
            Self::Of(versions) => versions.contains(&row.version),
            Self::BehindGates => is_behind_a_gate(policy, stage_of(row), aliases),
        }
    }
}

/// The versions in Production, and the one that was the last to get there.
struct Incumbents<'a> {
    model_id: Option<&'a str>,
    in_production: Vec<i32>,
    last: Option<history::Entered>,
}

impl<'a> Incumbents<'a> {
    fn of(db: &mut Db, name: &str, model_id: Option<&'a str>) -> Result<Self> {
        let stage = Stage::Production;
        Ok(Self {
            model_id,
            in_production: model_versions::in_stage(db, name, stage)?,
            last: history::last_to_enter(db, (name, model_id), stage.as_str())?,
        })
    }

    /// The version that this one has to compare with.
    fn of_version(&self, number: i32) -> Option<i32> {
        let others = self.in_production.iter().filter(|other| **other != number);
        others.copied().max().or_else(|| {
            // Emptying Production does not make a first promotion of the next one.
            let last = self.last.as_ref()?;
            let itself = last.version == number && self.model_id == Some(last.model_id.as_str());
            (!itself).then_some(last.version)
        })
    }
}

/// What was logged to the runs and logged models behind versions, by their ids.
struct Lineages {
    runs: HashMap<String, lineage::Logged>,
    logged_models: HashMap<String, lineage::Logged>,
    /// Where the artifacts of the runs are, where files are asked for.
    locations: HashMap<String, String>,
}

impl Lineages {
    fn of(db: &mut Db, policy: &Policy, origins: &HashMap<i32, Origin>) -> Result<Self> {
        let run_ids: Vec<&str> = origins.values().filter_map(Origin::run_id).collect();
        let model_ids: Vec<&str> = origins.values().filter_map(Origin::model_id).collect();
        Ok(Self {
            runs: lineage::of_runs(db, &run_ids)?,
            logged_models: lineage::of_logged_models(db, &model_ids)?,
            locations: if wants_description(policy) {
                artifact_locations::of_runs(db, &run_ids)?
            } else {
                HashMap::new()
            },
        })
    }
}

fn kin(row: &Row, origin: &Origin, lineages: &Lineages) -> Kin {
    let source = row.source.as_deref().unwrap_or_default();
    let logged_model = source::logged_model_of(source);
    let logged_model = find(&lineages.logged_models, logged_model.as_deref());
    let run = find(&lineages.runs, origin.run_id());
    Kin {
        run_location: origin
            .run_id()
            .and_then(|id| lineages.locations.get(id).cloned()),
        inherited: feature_files::inherited(
            logged_model.map(|logged| &logged.tags),
            run.map(|logged| &logged.tags),
        ),
    }
}

fn aliases_of(aliases: &[RegisteredModelAlias], number: i32) -> Vec<String> {
    aliases
        .iter()
        .filter(|alias| alias.version() == number.to_string())
        .map(|alias| alias.alias().to_owned())
        .collect()
}

fn is_behind_a_gate(policy: &Policy, stage: Stage, aliases: &[String]) -> bool {
    policy.gates(&Target::Stage(stage))
        || aliases
            .iter()
            .any(|alias| policy.gates(&Target::Alias(alias.clone())))
}

fn of_each(
    db: &mut Db,
    model_id: Option<&str>,
    numbers: &[i32],
) -> Result<HashMap<i32, Vec<evidence::Row>>> {
    let mut by_version: HashMap<i32, Vec<evidence::Row>> = HashMap::new();
    if let Some(model_id) = model_id {
        for row in evidence::of_versions(db, model_id, numbers)? {
            by_version.entry(row.version).or_default().push(row);
        }
    }
    Ok(by_version)
}

fn find<'a>(
    known: &'a HashMap<String, lineage::Logged>,
    id: Option<&str>,
) -> Option<&'a lineage::Logged> {
    id.and_then(|id| known.get(id))
}

fn logged(of: &lineage::Logged) -> Logged {
    Logged {
        params: of.params.clone(),
        metrics: of.metrics.clone(),
        tags: of.tags.clone(),
    }
}

pub fn stage_of(row: &Row) -> Stage {
    Stage::parse(row.current_stage.as_deref().unwrap_or_default()).unwrap_or(Stage::None)
}

/// Numbers of versions are positive.
pub fn unsigned(version: i32) -> u64 {
    u64::try_from(version).unwrap_or_default()
}

/// The digest of what the tags of a version say, evidence aside.
pub fn tags_digest(tags: &Tags) -> String {
    let ordinary: Vec<_> = tags
        .iter()
        .filter(|(key, _)| !claims::is_reserved(key))
        .collect();
    hexadecimal(&Sha256::digest(
        serde_json::to_vec(&ordinary).unwrap_or_default(),
    ))
}
