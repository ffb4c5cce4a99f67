//! Runs a change to its end. Files that a decision needs are read between two attempts of its transaction, so
//! nothing is locked while storage is slow.

use std::sync::Arc;

use super::super::files::ModelFiles;
use super::{Change, Decision, Done, NotDone, Resources, identify};
use crate::audit::{Actor, Entry};
use crate::error::{Result, found};
use crate::store::{Db, registered_models};

/// The maximum number of attempts for a change that needs files.
const TRIES: usize = 8;

/// Runs a change to its end: it is made and on disk with its entry in the history, or refused with
/// an entry of its own. The function may run several times; only its last run counts.
pub async fn run<T, F>(resources: Resources<'_>, actor: Actor, decide: F) -> Result<Done<T>>
where
    T: Send + 'static,
    F: Fn(&mut Db, &Change) -> Decision<T> + Send + Sync + 'static,
{
    run_in(resources, actor, Transaction::OfItsOwn, decide).await
}

/// Does what [`run`] does, for a short change of one model, which on PostgreSQL shares a transaction with others.
pub async fn run_briefly<T, F>(
    resources: Resources<'_>,
    actor: Actor,
    model: &str,
    decide: F,
) -> Result<Done<T>>
where
    T: Send + 'static,
    F: Fn(&mut Db, &Change) -> Decision<T> + Send + Sync + 'static,
{
    run_in(resources, actor, Transaction::Shared { model }, decide).await
}

/// Where a change is decided and made.
#[derive(Clone, Copy)]
enum Transaction<'a> {
    OfItsOwn,
    Shared { model: &'a str },
}

async fn run_in<T, F>(
    resources: Resources<'_>,
    actor: Actor,
    transaction: Transaction<'_>,
    decide: F,
) -> Result<Done<T>>
where
    T: Send + 'static,
    F: Fn(&mut Db, &Change) -> Decision<T> + Send + Sync + 'static,
{
    let decide = Arc::new(decide);
    let mut files = ModelFiles::default();
    let mut tried = 0;
    loop {
        tried += 1;
        let change = Change::new(resources, actor.clone(), files.clone());
        let decide = Arc::clone(&decide);
        let work = move |db: &mut Db| decide(db, &change);
        let store = resources.store;
        let decided = match transaction {
            Transaction::OfItsOwn => store.write_or(work).await,
            Transaction::Shared { model } => store.write_briefly(model, work).await,
        };
        match decided {
            Ok(done) => return Ok(done),
            Err(NotDone::NeedsFiles(needed)) if tried < TRIES => {
                files.read(resources.artifacts, needed).await;
            }
            Err(NotDone::Refused(refusal)) => {
                record(resources, actor, refusal.entry.clone()).await;
                return Err(NotDone::Refused(refusal).into_error());
            }
            Err(not_done) => return Err(not_done.into_error()),
        }
    }
}

/// Writes a refusal to the history. The change is refused even if that fails.
async fn record(resources: Resources<'_>, actor: Actor, refusal: Entry) {
    let change = Change::new(resources, actor, ModelFiles::default());
    let model = refusal.model.clone().unwrap_or_default();
    let written = resources
        .store
        .write_briefly(&model, move |db| {
            let mut refusal = refusal.clone();
            if let Some(name) = refusal.model.clone()
                && found(registered_models::lock(db, &name))?.is_some()
            {
                refusal.model_id = Some(identify(db, &change, &name)?);
            }
            change.write(db, &[refusal])
        })
        .await;
    if let Err(error) = written {
        tracing::error!(%error, "a refusal could not be written to the history");
    }
}
