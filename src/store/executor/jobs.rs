//! Requests that wait for an executor, whatever they do and return.

use std::any::{Any, TypeId};
use std::mem;

use diesel::Connection;
use tokio::sync::oneshot;

use super::panics::{contained, failed};
use super::pool::{Connections, run_on_one};
use super::work_error::WorkError;
use crate::error::{Error, Result};
use crate::store::Db;

/// A request of which many can be carried out at once, with as many statements as one takes.
pub trait Mergeable: Send + 'static {
    type Output: Send + 'static;

    /// Carries out requests in one transaction and returns a result for each, in their order. A request that is
    /// refused has written nothing, and the others do not notice it. `Err` says that something broke: then all
    /// is undone, and each request is carried out on its own.
    fn run_together(db: &mut Db, requests: &[Self]) -> Result<Vec<Result<Self::Output>>>
    where
        Self: Sized;
}

/// A request, or several of one kind, that somebody waits for.
pub(super) trait Job: Send {
    /// Runs it in the open transaction and keeps its result.
    fn run(&mut self, db: &mut Db) -> JobEnd;

    /// Runs it once more, so that what it wrote is undone if it fails.
    fn run_in_savepoint(&mut self, db: &mut Db);

    /// Whether it failed in a way that leaves hope for a transaction of its own.
    fn is_worth_retrying(&self) -> bool;

    /// Runs it on a connection of a pool, in a transaction of its own, and hands its result over.
    fn run_alone(self: Box<Self>, connections: &Connections);

    /// Hands the result over, once the fate of the transaction is known.
    fn answer(self: Box<Self>, committed: Result<()>);

    /// The kind of requests that it can be merged with.
    fn kind(&self) -> Option<TypeId> {
        None
    }

    /// Takes over the requests of another job of its kind.
    fn absorb(&mut self, _other: &mut dyn Any) {}

    /// Makes a job of each of its requests.
    fn split(self: Box<Self>) -> Vec<Box<dyn Job>>;

    fn as_any(&mut self) -> &mut dyn Any;
}

/// How a job ended, as far as its neighbours are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobEnd {
    Done,
    /// It was refused for a reason of ours.
    Refused,
    /// The database failed, or we did. Nobody knows what state the transaction is in.
    Failed,
}

/// Merges the jobs of each kind into the first of them.
pub(super) fn merge(received: impl IntoIterator<Item = Box<dyn Job>>) -> Vec<Box<dyn Job>> {
    let mut jobs: Vec<Box<dyn Job>> = Vec::new();
    let mut first_of_kind: Vec<(TypeId, usize)> = Vec::new();
    for mut job in received {
        let Some(kind) = job.kind() else {
            jobs.push(job);
            continue;
        };
        if let Some((_, first)) = first_of_kind.iter().find(|(known, _)| *known == kind) {
            jobs[*first].absorb(job.as_any());
        } else {
            first_of_kind.push((kind, jobs.len()));
            jobs.push(job);
        }
    }
    jobs
}

/// The error of a request for which there is no room in a queue.
pub(super) fn full_queue() -> Error {
    Error::unavailable("The server has more writes waiting than it can take. Try again.")
}

