//! The one thread that writes. It commits what is waiting together, so that many writers share one sync to disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;
use tollgate_scheduling::step_back;

use super::checkpoints::Checkpoints;
use crate::error::StoreError;

/// Jobs committed together at most.
const JOBS_A_COMMIT: usize = 512;

/// Tells a job's caller how it ended, once it is known whether the commit did.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A write. It is given its savepoint, or why there is none, and says whether it succeeded and whom to tell.
type Job = Box<dyn FnOnce(Result<&Connection, StoreError>) -> (Result<(), StoreError>, Answer) + Send>;

/// A handle on the writing thread. Dropping it waits until all jobs are done and the connection is closed.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread, which writes to the database at `path` by this connection. It tells `ended` after each
    /// transaction whether that was committed, before the next begins. `held` is let go when all is closed.
    pub(super) fn start(
        mut connection: Connection,
        path: &Path,
        ended: impl Fn(bool) + Send + 'static,
        held: impl Send + 'static,
    ) -> Result<Self, StoreError> {
        let mut checkpoints = Checkpoints::start(&mut connection, path)?;
        let (jobs, waiting) = mpsc::channel::<Job>();
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                step_back();
                let mut log = Log::default();
                while let Ok(first) = waiting.recv() {
                    let outcome = run(&mut connection, first, waiting.try_iter(), &ended);
                    log.note(&outcome);
                    checkpoints.after_transaction(outcome.is_ok(), &connection);
                }
                // The last connection brings the rest over as it closes.
                let file = checkpoints.end();
                drop(connection);
                drop(file);
                drop(held);
            })
            .map_err(|error| StoreError::io("the writing thread", &error))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // A job that panics fails, and is rolled back as any that fails: the thread is there for the others.
            let run =
                |connection| catch_unwind(AssertUnwindSafe(|| job(connection))).unwrap_or(Err(StoreError::Panicked));
            let outcome = connection.and_then(run);
            let ended = outcome.as_ref().map(|_| ()).map_err(StoreError::clone);
            let answer: Answer = Box::new(move |committed| {
                // A caller who went away does not need the answer.
                let _ = sender.send(committed.and(outcome));
            });
            (ended, answer)
        });
        self.jobs.as_ref().and_then(|jobs| jobs.send(job).ok()).ok_or(StoreError::Closed)?;
        receiver.await.unwrap_or(Err(StoreError::Closed))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        // The last who has the store may be a job.
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != thread::current().id()) {
            // A thread that panicked has said why.
            let _ = thread.join();
        }
    }
}

/// Runs each job in a savepoint of one transaction, commits them together, and tells their callers.
fn run(
    connection: &mut Connection,
    first: Job,
    others: impl Iterator<Item = Job>,
    ended: &impl Fn(bool),
) -> Result<(), StoreError> {
    let mut answers = Vec::new();
    let committed = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => {
            let batch = std::iter::once(first).chain(others).take(JOBS_A_COMMIT);
            run_in(transaction, batch, &mut answers)
        }
        Err(error) => {
            let (ended, answer) = first(Err(error.into()));
            answers.push(answer);
            ended
        }
    };
    ended(committed.is_ok());
    for answer in answers {
        answer(committed.clone());
    }
    committed
}

/// Runs jobs until one breaks the transaction. Those that it did not come to are left for the next one.
fn run_in(
    mut transaction: Transaction<'_>,
    batch: impl Iterator<Item = Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), StoreError> {
    // Dropping the transaction rolls it back, also when a savepoint or the commit fails.
    for job in batch {
        let (ended, answer) = match transaction.savepoint() {
            Ok(savepoint) => {
                let (ended, answer) = job(Ok(&savepoint));
                // SQLite rolls all of a transaction back when the disk is full or broken. A savepoint after that would
                // be a transaction of its own, committed whatever its caller is told.
                if savepoint.is_autocommit() {
                    answers.push(answer);
                    return Err(ended.err().unwrap_or_else(rolled_back));
                }
                match ended.is_ok() {
                    true => (savepoint.commit().map_err(StoreError::from), answer),
                    false => (Ok(()), answer),
                }
            }
            Err(error) => job(Err(error.into())),
        };
        answers.push(answer);
        ended?;
    }
    Ok(transaction.commit()?)
}

fn rolled_back() -> StoreError {
    StoreError::Unavailable("database: the transaction was rolled back".to_owned())
}

/// Says when writing begins to fail and when it works again, and not how often it fails in between.
#[derive(Default)]
struct Log {
    failing: bool,
}

impl Log {
    fn note(&mut self, committed: &Result<(), StoreError>) {
        match committed {
            Err(error) if !std::mem::replace(&mut self.failing, true) => {
                tracing::error!(target: "tollgate::store", %error, "the store cannot be written; changes are refused until it can be");
            }
            Ok(()) if std::mem::take(&mut self.failing) => {
                tracing::info!(target: "tollgate::store", "the store can be written again");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
