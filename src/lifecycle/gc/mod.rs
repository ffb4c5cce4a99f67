//! Garbage collection: runs, logged models and experiments that were deleted are removed for good, with their
//! artifacts, except what a kept version needs. Each removal is an entry of the history.
//! May use `retention`, `decision`, the audit log, artifacts and the store.

mod bytes;
mod plan;

use serde_json::{Value, json};

use self::bytes::RemovedArtifacts;
pub use self::plan::GcSelection;
use self::plan::{Item, Plan};
use super::decision::{Change, Model, Resources};
use super::retention;
use crate::audit::{Action, Actor, Entry};
use crate::error::Result;
use crate::store::governance::holds;
use crate::store::governance::retained::{self, Deletable};
use crate::store::{Db, gc as store};

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GcOutcome {
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
pub struct GcLine {
    /// Such as `Run with ID abc`.
    pub what: String,
    pub outcome: GcOutcome,
    /// What is to be said beside it.
    pub note: Option<String>,
}

/// Removes what may go, or says in a dry run what would. `tell` gets a line for each item.
pub async fn collect(
    resources: Resources<'_>,
    actor: &Actor,
    selection: GcSelection,
    dry_run: bool,
    mut tell: impl FnMut(GcLine),
) -> Result<()> {
    let now_ms = resources.clock.now_ms();
    let Plan { items } = resources
        .store
        .read(move |db| plan::make(db, &selection, now_ms))
        .await?;
    if !dry_run {
        release_abandoned(resources, actor.clone()).await?;
    }
    for item in items {
        let removal = remove(resources, actor, &item, dry_run).await;
        let Removal { outcome, note } = removal.unwrap_or_else(|error| {
            let is_denied = error.is_denied();
            let message = error.message.into_owned();
            Removal::of(if is_denied {
                GcOutcome::Kept(message)
            } else {
                GcOutcome::Failed(message)
            })
        });
        tell(GcLine {
            what: item.what(),
            outcome,
            note,
        });
    }
    Ok(())
}

/// Versions that stock MLflow deleted after their time: it left their guards behind.
async fn release_abandoned(resources: Resources<'_>, actor: Actor) -> Result<()> {
    let now_ms = resources.clock.now_ms();
    resources
        .store
        .write(move |db| {
            let change = Change::without_files(actor.clone(), now_ms);
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

/// What became of an item, and what is to be said beside it.
struct Removal {
    outcome: GcOutcome,
    note: Option<String>,
}

impl Removal {
    fn of(outcome: GcOutcome) -> Self {
        Self {
            outcome,
            note: None,
        }
    }
}

async fn remove(
    resources: Resources<'_>,
    actor: &Actor,
    item: &Item,
    dry_run: bool,
) -> Result<Removal> {
    if let Some(reason) = &item.stays {
        return Ok(Removal::of(GcOutcome::Kept(reason.clone())));
    }
    let now_ms = resources.clock.now_ms();
    let asked = item.clone();
    let kept = resources
        .store
        .read(move |db| why_kept(db, &asked, now_ms))
        .await?;
    if let Some(reason) = kept {
        return Ok(Removal::of(GcOutcome::Kept(reason)));
    }
    let artifacts = match &item.location {
        Some(location) if !location.is_empty() => {
            bytes::remove_at(resources, location, dry_run).await?
        }
        _ => RemovedArtifacts::default(),
    };
    if dry_run {
        return Ok(Removal {
            outcome: GcOutcome::WouldGo,
            note: artifacts.note,
        });
    }
    let note = artifacts.note.clone();
    let entry = item.entry(&artifacts);
    let (item, actor) = (item.clone(), actor.clone());
    let is_gone = resources
        .store
        .write(move |db| {
            let is_gone = match &item.deletable() {
                Deletable::Run(id) => store::remove_run(db, id)?,
                Deletable::LoggedModel(id) => store::remove_logged_model(db, id)?,
                Deletable::Experiment(id) => store::remove_experiment(db, *id)?,
                Deletable::Version(..) | Deletable::Model(_) => false,
            };
            if is_gone {
                Change::without_files(actor.clone(), now_ms)
                    .write(db, std::slice::from_ref(&entry))?;
            }
            Ok(is_gone)
        })
        .await?;
    let outcome = if is_gone {
        GcOutcome::Removed
    } else {
        GcOutcome::Kept("it was restored, or something in it stays".to_owned())
    };
    Ok(Removal { outcome, note })
}

fn why_kept(db: &mut Db, item: &Item, now_ms: i64) -> Result<Option<String>> {
    let row = match retained::protecting(db, item.deletable(), now_ms)? {
        Some(row) => Some(row),
        None => retained::needing(db, item.deletable())?,
    };
    let Some(row) = row else {
        return Ok(None);
    };
    let holds = holds::in_force(db, &[row.id])?
        .remove(&row.id)
        .unwrap_or_default();
    Ok(Some(retention::why_kept(&row, &holds, now_ms)))
}

impl Item {
    fn entry(&self, artifacts: &RemovedArtifacts) -> Entry {
        let (action, mut before) = match self.deletable() {
            Deletable::LoggedModel(id) => {
                (Action::LoggedModelRemoved, json!({"logged_model_id": id}))
            }
            Deletable::Experiment(id) => (
                Action::ExperimentRemoved,
                json!({"experiment_id": id.to_string()}),
            ),
            Deletable::Run(id) => (Action::RunRemoved, json!({"run_id": id})),
            Deletable::Version(..) | Deletable::Model(_) => (Action::RunRemoved, json!({})),
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
