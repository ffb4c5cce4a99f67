//! PostgreSQL's writers: threads that each take what is queued for them, run it in one transaction and commit it
//! together, as SQLite's writer does. Requests about one run or one model have one writer, so that they do
//! not wait for each other's locks. What fails or has to wait goes to the pool, to be run alone.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::r2d2::ManageConnection;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::connections::{Access, begin_write, commit, is_broken, is_lost, rollback};
use super::jobs::{Job, JobEnd, Mergeable, full_queue, job_of, merge, mergeable_job_of};
use super::panics::failed;
use super::pool::Pool;
use super::reachability::{Opener, Reachability};
use super::traces::Traces;
use super::work_error::WorkError;
use crate::config::DatabaseSettings;
use crate::error::{Error, Result};
use crate::store::Db;

/// The most requests that one transaction carries, and how long it may work on them.
const LARGEST_GROUP: usize = 256;
const LONGEST_GROUP: Duration = Duration::from_millis(40);

/// How long a group waits for a lock of somebody else, such as a statement by hand or a large deletion. A
/// request that would wait longer is run alone.
const LOCK_TIMEOUT: &str = "SET lock_timeout = '100ms'";
/// The same while it is looked for which request of a group has to wait.
const SHORT_LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '5ms'";

/// The queues to the writers.
pub struct Writers {
    queues: Vec<mpsc::Sender<Queued>>,
}

struct Queued {
    /// What the request is about.
    key: String,
    job: Box<dyn Job>,
}

impl Writers {
    /// Starts the threads. They hand over to `pool` what has to be run alone.
    pub fn start(
        settings: &DatabaseSettings,
        reachability: &Arc<Reachability>,
        pool: &Pool,
    ) -> Result<Self> {
        let queues = (0..settings.group_writers)
            .map(|number| {
                let (queue, jobs) = mpsc::channel(settings.write_queue);
                let writer = Writer {
                    opener: Opener::new(&settings.uri, Access::Write, reachability),
                    connection: None,
                    pool: pool.clone(),
                    runtime: Handle::current(),
                };
                thread::Builder::new()
                    .name(format!("pg-writer-{number}"))
                    .spawn(move || writer.write_forever(jobs))
                    .map_err(|error| Error::internal(format!("No thread for a writer: {error}")))?;
                Ok(queue)
            })
            .collect::<Result<_>>()?;
        Ok(Self { queues })
    }

    /// Queues a function for the writer of a key and waits until it is committed, or has failed.
    pub async fn run<T, E, F>(&self, key: &str, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: WorkError,
        F: Fn(&mut Db) -> Result<T, E> + Send + 'static,
    {
        let (job, result) = job_of(work);
        self.queue(key, job)?;
        result.await.unwrap_or_else(|_| Err(failed().into()))
    }

    /// Does the same with a request that can be merged with others.
    pub async fn run_mergeable<R: Mergeable>(&self, key: &str, request: R) -> Result<R::Output> {
        let (job, result) = mergeable_job_of(request);
        self.queue(key, job)?;
        result.await.unwrap_or_else(|_| Err(failed()))
    }

    fn queue(&self, key: &str, job: Box<dyn Job>) -> Result<()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let number = hasher.finish() % self.queues.len() as u64;
        let queue = usize::try_from(number)
            .ok()
            .and_then(|number| self.queues.get(number));
        let key = key.to_owned();
        queue
            .ok_or_else(failed)?
            .try_send(Queued { key, job })
            .map_err(|_| full_queue())
    }
}

/// What one thread works with.
struct Writer {
    opener: Opener,
    connection: Option<Watched>,
    pool: Pool,
    runtime: Handle,
}

/// A connection, and what its statements leave behind.
struct Watched {
    db: Db,
    traces: Traces,
}

/// How the transaction of a group ended.
enum GroupEnd {
    Committed,
    /// Nothing of it stays. `culprit` is the job that failed, where one did.
    Undone {
        culprit: Option<usize>,
    },
    /// The connection was lost while PostgreSQL committed: nobody knows what it did.
    Unknown,
}

impl Writer {
    fn write_forever(mut self, mut jobs: mpsc::Receiver<Queued>) {
        let mut received = Vec::with_capacity(LARGEST_GROUP);
        while jobs.blocking_recv_many(&mut received, LARGEST_GROUP) > 0 {
            // Every server locks models in this order.
            received.sort_by(|one, other| one.key.cmp(&other.key));
            let mut waiting = merge(received.drain(..).map(|queued| queued.job));
            while !waiting.is_empty() {
                waiting = self.commit_group(waiting);
            }
        }
    }

    /// Commits jobs and answers them. Returns those for which there was no time.
    fn commit_group(&mut self, mut jobs: Vec<Box<dyn Job>>) -> Vec<Box<dyn Job>> {
        let mut connection = match self.begin() {
            Ok(connection) => connection,
            Err(error) => {
                answer(jobs, Err(error));
                return Vec::new();
            }
        };
        let mut done = 0;
        let end = connection.run_group(&mut jobs, &mut done);
        let rest = jobs.split_off(done.min(jobs.len()));
        match end {
            GroupEnd::Committed => answer(jobs, Ok(())),
            GroupEnd::Unknown => answer(jobs, Err(unknown_outcome())),
            GroupEnd::Undone { .. } if is_lost(&mut connection.db) => self.save(jobs),
            GroupEnd::Undone { culprit } => self.run_with_care(&mut connection, jobs, culprit),
        }
        if !is_broken(&mut connection.db) {
            self.connection = Some(connection);
        }
        rest
    }

