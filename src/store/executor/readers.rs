//! PostgreSQL's readers: threads that take the requests of one kind that wait and answer them with one
//! statement, which is a snapshot by itself and needs no transaction. What fails is run again by the pool, alone.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use diesel::r2d2::ManageConnection;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::connections::{Access, is_broken};
use super::jobs::{Job, JobEnd, Mergeable, full_queue, merge, mergeable_job_of};
use super::panics::failed;
use super::pool::Pool;
use super::reachability::{Opener, Reachability};
use crate::config::DatabaseSettings;
use crate::error::{Error, Result};
use crate::store::Db;

/// The most requests that one statement answers.
const MOST_AT_ONCE: usize = 64;

/// The queue to the readers.
pub struct Readers {
    queue: mpsc::Sender<Box<dyn Job>>,
}

/// The end of the queue at which the threads take turns.
type Jobs = Arc<Mutex<mpsc::Receiver<Box<dyn Job>>>>;

impl Readers {
    /// Starts the threads. They hand over to `pool` what has failed.
    pub fn start(
        settings: &DatabaseSettings,
        reachability: &Arc<Reachability>,
        pool: &Pool,
    ) -> Result<Self> {
        let (queue, jobs) = mpsc::channel(settings.write_queue);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..settings.group_readers {
            let jobs = Arc::clone(&jobs);
            let mut reader = Reader {
                opener: Opener::new(&settings.uri, Access::Read, reachability),
                connection: None,
                pool: pool.clone(),
                runtime: Handle::current(),
            };
            thread::Builder::new()
                .name(format!("pg-reader-{number}"))
                .spawn(move || while reader.answer_some(&jobs) {})
                .map_err(|error| Error::internal(format!("No thread for a reader: {error}")))?;
        }
        Ok(Self { queue })
    }

    /// Queues a request and waits for its result.
    pub async fn run<R: Mergeable>(&self, request: R) -> Result<R::Output> {
        let (job, result) = mergeable_job_of(request);
        self.queue.try_send(job).map_err(|_| full_queue())?;
        result.await.unwrap_or_else(|_| Err(failed()))
    }
}

/// What one thread works with.
struct Reader {
    opener: Opener,
    connection: Option<Db>,
    pool: Pool,
    runtime: Handle,
}

impl Reader {
    /// Answers what waits, or waits for something. Returns false when nothing can come any more.
    fn answer_some(&mut self, jobs: &Jobs) -> bool {
        let mut received = Vec::with_capacity(MOST_AT_ONCE);
        let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.blocking_recv_many(&mut received, MOST_AT_ONCE) == 0 {
            return false;
        }
        drop(jobs);
        for mut job in merge(received) {
            match self.connection().map(|db| job.run(db)) {
                Ok(JobEnd::Done) => job.answer(Ok(())),
                Ok(_) => self.hand_over(job),
                Err(error) => job.answer(Err(error)),
            }
        }
        true
    }

    fn connection(&mut self) -> Result<&mut Db> {
        let kept = self
            .connection
            .take()
            .and_then(|mut db| (!is_broken(&mut db)).then_some(db));
        let db = match kept {
            Some(db) => db,
            None => self
                .opener
                .connect()
                .map_err(|_| Error::unavailable("The database cannot be reached."))?,
        };
        Ok(self.connection.insert(db))
    }

    fn hand_over(&self, job: Box<dyn Job>) {
        for job in job.split() {
            let pool = self.pool.clone();
            self.runtime.spawn(async move {
                let run = move |connections: &_| job.run_alone(connections);
                // Where the pool is closed, the job is dropped, and whoever waits for it is told so.
                let _ = pool.with_connections(run).await;
            });
        }
    }
}
