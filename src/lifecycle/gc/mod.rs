//! Garbage collection: runs, logged models and experiments that were deleted go for good, with their
//! artifacts, except what a version needs that is kept. Each removal is an entry of the history.

mod bytes;
mod plan;

use serde_json::{Value, json};

use self::bytes::Removed;
pub use self::plan::Wanted;
use self::plan::{Item, Plan};
use super::change::{Change, Place};
use super::gate::Model;
use super::retention;
use crate::audit::{Action, Actor, Entry};
use crate::error::{ErrorCode, Result};
use crate::store::governance::holds;
use crate::store::governance::retained::{self, Part};
use crate::store::{Db, gc as store};

/// What became of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Removed,
    /// It would be removed, if this were not a dry run.
    WouldGo,
    /// It stays, and why.
    Kept(String),
    /// It could not be removed, and why.
    Failed(String),
}

/// A line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Such as `Run with ID abc`.
    pub what: String,
    pub outcome: Outcome,
    /// What is to be said beside it.
    pub note: Option<String>,
}

/// Removes what may go, or says what would.
pub async fn collect(
    place: Place<'_>,
    actor: &Actor,
    wanted: Wanted,
    dry_run: bool,
    mut tell: impl FnMut(Line),
) -> Result<()> {
    let now_ms = place.clock.now_ms();
    let Plan { items } = place
        .store
        .read(move |db| plan::make(db, &wanted, now_ms))
        .await?;
    if !dry_run {
        release_abandoned(place, actor.clone()).await?;
    }
    for item in items {
        let outcome = one(place, actor, &item, dry_run).await;
        let (outcome, note) = outcome.unwrap_or_else(|error| match error.code {
            ErrorCode::PermissionDenied => (Outcome::Kept(error.message.into_owned()), None),
            _ => (Outcome::Failed(error.message.into_owned()), None),
        });
        tell(Line {
            what: item.what(),
            outcome,
            note,
        });
    }
    Ok(())
}

/// Versions that stock MLflow deleted after their time: it left their guards behind.
async fn release_abandoned(place: Place<'_>, actor: Actor) -> Result<()> {
    let now_ms = place.clock.now_ms();
    place
        .store
        .write(move |db| {
            let change = Change::by(actor.clone());
            for row in retained::abandoned(db, now_ms)? {
                let model = Model {
                    name: &row.name,
                    id: &row.model_id,
                };
                let entry = Entry::of_model(Action::VersionDeleted, model.name, model.id)
                    .version(row.version)
                    .before(json!({"run_id": row.run_id, "found_deleted": true}));
                change.write(db, &[entry])?;
                retention::let_go(db, &change, model, &[row.version])?;
            }
            Ok(())
        })
        .await
}

async fn one(
    place: Place<'_>,
    actor: &Actor,
    item: &Item,
    dry_run: bool,
) -> Result<(Outcome, Option<String>)> {
    if let Some(reason) = &item.stays {
        return Ok((Outcome::Kept(reason.clone()), None));
    }
    let now_ms = place.clock.now_ms();
    let asked = item.clone();
    let kept = place
        .store
        .read(move |db| why_kept(db, &asked, now_ms))
        .await?;
    if let Some(reason) = kept {
        return Ok((Outcome::Kept(reason), None));
    }
    let artifacts = match &item.location {
        Some(location) if !location.is_empty() => bytes::look(place, location, dry_run).await?,
        _ => Removed::default(),
    };
    if dry_run {
        return Ok((Outcome::WouldGo, artifacts.note));
    }
    let note = artifacts.note.clone();
    let entry = item.entry(&artifacts);
    let (item, actor) = (item.clone(), actor.clone());
    let is_gone = place
        .store
        .write(move |db| {
            let is_gone = match &item.part() {
                Part::Run(id) => store::remove_run(db, id)?,
                Part::LoggedModel(id) => store::remove_logged_model(db, id)?,
                Part::Experiment(id) => store::remove_experiment(db, *id)?,
                Part::Version(..) | Part::Model(_) => false,
            };
            if is_gone {
                Change::by(actor.clone()).write(db, std::slice::from_ref(&entry))?;
            }
            Ok(is_gone)
        })
        .await?;
    let outcome = if is_gone {
        Outcome::Removed
    } else {
        Outcome::Kept("it was restored, or something in it stays".to_owned())
    };
    Ok((outcome, note))
}

fn why_kept(db: &mut Db, item: &Item, now_ms: i64) -> Result<Option<String>> {
    let row = match retained::protecting(db, item.part(), now_ms)? {
        Some(row) => Some(row),
        None => retained::needing(db, item.part())?,
    };
    let Some(row) = row else {
        return Ok(None);
    };
    let holds = holds::in_force(db, &[row.id])?
        .remove(&row.id)
        .unwrap_or_default();
    Ok(Some(retention::why(&row, &holds, now_ms)))
}

impl Item {
    fn entry(&self, artifacts: &Removed) -> Entry {
        let (action, mut before) = match self.part() {
            Part::LoggedModel(id) => (Action::LoggedModelRemoved, json!({"logged_model_id": id})),
            Part::Experiment(id) => (
                Action::ExperimentRemoved,
                json!({"experiment_id": id.to_string()}),
            ),
            Part::Run(id) => (Action::RunRemoved, json!({"run_id": id})),
            Part::Version(..) | Part::Model(_) => (Action::RunRemoved, json!({})),
        };
        before["name"] = self.name.clone().into();
        if let Some(experiment) = self.experiment_id {
            before["experiment_id"] = experiment.to_string().into();
        }
        before["artifacts"] = Value::from(self.location.clone());
        if let Some(manifest) = &artifacts.manifest {
            before["digest"] = manifest.digest().into();
            before["files"] = manifest
                .entries
                .iter()
                .map(|file| json!({"path": file.path, "size": file.size, "sha256": file.sha256}))
                .collect();
        }
        if let Some(note) = &artifacts.note {
            before["note"] = note.clone().into();
        }
        Entry::new(action).before(before)
    }
}
