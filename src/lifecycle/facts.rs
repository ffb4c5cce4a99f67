//! Gathers what is known of versions, for policies to judge by. As many queries for a hundred
//! versions as for one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::active::Active;
use super::claims::{self, Counted};
use super::content::Content;
use super::examined::{Subject, examine, wants_description};
use super::feature_files::{self, Kin, Sources};
use super::in_force::Applying;
use super::model_files::ModelFiles;
use super::origins::{self, Origin};
use super::policy::{Facts, Lineage, Logged, Needs, Policy, Tags, Target, VersionFacts};
use super::reads::{Production, Reads};
use super::seals::{self, Seal};
use super::source;
use crate::artifacts::hexadecimal;
use crate::error::Result;
use crate::store::governance::seals::Row as SealRow;
use crate::store::governance::{evidence, lineage};
use crate::store::model_versions::{Row, Stage, tags};
use crate::store::registered_models::aliases;
use crate::store::{Db, artifact_locations};
use crate::wire::{ModelVersionTag, RegisteredModelAlias};

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

impl Contents {
    fn are_asked_for(&self) -> bool {
        match self {
            Self::OfNone => false,
            Self::Of(versions) => !versions.is_empty(),
            Self::BehindGates => true,
        }
    }

    fn include(&self, policy: &Policy, row: &Row, aliases: &[String]) -> bool {
        match self {
            Self::OfNone => false,
            Self::Of(versions) => versions.contains(&row.version),
            Self::BehindGates => is_behind_a_gate(policy, stage_of(row), aliases),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SetAside {
    pub id: i64,
    pub kind: String,
    pub reason: String,
}

/// A version that is only being made. History does not know it yet, and nothing of it need be read.
pub struct Made {
    pub origin: Origin,
    pub row: Row,
    pub tags: Vec<ModelVersionTag>,
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
    /// Versions that are only being made, beside `rows`.
    pub made: HashMap<i32, Made>,
    /// Versions that the same change archives.
    pub leaving: Vec<i32>,
    /// What of all this is asked for.
    pub needs: Needs<'a>,
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
            made: HashMap::new(),
            leaving: Vec::new(),
            needs: Needs::everything(),
            contents: Contents::OfNone,
        }
    }
}

/// What was read of all the versions together.
struct Gathered {
    tags: HashMap<(String, i32), Vec<ModelVersionTag>>,
    aliases: Vec<RegisteredModelAlias>,
    active: Active,
    production: Production,
    origins: HashMap<i32, Origin>,
    evidence: HashMap<i32, Vec<evidence::Row>>,
    runs: HashMap<String, lineage::Logged>,
    logged_models: HashMap<String, lineage::Logged>,
    /// None where nobody asks what the files of the models say.
    run_locations: Option<HashMap<String, String>>,
    seals: HashMap<i32, SealRow>,
}

pub fn gather(db: &mut Db, mut wanted: Wanted) -> Result<BTreeMap<i32, Dossier>> {
    let mut gathered = Gathered::read(db, &mut wanted)?;
    let mut dossiers = BTreeMap::new();
    for row in std::mem::take(&mut wanted.rows) {
        dossiers.insert(row.version, gathered.dossier(db, &wanted, row)?);
    }
    Ok(dossiers)
}

impl Gathered {
    fn read(db: &mut Db, wanted: &mut Wanted) -> Result<Self> {
        let name = &wanted.applying.model.name;
        let keys: Vec<_> = wanted
            .rows
            .iter()
            .map(|row| (name.clone(), row.version))
            .collect();
        let mut tags = HashMap::new();
        if !keys.is_empty() {
            tags = tags::of_versions(db, &keys)?;
        }
        let mut made = HashMap::new();
        for (number, version) in &mut wanted.made {
            let key = (name.clone(), *number);
            tags.insert(key, std::mem::take(&mut version.tags));
            made.insert(*number, version.origin.clone());
            wanted.rows.push(version.row.clone());
        }
        let reads = Reads::of(wanted, &tags);
        let mut aliases = HashMap::new();
        if wanted.needs.aliases {
            aliases = aliases::of_models(db, std::slice::from_ref(name))?;
        }
        let aliases = aliases.remove(name).unwrap_or_default();
        let active = Active::of(db, wanted, &aliases)?;
        let production = Production::of(db, wanted)?;
        let known_to_history = wanted.model_id.filter(|_| reads.origins);
        let mut origins = origins::of(db, known_to_history, &wanted.rows)?;
        origins.extend(made);
        let evidence = of_each(db, wanted.model_id, &reads.evidence_of)?;
        let run_ids: Vec<&str> = origins.values().filter_map(Origin::run_id).collect();
        let model_ids: Vec<&str> = origins.values().filter_map(Origin::model_id).collect();
        let policy = wanted.applying.policy();
        let run_locations = if wanted.needs.description && wants_description(policy) {
            Some(artifact_locations::of_runs(db, &run_ids)?)
        } else {
            None
        };
        let mut seals = HashMap::new();
        if wanted.needs.digest || wanted.contents.are_asked_for() || !evidence.is_empty() {
            seals = seals::of_versions(db, wanted.model_id, &wanted.rows)?;
        }
        Ok(Self {
            runs: lineage::of_runs(db, &run_ids, reads.of_runs)?,
            logged_models: lineage::of_logged_models(db, &model_ids, reads.of_models)?,
            tags,
            aliases,
            active,
            production,
            origins,
            evidence,
            run_locations,
            seals,
        })
    }

