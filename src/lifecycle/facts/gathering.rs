//! Gathers facts: reads what a request needs for all versions together, and assembles it for each version.

use std::collections::{BTreeMap, HashMap};

use super::super::evidence::{self, CurrentVersion, SetAside, WeighedEvidence};
use super::super::files::{Content, FilesToRead, InheritedHints, InheritedTag};
use super::super::policy::{Facts, Lineage, Logged, Tags, Target, VersionFacts, evaluate};
use super::super::seals::{self, VersionContent};
use super::super::source;
use super::active_versions::ActiveVersions;
use super::examination::{ExaminedVersion, examine};
use super::origins::{VersionOrigin, origins_of};
use super::production::ProductionVersions;
use super::queries::FactQueries;
use super::request::FactsRequest;
use crate::error::Result;
use crate::store::governance::evidence::EvidenceRow;
use crate::store::governance::lineage::{self, LoggedData};
use crate::store::governance::seals::SealRow;
use crate::store::model_versions::{self, ModelVersionRow, Stage, tags};
use crate::store::registered_models::aliases;
use crate::store::{Db, artifact_locations, governance};
use crate::wire::{ModelVersionTag, RegisteredModelAlias};

/// All that was gathered of one version.
#[derive(Clone)]
pub struct GatheredVersion {
    pub facts: Facts,
    /// Evidence that does not count.
    pub set_aside: Vec<SetAside>,
    /// The known content of the version.
    pub content: VersionContent,
    /// Files that are needed and have not been read yet.
    pub missing: FilesToRead,
}

/// Gathers the facts that a request asks for, by the number of the version.
pub fn gather(db: &mut Db, mut request: FactsRequest) -> Result<BTreeMap<i32, GatheredVersion>> {
    let mut tables = TablesRead::read(db, &mut request)?;
    let mut gathered = BTreeMap::new();
    for row in std::mem::take(&mut request.rows) {
        gathered.insert(row.version, tables.facts_of(db, &request, row)?);
    }
    Ok(gathered)
}

/// What was read of all the versions together.
struct TablesRead {
    tags: HashMap<(String, i32), Vec<ModelVersionTag>>,
    aliases: Vec<RegisteredModelAlias>,
    active: ActiveVersions,
    production: ProductionVersions,
    origins: HashMap<i32, VersionOrigin>,
    evidence: HashMap<i32, Vec<EvidenceRow>>,
    runs: HashMap<String, LoggedData>,
    logged_models: HashMap<String, LoggedData>,
    /// `None` if no policy asks for the contents of model files.
    run_locations: Option<HashMap<String, String>>,
    seals: HashMap<i32, SealRow>,
}

