//! SQLite's one writer. A thread takes whatever is queued, runs each request in a savepoint, commits
//! them together, and only then tells each its result: many requests share one flush to disk.

use std::thread;

use diesel::Connection;
use tokio::sync::{mpsc, oneshot};

use super::connections::{Access, begin_write, commit, open};
use super::contained;
use crate::config::DatabaseUri;
use crate::error::{Error, Result};
use crate::store::Db;

/// The most requests that one transaction carries, so that the first of them need not wait long.
const LARGEST_GROUP: usize = 256;

/// Runs a request in the open transaction, or takes the reason why there is none. What it returns is
/// called once the fate of that transaction is known.
type Job = Box<dyn FnOnce(Result<&mut Db>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<()>) + Send>;

pub struct Writer {
    queue: mpsc::Sender<Job>,
}

impl Writer {
    pub fn start(uri: &DatabaseUri, queue_length: usize) -> Result<Self> {
        let mut db = open(uri, Access::Write).map_err(|error| {
            Error::unavailable(format!("The database cannot be opened: {error}"))
        })?;
        let (queue, mut jobs) = mpsc::channel(queue_length);
        thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || {
                let mut group = Vec::with_capacity(LARGEST_GROUP);
                while jobs.blocking_recv_many(&mut group, LARGEST_GROUP) > 0 {
                    commit_group(&mut db, &mut group);
                }
            })
            .map_err(|error| Error::internal(format!("No thread for the writer: {error}")))?;
        Ok(Self { queue })
    }

    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |db| {
            let outcome = db.and_then(|db| db.transaction(|db| contained(|| work(db))));
            Box::new(move |committed| {
                // The client may have gone; its write stays all the same.
                let _ = sender.send(committed.and(outcome));
            })
        });
        self.queue.try_send(job).map_err(|_| {
            Error::unavailable("The server has more writes waiting than it can take. Try again.")
        })?;
        receiver.await.unwrap_or_else(|_| {
            Err(Error::internal(
                "The server failed while it worked on the request.",
            ))
        })
    }
}

fn commit_group(db: &mut Db, group: &mut Vec<Job>) {
    if let Err(error) = begin_write(db) {
        let error = Error::from(error);
        for job in group.drain(..) {
            job(Err(error.clone()))(Ok(()));
        }
        return;
    }
    let answers: Vec<Answer> = group.drain(..).map(|job| job(Ok(db))).collect();
    let committed = commit(db).map_err(|error| {
        tracing::error!(%error, "a group of writes was not committed");
        Error::unavailable("The database could not store the change.")
    });
    for answer in answers {
        answer(committed.clone());
    }
}
