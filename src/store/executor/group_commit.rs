//! SQLite's one writer. A thread takes whatever is queued, runs the requests one after the other,
//! commits them together, and only then tells each its result: many requests share one flush to disk.

use std::collections::VecDeque;
use std::thread;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use tokio::sync::mpsc;

use super::checkpoints::Checkpoints;
use super::connections::{Access, begin_write, commit, is_broken, open, rollback, rows_changed};
use super::jobs::{Job, JobEnd, Mergeable, full_queue, job_of, merge, mergeable_job_of};
use super::panics::failed;
use super::work_error::WorkError;
use crate::config::DatabaseUri;
use crate::error::{Error, Result};
use crate::store::Db;

/// The most requests that one transaction carries, and how long it may work on them before it
/// commits: the first of them need not wait long.
const LARGEST_GROUP: usize = 256;
const LONGEST_GROUP: Duration = Duration::from_millis(40);

/// The queue to the one writer.
pub struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
}

impl Writer {
    /// Starts the writer's thread. `queue_length` is the most functions that may wait for it.
    pub fn start(uri: &DatabaseUri, queue_length: usize) -> Result<Self> {
        let db = connect(uri)?;
        let checkpoints = Checkpoints::start(connect(uri)?)?;
        let uri = uri.clone();
        let (queue, jobs) = mpsc::channel(queue_length);
        thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || write_forever(db, &uri, &checkpoints, jobs))
            .map_err(|error| Error::internal(format!("No thread for the writer: {error}")))?;
        Ok(Self { queue })
    }

    /// Queues a function and waits until it is committed, or has failed.
    pub async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: WorkError,
        F: Fn(&mut Db) -> Result<T, E> + Send + 'static,
    {
        let (job, result) = job_of(work);
        self.queue(job)?;
        result.await.unwrap_or_else(|_| Err(failed().into()))
    }

    /// Does the same with a request that can be merged with others.
    pub async fn run_mergeable<R: Mergeable>(&self, request: R) -> Result<R::Output> {
        let (job, result) = mergeable_job_of(request);
        self.queue(job)?;
        result.await.unwrap_or_else(|_| Err(failed()))
    }

    fn queue(&self, job: Box<dyn Job>) -> Result<()> {
        self.queue.try_send(job).map_err(|_| full_queue())
    }
}

fn connect(uri: &DatabaseUri) -> Result<Db> {
    open(uri, Access::Write)
        .map_err(|error| Error::unavailable(format!("The database cannot be opened: {error}")))
}

fn write_forever(
    mut db: Db,
    uri: &DatabaseUri,
    checkpoints: &Checkpoints,
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
) {
    let mut received = Vec::with_capacity(LARGEST_GROUP);
    while jobs.blocking_recv_many(&mut received, LARGEST_GROUP) > 0 {
        let mut waiting = VecDeque::from(merge(received.drain(..)));
        while !waiting.is_empty() {
            commit_group(&mut db, &mut waiting);
            checkpoints.after_commit(&mut db);
            if is_broken(&mut db) {
                // The next group would fail for what befell this one.
                match connect(uri) {
                    Ok(new) => db = new,
                    Err(error) => tracing::error!(%error, "the writer is without a connection"),
                }
            }
        }
    }
}

/// Commits requests from the front of the queue, and answers them.
fn commit_group(db: &mut Db, waiting: &mut VecDeque<Box<dyn Job>>) {
    let mut done = 0;
    let committed = run_group(db, waiting, &mut done).map_err(|error| {
        tracing::error!(%error, "a group of writes was not committed");
        Error::unavailable("The database could not store the change.")
    });
    // A group that was not even begun is refused as a whole.
    let answered = if done == 0 { waiting.len() } else { done };
    for job in waiting.drain(..answered) {
        job.answer(committed.clone());
    }
}

fn run_group(
    db: &mut Db,
    waiting: &mut VecDeque<Box<dyn Job>>,
    done: &mut usize,
) -> QueryResult<()> {
    begin_write(db)?;
    let begun = Instant::now();
    for job in waiting.iter_mut() {
        if *done > 0 && begun.elapsed() > LONGEST_GROUP {
            break;
        }
        *done += 1;
        let undo = match rows_changed(db).map(|before| (before, job.run(db))) {
            Ok((_, JobEnd::Done)) => false,
            // A request that is refused has as a rule written nothing yet. Then there is nothing to
            // undo, and a savepoint for each request would cost more than most of the requests.
            Ok((before, JobEnd::Refused)) => rows_changed(db).ok() != Some(before),
            Ok((_, JobEnd::Failed)) | Err(_) => true,
        };
        if undo {
            return run_again_in_savepoints(db, waiting, *done);
        }
    }
    commit(db)
}

/// Something of a request that failed may be in the transaction. It is begun anew, more carefully.
fn run_again_in_savepoints(
    db: &mut Db,
    waiting: &mut VecDeque<Box<dyn Job>>,
    count: usize,
) -> QueryResult<()> {
    rollback(db)?;
    begin_write(db)?;
    for job in waiting.iter_mut().take(count) {
        job.run_in_savepoint(db);
    }
    commit(db)
}