impl TablesRead {
    fn read(db: &mut Db, request: &mut FactsRequest) -> Result<Self> {
        let name = request.model_name();
        let keys: Vec<_> = request
            .rows
            .iter()
            .map(|row| (name.to_owned(), row.version))
            .collect();
        let mut tags = HashMap::new();
        if !keys.is_empty() {
            tags = tags::of_versions(db, &keys)?;
        }
        let mut origins_of_new = HashMap::new();
        for (number, version) in &mut request.being_created {
            let key = (name.to_owned(), *number);
            tags.insert(key, std::mem::take(&mut version.tags));
            origins_of_new.insert(*number, version.origin.clone());
            request.rows.push(version.row.clone());
        }
        let queries = FactQueries::plan(request, &tags);
        let mut aliases = HashMap::new();
        if request.needs.aliases {
            aliases = aliases::of_models(db, &[name.to_owned()])?;
        }
        let aliases = aliases.remove(name).unwrap_or_default();
        let mut active = ActiveVersions::look_up(db, request, &aliases)?;
        mark_staying(db, request, &mut active)?;
        let production = ProductionVersions::look_up(db, request)?;
        let known_to_history = request.model_id.filter(|_| queries.origins);
        let mut origins = origins_of(db, known_to_history, &request.rows)?;
        origins.extend(origins_of_new);
        let evidence = evidence_of(db, request.model_id, &queries.evidence_of)?;
        let run_ids: Vec<&str> = origins.values().filter_map(VersionOrigin::run_id).collect();
        let model_ids: Vec<&str> = origins
            .values()
            .filter_map(VersionOrigin::model_id)
            .collect();
        let asks_for_description = request.policy.policy().asks_for_description();
        let run_locations = if request.needs.description && asks_for_description {
            Some(artifact_locations::of_runs(db, &run_ids)?)
        } else {
            None
        };
        let mut seals = HashMap::new();
        if request.needs.digest || request.contents.is_any() || !evidence.is_empty() {
            seals = seals::of_versions(db, request.model_id, &request.rows)?;
        }
        Ok(Self {
            runs: lineage::of_runs(db, &run_ids, queries.of_runs)?,
            logged_models: lineage::of_logged_models(db, &model_ids, queries.of_logged_models)?,
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

    fn facts_of(
        &mut self,
        db: &mut Db,
        request: &FactsRequest,
        row: ModelVersionRow,
    ) -> Result<GatheredVersion> {
        let number = row.version;
        let origin = self.origins.get(&number).cloned().unwrap_or_default();
        let tags = self.tags_of(request.model_name(), number);
        let location = row.location().unwrap_or_default().to_owned();
        let aliases = self.aliases_of(number);
        let evidence = self.evidence.remove(&number).unwrap_or_default();
        let policy = request.policy.policy();
        let examination = examine(
            db,
            ExaminedVersion {
                location: &location,
                tags: &tags,
                files: &request.change.files,
                spec_hints: self.spec_hints(&row, &origin),
                wants_content: request.contents.includes(policy, &row, &aliases),
                wants_digest: request.needs.digest || !evidence.is_empty(),
                seal: self.seals.remove(&number),
            },
        )?;
        let current = CurrentVersion {
            row: &row,
            tags: &tags,
            digest: examination.digest.as_deref(),
        };
        let WeighedEvidence {
            evaluations,
            ab_tests,
            approvals,
            set_aside,
        } = evidence::weigh(evidence, &current)?;
        let run = find(&self.runs, origin.run_id());
        let production = self.production.beside(number, request.model_id);
        let facts = Facts {
            now_ms: request.change.now_ms,
            model: request.policy.model.clone(),
            lineage: Lineage {
                logged_model: find(&self.logged_models, origin.model_id()).map(logged),
                run: run.map(logged),
                has_signature: examination.description.has_signature,
                feature_spec: examination.description.feature_spec,
            },
            version: VersionFacts {
                version: unsigned(number),
                source: row.source.clone().unwrap_or_default(),
                run_id: origin.run_id().map(str::to_owned),
                model_id: origin.model_id().map(str::to_owned),
                digest: examination.digest,
                unread: examination.content.as_ref().and_then(Content::why_unknown),
                current_stage: row.stage(),
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
        Ok(GatheredVersion {
            facts,
            set_aside,
            content: VersionContent {
                version: number,
                created_at: row.creation_time,
                location,
                content: examination.content,
                seal: examination.seal,
            },
            missing: examination.missing,
        })
    }

    fn tags_of(&mut self, name: &str, version: i32) -> Tags {
        let tags = self.tags.remove(&(name.to_owned(), version));
        tags::by_key(tags.unwrap_or_default())
    }

    fn aliases_of(&self, version: i32) -> Vec<String> {
        self.aliases
            .iter()
            .filter(|alias| alias.version() == version.to_string())
            .map(|alias| alias.alias().to_owned())
            .collect()
    }

    /// What leads to the description of a version beside its own tags, if the description is asked for.
    fn spec_hints(&self, row: &ModelVersionRow, origin: &VersionOrigin) -> Option<InheritedHints> {
        let run_locations = self.run_locations.as_ref()?;
        let source = row.source.as_deref().unwrap_or_default();
        let logged_model = source::logged_model_of(source);
        let logged_model = find(&self.logged_models, logged_model.as_deref());
        let run = find(&self.runs, origin.run_id());
        Some(InheritedHints {
            run_location: origin
                .run_id()
                .and_then(|id| run_locations.get(id).cloned()),
            tag: InheritedTag::first_of(
                logged_model.map(|logged| &logged.tags),
                run.map(|logged| &logged.tags),
            ),
        })
    }
}

/// Marks the active versions that the gate of the archive does not let in: the limit does not open that gate.
fn mark_staying(db: &mut Db, request: &FactsRequest, active: &mut ActiveVersions) -> Result<()> {
    let policy = request.policy.policy();
    let archive = Target::Stage(Stage::Archived);
    let numbers = active.replaceable();
    if numbers.is_empty() || !policy.gates(&archive) || !request.policy.is_enforced() {
        return Ok(());
    }
    let rows = model_versions::some(db, request.model_name(), &numbers)?;
    let others = FactsRequest::everything(request.policy, request.model_id, rows, request.change);
    let others = gather(db, others)?;
    active.mark_staying(|number| {
        others
            .get(&number)
            .is_some_and(|version| !evaluate(policy, &archive, &version.facts).allowed())
    });
    Ok(())
}

fn evidence_of(
    db: &mut Db,
    model_id: Option<&str>,
    versions: &[i32],
) -> Result<HashMap<i32, Vec<EvidenceRow>>> {
    let mut by_version: HashMap<i32, Vec<EvidenceRow>> = HashMap::new();
    if let Some(model_id) = model_id {
        for row in governance::evidence::of_versions(db, model_id, versions)? {
            by_version.entry(row.version).or_default().push(row);
        }
    }
    Ok(by_version)
}

fn find<'a>(known: &'a HashMap<String, LoggedData>, id: Option<&str>) -> Option<&'a LoggedData> {
    id.and_then(|id| known.get(id))
}

fn logged(data: &LoggedData) -> Logged {
    Logged {
        params: data.params.clone(),
        metrics: data.metrics.clone(),
        tags: data.tags.clone(),
    }
}

/// Numbers of versions are positive.
fn unsigned(version: i32) -> u64 {
    u64::try_from(version).unwrap_or_default()
}
