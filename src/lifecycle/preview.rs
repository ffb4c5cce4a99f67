//! What gates would say, with nothing changed.

use std::sync::Arc;

use super::change::Place;
use super::facts::{self, Contents, Dossier, Wanted};
use super::gate;
use super::gate_report::{GateReport, GateReports};
use super::in_force::{self, Applying};
use super::model_files::ModelFiles;
use super::policy::Target;
use crate::error::{Error, Result};
use crate::store::governance::identity;
use crate::store::model_versions;

/// How often the files of a version are read before a preview is made without them.
const TRIES: usize = 2;

/// A version and the policy that applies to it.
struct Preview {
    applying: Applying,
    dossier: Dossier,
}

/// The report that a change would get. Where no policy applies, everything is allowed.
pub async fn check(
    place: Place<'_>,
    name: String,
    version: String,
    target: Target,
) -> Result<GateReport> {
    Ok(match look(place, name, version).await? {
        Some(preview) => {
            GateReport::from(&gate::judge(&preview.applying, &preview.dossier, &target))
        }
        None => GateReport::without_policy(),
    })
}

/// What each stage and alias of the policy still needs.
pub async fn gates(place: Place<'_>, name: String, version: String) -> Result<GateReports> {
    let Some(Preview { applying, dossier }) = look(place, name, version).await? else {
        return Ok(GateReports::default());
    };
    let policy = applying.policy();
    let report = |target: Target| GateReport::from(&gate::judge(&applying, &dossier, &target));
    let stages = policy
        .spec()
        .stages
        .keys()
        .map(|stage| (*stage, report(Target::Stage(*stage))))
        .collect();
    let aliases = policy
        .spec()
        .aliases
        .keys()
        .map(|alias| (alias.clone(), report(Target::Alias(alias.clone()))))
        .collect();
    let registration = report(Target::Registration);
    Ok(GateReports {
        policy: Some(policy.name().to_owned()),
        policy_hash: Some(policy.hash().to_owned()),
        enforcement: Some(policy.enforcement()),
        current_stage: Some(dossier.facts.version.current_stage),
        version: Some(dossier.facts.version.version),
        model: Some(dossier.facts.model.name),
        current_aliases: Some(dossier.facts.version.aliases),
        registration: Some(registration),
        stages,
        aliases,
    })
}

async fn look(place: Place<'_>, name: String, version: String) -> Result<Option<Preview>> {
    let mut files = ModelFiles::default();
    let mut tried = 0;
    let now_ms = place.clock.now_ms();
    loop {
        tried += 1;
        let (name, version, known) = (name.clone(), version.clone(), Arc::new(files.clone()));
        let found = place
            .store
            .read(move |db| {
                let row = model_versions::find(db, &name, &version)?;
                let number = row.version;
                let model_id = identity::find(db, &name)?;
                let Some(applying) = in_force::of_model(db, &name)? else {
                    return Ok(None);
                };
                let wanted = Wanted {
                    contents: Contents::Of([number].into()),
                    ..Wanted::new(&applying, model_id.as_deref(), vec![row], (&known, now_ms))
                };
                let mut dossiers = facts::gather(db, wanted)?;
                let unread = gate::unread(&dossiers);
                let dossier = dossiers.remove(&number);
                let dossier = dossier.ok_or_else(|| Error::internal("A version was lost."))?;
                Ok(Some((Preview { applying, dossier }, unread)))
            })
            .await?;
        match found {
            Some((_, unread)) if !unread.is_empty() && tried < TRIES => {
                files.read(place.artifacts, unread).await;
            }
            found => return Ok(found.map(|(preview, _)| preview)),
        }
    }
}