/// A function that is queued.
pub(super) struct Work<T, E, F> {
    function: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

/// Makes a job of a function, and the receiver of its result.
pub(super) fn job_of<T, E, F>(work: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T, E>>)
where
    T: Send + 'static,
    E: WorkError,
    F: Fn(&mut Db) -> Result<T, E> + Send + 'static,
{
    let (reply, receiver) = oneshot::channel();
    let job = Work {
        function: work,
        result: None,
        reply,
    };
    (Box::new(job), receiver)
}

impl<T, E, F> Job for Work<T, E, F>
where
    T: Send + 'static,
    E: WorkError,
    F: Fn(&mut Db) -> Result<T, E> + Send + 'static,
{
    fn run(&mut self, db: &mut Db) -> JobEnd {
        match self.result.insert(contained(|| (self.function)(db))) {
            Ok(_) => JobEnd::Done,
            Err(error) if error.is_failure() => JobEnd::Failed,
            Err(_) => JobEnd::Refused,
        }
    }

    fn run_in_savepoint(&mut self, db: &mut Db) {
        self.result = Some(db.transaction(|db| contained(|| (self.function)(db))));
    }

    fn is_worth_retrying(&self) -> bool {
        let result = self.result.as_ref();
        result.is_none_or(|result| matches!(result, Err(error) if error.is_worth_retrying()))
    }

    fn run_alone(self: Box<Self>, connections: &Connections) {
        let result = run_on_one(connections, &self.function);
        let _ = self.reply.send(result);
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let result = self.result.unwrap_or_else(|| Err(failed().into()));
        // The client may have gone; its write stays all the same.
        let _ = self.reply.send(committed.map_err(E::from).and(result));
    }

    fn split(self: Box<Self>) -> Vec<Box<dyn Job>> {
        vec![self]
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// Requests of one kind that are carried out together.
struct Together<R: Mergeable> {
    requests: Vec<R>,
    replies: Vec<oneshot::Sender<Result<R::Output>>>,
    /// One for each request, or none.
    results: Vec<Result<R::Output>>,
}

/// Makes a job of a request that can be merged, and the receiver of its result.
pub(super) fn mergeable_job_of<R: Mergeable>(
    request: R,
) -> (Box<dyn Job>, oneshot::Receiver<Result<R::Output>>) {
    let (reply, receiver) = oneshot::channel();
    let job = Together {
        requests: vec![request],
        replies: vec![reply],
        results: Vec::new(),
    };
    (Box::new(job), receiver)
}

impl<R: Mergeable> Together<R> {
    /// Carries out all requests, and gives up the transaction if there is one whose fate is not known.
    fn carry_out(&mut self, db: &mut Db) -> Result<()> {
        let results = contained(|| R::run_together(db, &self.requests))?;
        if results.len() != self.requests.len() {
            return Err(failed());
        }
        self.results = results;
        Ok(())
    }
}

/// Carries out one request by itself.
pub fn run_one<R: Mergeable>(db: &mut Db, request: &R) -> Result<R::Output> {
    let mut results = R::run_together(db, std::slice::from_ref(request))?;
    results.pop().unwrap_or_else(|| Err(failed()))
}

impl<R: Mergeable> Job for Together<R> {
    fn run(&mut self, db: &mut Db) -> JobEnd {
        match self.carry_out(db) {
            Ok(()) => JobEnd::Done,
            Err(_) => JobEnd::Failed,
        }
    }

    fn run_in_savepoint(&mut self, db: &mut Db) {
        let requests = &self.requests;
        self.results = requests
            .iter()
            .map(|request| db.transaction(|db| contained(|| run_one(db, request))))
            .collect();
    }

    fn is_worth_retrying(&self) -> bool {
        let mut failures = self
            .results
            .iter()
            .filter_map(|result| result.as_ref().err());
        self.results.is_empty() || failures.any(Error::is_worth_retrying)
    }

    fn run_alone(self: Box<Self>, connections: &Connections) {
        for (request, reply) in self.requests.iter().zip(self.replies) {
            let _ = reply.send(run_on_one(connections, &|db| run_one(db, request)));
        }
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let results = self.results.into_iter().map(Some);
        let results = results.chain(std::iter::repeat_with(|| None));
        for (reply, result) in self.replies.into_iter().zip(results) {
            let result = result.unwrap_or_else(|| Err(failed()));
            let _ = reply.send(committed.clone().and(result));
        }
    }

    fn kind(&self) -> Option<TypeId> {
        Some(TypeId::of::<R>())
    }

    fn absorb(&mut self, other: &mut dyn Any) {
        if let Some(other) = other.downcast_mut::<Self>() {
            self.requests.append(&mut other.requests);
            self.replies.append(&mut other.replies);
            self.results.clear();
        }
    }

    fn split(mut self: Box<Self>) -> Vec<Box<dyn Job>> {
        let requests = mem::take(&mut self.requests).into_iter();
        let replies = mem::take(&mut self.replies).into_iter();
        requests
            .zip(replies)
            .map(|(request, reply)| {
                let job: Box<dyn Job> = Box::new(Self {
                    requests: vec![request],
                    replies: vec![reply],
                    results: Vec::new(),
                });
                job
            })
            .collect()
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}