    fn dossier(&mut self, db: &mut Db, wanted: &Wanted, row: Row) -> Result<Dossier> {
        let number = row.version;
        let origin = self.origins.get(&number).cloned().unwrap_or_default();
        let tags = self.tags_of(&wanted.applying.model.name, number);
        let location = row.clone().location().unwrap_or_default();
        let aliases = self.aliases_of(number);
        let evidence = self.evidence.remove(&number).unwrap_or_default();
        let policy = wanted.applying.policy();
        let examined = examine(
            db,
            Subject {
                location: &location,
                tags: &tags,
                files: wanted.files,
                kin: self.kin(&row, &origin),
                wants_content: wanted.contents.include(policy, &row, &aliases),
                wants_digest: wanted.needs.digest || !evidence.is_empty(),
                seal: self.seals.remove(&number),
            },
        )?;
        let about = claims::Now {
            row: &row,
            tags: &tags,
            digest: examined.digest.as_deref(),
        };
        let Counted {
            evaluations,
            ab_tests,
            approvals,
            set_aside,
        } = claims::weigh(evidence, &about)?;
        let run = find(&self.runs, origin.run_id());
        let production = self.production.beside(number, wanted.model_id);
        let facts = Facts {
            now_ms: wanted.now_ms,
            model: wanted.applying.model.clone(),
            lineage: Lineage {
                logged_model: find(&self.logged_models, origin.model_id()).map(logged),
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
                aliases,
                tags,
                authors: origin.authors(run),
                creation_time_ms: row.creation_time.unwrap_or_default(),
                status: row.status.unwrap_or_default(),
                description: row.description,
            },
            evaluations,
            ab_tests,
            approvals,
            production: production.map(unsigned),
            others: self.active.others(number),
        };
        Ok(Dossier {
            facts,
            set_aside,
            number,
            created_at: row.creation_time,
            location,
            content: examined.content,
            seal: examined.seal,
            undescribed: examined.undescribed,
            is_unread: examined.is_unread,
        })
    }

    fn tags_of(&mut self, name: &str, version: i32) -> Tags {
        self.tags
            .remove(&(name.to_owned(), version))
            .unwrap_or_default()
            .into_iter()
            .map(|tag| (tag.key().to_owned(), tag.value().to_owned()))
            .collect()
    }

    fn aliases_of(&self, version: i32) -> Vec<String> {
        self.aliases
            .iter()
            .filter(|alias| alias.version() == version.to_string())
            .map(|alias| alias.alias().to_owned())
            .collect()
    }

    /// Where the description of a version may be, if anybody asks for it.
    fn kin(&self, row: &Row, origin: &Origin) -> Option<Kin> {
        let run_locations = self.run_locations.as_ref()?;
        let source = row.source.as_deref().unwrap_or_default();
        let logged_model = source::logged_model_of(source);
        let logged_model = find(&self.logged_models, logged_model.as_deref());
        let run = find(&self.runs, origin.run_id());
        Some(Kin {
            run_location: origin
                .run_id()
                .and_then(|id| run_locations.get(id).cloned()),
            inherited: feature_files::inherited(
                logged_model.map(|logged| &logged.tags),
                run.map(|logged| &logged.tags),
            ),
        })
    }
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
