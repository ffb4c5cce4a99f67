//! Reports of gates for changes that are not made.

use super::super::decision::{Change, Resources};
use super::super::facts::{ContentScope, FactsRequest, GatheredVersion, gather};
use super::super::files::ModelFiles;
use super::super::in_force::{self, ApplicablePolicy};
use super::super::policy::Target;
use super::admission::missing_files;
use super::gate_report::{GateReport, GateReports, GovernedVersion};
use super::judging::judge;
use crate::audit::Actor;
use crate::error::{Error, Result};
use crate::store::governance::identity;
use crate::store::model_versions;

/// The number of attempts to read the files of a version. After that, the preview is made without them.
const TRIES: usize = 2;

/// A version and the policy that applies to it.
struct Preview {
    policy: ApplicablePolicy,
    version: GatheredVersion,
}

impl Preview {
    fn report(&self, target: &Target) -> GateReport {
        GateReport::from(&judge(&self.policy, &self.version, target))
    }
}

/// Returns the report that a move of a version would get. Where no policy applies, everything is allowed.
pub async fn check(
    resources: Resources<'_>,
    name: String,
    version: String,
    target: Target,
) -> Result<GateReport> {
    Ok(match look_up(resources, name, version).await? {
        Some(preview) => preview.report(&target),
        None => GateReport::without_policy(),
    })
}

/// Returns the reports for each stage and alias of the policy: what a version still needs for them.
pub async fn gates(resources: Resources<'_>, name: String, version: String) -> Result<GateReports> {
    let Some(preview) = look_up(resources, name, version).await? else {
        return Ok(GateReports::default());
    };
    let policy = preview.policy.policy();
    let stages = policy
        .spec()
        .stages
        .keys()
        .map(|stage| (*stage, preview.report(&Target::Stage(*stage))))
        .collect();
    let aliases = policy
        .spec()
        .aliases
        .keys()
        .map(|alias| {
            let report = preview.report(&Target::Alias(alias.clone()));
            (alias.clone(), report)
        })
        .collect();
    let facts = &preview.version.facts;
    Ok(GateReports {
        subject: GovernedVersion {
            policy: Some(policy.name().to_owned()),
            policy_hash: Some(policy.hash().to_owned()),
            enforcement: Some(policy.enforcement()),
            model: Some(facts.model.name.clone()),
            version: Some(facts.version.version),
        },
        current_stage: Some(facts.version.current_stage),
        current_aliases: Some(facts.version.aliases.clone()),
        registration: Some(preview.report(&Target::Registration)),
        stages,
        aliases,
    })
}

/// Gathers all that is known of a version; `None` if no policy applies to its model.
async fn look_up(
    resources: Resources<'_>,
    name: String,
    version: String,
) -> Result<Option<Preview>> {
    let mut files = ModelFiles::default();
    let mut tried = 0;
    loop {
        tried += 1;
        let (name, version) = (name.clone(), version.clone());
        let change = Change::new(resources, Actor::default(), files.clone());
        let found = resources
            .store
            .read(move |db| {
                let row = model_versions::find(db, &name, &version)?;
                let number = row.version;
                let model_id = identity::find(db, &name)?;
                let Some(policy) = in_force::of_model(db, &name)? else {
                    return Ok(None);
                };
                let request = FactsRequest {
                    contents: ContentScope::Versions([number].into()),
                    ..FactsRequest::everything(&policy, model_id.as_deref(), vec![row], &change)
                };
                let mut versions = gather(db, request)?;
                let missing = missing_files(&versions);
                let version = versions
                    .remove(&number)
                    .ok_or_else(|| Error::internal("A version was lost."))?;
                Ok(Some((Preview { policy, version }, missing)))
            })
            .await?;
        match found {
            Some((_, missing)) if !missing.is_empty() && tried < TRIES => {
                files.read(resources.artifacts, missing).await;
            }
            found => return Ok(found.map(|(preview, _)| preview)),
        }
    }
}
