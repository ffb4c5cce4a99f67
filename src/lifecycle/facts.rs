//! Gathers what is known of versions, for policies to judge by. As many queries for a hundred
//! versions as for one.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::active::Active;
use super::claims::{self, Counted};
use super::content;
use super::in_force::Applying;
use super::model_files::ModelFiles;
use super::origins::{self, Origin};
use super::policy::{Facts, Lineage, Logged, Needs, Tags, VersionFacts};
use super::reads::{Production, Reads};
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::{evidence, lineage};
use crate::store::model_versions::{Row, Stage, tags};
use crate::store::registered_models::aliases;

/// All that is known of one version.
#[derive(Clone)]
pub struct Dossier {
    pub facts: Facts,
    /// Evidence that does not count any more, or never did.
    pub set_aside: Vec<SetAside>,
    /// Where its artifacts are, if their files have not been looked at.
    pub unread: Option<String>,
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
    /// Versions that the same change archives.
    pub leaving: Vec<i32>,
    /// What of all this is asked for.
    pub needs: Needs<'a>,
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
            leaving: Vec::new(),
            needs: Needs::everything(),
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
    let reads = Reads::of(&wanted, &tags);
    let mut aliases = HashMap::new();
    if wanted.needs.aliases {
        aliases = aliases::of_models(db, std::slice::from_ref(&name))?;
    }
    let aliases = aliases.remove(&name).unwrap_or_default();
    let active = Active::of(db, &wanted, &aliases)?;
    let production = Production::of(db, &wanted)?;
    let known_to_history = wanted.model_id.filter(|_| reads.origins);
    let mut origins = origins::of(db, known_to_history, &wanted.rows)?;
    origins.extend(wanted.origins);
    let mut evidence = of_each(db, wanted.model_id, &reads.evidence_of)?;
    let run_ids: Vec<&str> = origins.values().filter_map(Origin::run_id).collect();
    let runs = lineage::of_runs(db, &run_ids, reads.of_runs)?;
    let model_ids: Vec<&str> = origins.values().filter_map(Origin::model_id).collect();
    let logged_models = lineage::of_logged_models(db, &model_ids, reads.of_models)?;

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
        let is_judged_by_evidence = evidence.contains_key(&number);
        let counted = claims::weigh(evidence.remove(&number).unwrap_or_default(), &row, &tags)?;
        let run = find(&runs, origin.run_id());
        let place = row.clone().location().unwrap_or_default();
        let known = wanted.files.of(&place);
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
                logged_model: find(&logged_models, origin.model_id()).map(logged),
                run: run.map(logged),
                has_signature: known.and_then(|known| known.has_signature),
                has_feature_spec: known.and_then(|known| known.has_feature_spec),
            },
            version: VersionFacts {
                version: unsigned(number),
                source: row.source.clone().unwrap_or_default(),
                run_id: origin.run_id().map(str::to_owned),
                model_id: origin.model_id().map(str::to_owned),
                digest: if wanted.needs.digest || is_judged_by_evidence {
                    content::digest(db, &place)?
                } else {
                    None
                },
                current_stage: stage_of(&row),
                aliases: aliases
                    .iter()
                    .filter(|alias| alias.version() == number.to_string())
                    .map(|alias| alias.alias().to_owned())
                    .collect(),
                tags,
                authors: origin.authors(run),
                creation_time_ms: row.creation_time.unwrap_or_default(),
                status: row.status.unwrap_or_default(),
                description: row.description,
            },
            evaluations,
            ab_tests,
            approvals,
            production: production.beside(number, wanted.model_id).map(unsigned),
            others: active.others(number),
        };
        let dossier = Dossier {
            facts,
            set_aside,
            unread: known.is_none().then_some(place),
        };
        dossiers.insert(number, dossier);
    }
    Ok(dossiers)
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
    content::hexadecimal(&Sha256::digest(
        serde_json::to_vec(&ordinary).unwrap_or_default(),
    ))
}