    /// Begins a transaction, on a new connection where the old one was lost.
    fn begin(&mut self) -> Result<Watched> {
        if let Some(mut connection) = self.connection.take()
            && begin_write(&mut connection.db).is_ok()
        {
            return Ok(connection);
        }
        let mut connection = self.connect()?;
        begin_write(&mut connection.db)?;
        Ok(connection)
    }

    fn connect(&self) -> Result<Watched> {
        let unreachable = |_| Error::unavailable("The database cannot be reached.");
        let mut db = self.opener.connect().map_err(unreachable)?;
        db.batch_execute(LOCK_TIMEOUT)?;
        let traces = Traces::of(&mut db);
        Ok(Watched { db, traces })
    }

    /// Finds another connection for jobs that have lost theirs before the commit.
    fn save(&mut self, jobs: Vec<Box<dyn Job>>) {
        match self.connect() {
            Ok(connection) => {
                self.connection = Some(connection);
                self.hand_over(jobs);
            }
            Err(error) => answer(jobs, Err(error)),
        }
    }

    /// Runs jobs anew in one transaction, with a savepoint for each request. The one that was in the way
    /// before, and those that are in the way now, are handed over.
    fn run_with_care(
        &mut self,
        connection: &mut Watched,
        mut jobs: Vec<Box<dyn Job>>,
        culprit: Option<usize>,
    ) {
        if let Some(culprit) = culprit
            && jobs[culprit].kind().is_none()
            && jobs[culprit].is_worth_retrying()
        {
            let culprit = jobs.remove(culprit);
            self.hand_over(vec![culprit]);
        }
        let mut jobs: Vec<_> = jobs.into_iter().flat_map(Job::split).collect();
        match connection.run_in_savepoints(&mut jobs) {
            GroupEnd::Committed => {
                let (failed, done) = jobs.into_iter().partition(|job| job.is_worth_retrying());
                answer(done, Ok(()));
                self.hand_over(failed);
            }
            GroupEnd::Unknown => answer(jobs, Err(unknown_outcome())),
            GroupEnd::Undone { .. } => self.hand_over(jobs),
        }
    }

    /// Gives jobs of which nothing is in the database to the pool.
    fn hand_over(&self, jobs: Vec<Box<dyn Job>>) {
        for job in jobs {
            let pool = self.pool.clone();
            self.runtime.spawn(async move {
                let run = move |connections: &_| job.run_alone(connections);
                // Where the pool is closed, the job is dropped, and whoever waits for it is told so.
                let _ = pool.with_connections(run).await;
            });
        }
    }
}

impl Watched {
    /// Runs jobs in the open transaction, as many as there is time for, and commits it.
    fn run_group(&mut self, jobs: &mut [Box<dyn Job>], done: &mut usize) -> GroupEnd {
        let begun = Instant::now();
        let failures = self.traces.failures();
        for (index, job) in jobs.iter_mut().enumerate() {
            if index > 0 && begun.elapsed() > LONGEST_GROUP {
                break;
            }
            *done = index + 1;
            let changes = self.traces.changes();
            let end = job.run(&mut self.db);
            let leaves_something = match end {
                JobEnd::Done => false,
                JobEnd::Refused => self.traces.changes() != changes,
                JobEnd::Failed => true,
            };
            // A function may have taken a failure for a refusal, or for nothing at all.
            if leaves_something || self.traces.failures() != failures {
                let _ = rollback(&mut self.db);
                let culprit = (end == JobEnd::Failed).then_some(index);
                return GroupEnd::Undone { culprit };
            }
        }
        self.commit()
    }

    /// Runs jobs in a new transaction, each in a savepoint, and commits it.
    fn run_in_savepoints(&mut self, jobs: &mut [Box<dyn Job>]) -> GroupEnd {
        let begun =
            begin_write(&mut self.db).and_then(|()| self.db.batch_execute(SHORT_LOCK_TIMEOUT));
        if begun.is_err() {
            return GroupEnd::Undone { culprit: None };
        }
        for job in jobs {
            job.run_in_savepoint(&mut self.db);
        }
        // A transaction with a failed statement that no savepoint has undone takes no other statement.
        if self.db.batch_execute("SELECT 1").is_err() {
            let _ = rollback(&mut self.db);
            return GroupEnd::Undone { culprit: None };
        }
        self.commit()
    }

    fn commit(&mut self) -> GroupEnd {
        match commit(&mut self.db) {
            Ok(()) => GroupEnd::Committed,
            Err(error) => {
                tracing::error!(%error, "a group of writes was not committed");
                if is_lost(&mut self.db) {
                    GroupEnd::Unknown
                } else {
                    GroupEnd::Undone { culprit: None }
                }
            }
        }
    }
}

fn answer(jobs: Vec<Box<dyn Job>>, committed: Result<()>) {
    for job in jobs {
        job.answer(committed.clone());
    }
}

fn unknown_outcome() -> Error {
    Error::unavailable(
        "The connection to the database was lost during the commit. The change may have been stored or not.",
    )
}
