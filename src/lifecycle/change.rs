//! How a change of a model's life is run: decided and made in one transaction, with nothing but the
//! database in it. What files of artifacts say is read before, where a policy asks for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::adoption;
use super::model_files::{ModelFiles, Unread};
use crate::artifacts::Artifacts;
use crate::audit::{self, Actor, Entry};
use crate::clock::Clock;
use crate::error::{Error, ErrorCode, Result};
use crate::store::{Db, Store, registered_models};

/// How often a decision is made anew because it needed files that had not been read.
const TRIES: usize = 8;

/// One request for a change, while it is decided.
pub struct Change {
    pub actor: Actor,
    /// When it is made.
    pub now_ms: i64,
    artifacts: Option<Arc<Artifacts>>,
    files: ModelFiles,
    told: Mutex<Told>,
}

/// What a decision comes to, beside the change itself.
#[derive(Default)]
struct Told {
    warnings: Vec<String>,
    refusal: Option<Entry>,
    unread: Unread,
}

/// A change that was made, and what policies that only warn have against it.
#[derive(Debug)]
pub struct Done<T> {
    pub value: T,
    pub warnings: Vec<String>,
}

impl<T> Done<T> {
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Done<U> {
        Done {
            value: change(self.value),
            warnings: self.warnings,
        }
    }
}

impl Change {
    /// A change that is made now, and that no files are asked about.
    pub fn by(actor: Actor) -> Self {
        Self {
            actor,
            now_ms: Clock::default().now_ms(),
            artifacts: None,
            files: ModelFiles::out_of_reach(),
            told: Mutex::default(),
        }
    }

    fn at(place: Place<'_>, actor: Actor, files: ModelFiles) -> Self {
        Self {
            now_ms: place.clock.now_ms(),
            artifacts: Some(Arc::clone(place.artifacts)),
            files,
            ..Self::by(actor)
        }
    }

    /// The address that the keeper of artifacts has for a location, if it can be reached from here.
    pub fn address(&self, location: &str) -> Option<String> {
        let artifacts = self.artifacts.as_ref()?;
        Some(artifacts.resolve(location).ok()?.address())
    }

    /// Writes entries of the history in the transaction of the change.
    pub fn write(&self, db: &mut Db, entries: &[Entry]) -> Result<()> {
        audit::write(db, &self.actor, self.now_ms, entries)
    }

    /// What is known of files, and when it is asked.
    pub fn files_now(&self) -> (&ModelFiles, i64) {
        (&self.files, self.now_ms)
    }

    pub fn warn(&self, warning: String) {
        self.told().warnings.push(warning);
    }

    /// Refuses the change. The entry is written once the transaction is gone.
    pub fn refuse(&self, entry: Entry, message: String) -> Error {
        self.told().refusal = Some(entry);
        Error::permission_denied(message)
    }

    /// Breaks off a decision that cannot be made before these files were read. It is no failure of the
    /// database: nothing is gained by trying the transaction again as it is.
    pub fn wait_for_files(&self, unread: Unread) -> Error {
        self.told().unread = unread;
        Error::new(
            ErrorCode::ResourceConflict,
            "The files of a model were not read.",
        )
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where changes are made.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub store: &'a Store,
    pub artifacts: &'a Arc<Artifacts>,
    pub clock: &'a Clock,
}

/// Runs a change to its end: it is made and on disk with its entry in the history, or refused with
/// an entry of its own.
pub async fn run<T, F>(place: Place<'_>, actor: Actor, work: F) -> Result<Done<T>>
where
    T: Send + 'static,
    F: Fn(&mut Db, &Change) -> Result<T> + Send + Sync + 'static,
{
    let work = Arc::new(work);
    let mut files = ModelFiles::default();
    let mut tried = 0;
    loop {
        tried += 1;
        let change = Arc::new(Change::at(place, actor.clone(), files.clone()));
        let (decide, with) = (Arc::clone(&work), Arc::clone(&change));
        let outcome = place
            .store
            .write(move |db| {
                // The transaction may be tried again.
                *with.told() = Told::default();
                decide(db, &with)
            })
            .await;
        let told = std::mem::take(&mut *change.told());
        match outcome {
            Ok(value) => {
                return Ok(Done {
                    value,
                    warnings: told.warnings,
                });
            }
            Err(_) if !told.unread.is_empty() && tried < TRIES => {
                files.read(place.artifacts, told.unread).await;
            }
            Err(_) if !told.unread.is_empty() => {
                return Err(Error::unavailable(
                    "The files of a model change while they are read. Try again.",
                ));
            }
            Err(error) => {
                if let Some(refusal) = told.refusal {
                    record(place, actor, refusal).await;
                }
                return Err(error);
            }
        }
    }
}

/// A refusal stands, whether or not it could be written down.
async fn record(place: Place<'_>, actor: Actor, refusal: Entry) {
    let change = Change::at(place, actor, ModelFiles::default());
    let outcome = place
        .store
        .write(move |db| {
            let mut refusal = refusal.clone();
            if let Some(name) = refusal.model.clone() {
                match registered_models::lock(db, &name) {
                    Ok(()) => refusal.model_id = Some(adoption::identify(db, &change, &name)?),
                    Err(error) if error.code == ErrorCode::ResourceDoesNotExist => {}
                    Err(error) => return Err(error),
                }
            }
            change.write(db, &[refusal])
        })
        .await;
    if let Err(error) = outcome {
        tracing::error!(%error, "a refusal could not be written to the history");
    }
}
