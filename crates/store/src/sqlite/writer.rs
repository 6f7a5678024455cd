//! The one thread that writes. It commits what is waiting together, so that many writers share one sync to disk.

use std::sync::mpsc;
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::StoreError;

/// Jobs committed together at most.
const JOBS_A_COMMIT: usize = 512;

/// Tells a job's caller how it ended, once it is known whether the commit did.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A write, and whether it succeeded within its savepoint.
type Job = Box<dyn FnOnce(&Connection) -> (bool, Answer) + Send>;

/// A handle on the writing thread, which ends when the handle is dropped and all jobs are done.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    pub(super) fn start(mut connection: Connection) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel::<Job>();
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                while let Ok(first) = waiting.recv() {
                    let batch = std::iter::once(first).chain(waiting.try_iter()).take(JOBS_A_COMMIT);
                    run(&mut connection, batch);
                }
            })
            .map_err(|error| StoreError::io("the writing thread", &error))?;
        Ok(Self { jobs })
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let outcome = job(connection);
            let succeeded = outcome.is_ok();
            let answer: Answer = Box::new(move |committed| {
                // A caller who went away does not need the answer.
                let _ = sender.send(committed.and(outcome));
            });
            (succeeded, answer)
        });
        self.jobs.send(job).map_err(|_| StoreError::Closed)?;
        receiver.await.unwrap_or(Err(StoreError::Closed))
    }
}

/// Runs each job in a savepoint of one transaction and commits them together.
fn run(connection: &mut Connection, batch: impl Iterator<Item = Job>) {
    let mut answers = Vec::new();
    let committed = run_in_transaction(connection, batch, &mut answers);
    if let Err(error) = &committed {
        tracing::error!(target: "tollgate::store", %error, "a commit failed");
    }
    for answer in answers {
        answer(committed.clone());
    }
}

fn run_in_transaction(
    connection: &mut Connection,
    batch: impl Iterator<Item = Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), StoreError> {
    // Dropping the transaction rolls it back, also when a savepoint or the commit fails.
    let mut transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for job in batch {
        let savepoint = transaction.savepoint()?;
        let (succeeded, answer) = job(&savepoint);
        answers.push(answer);
        if succeeded {
            savepoint.commit()?;
        }
    }
    Ok(transaction.commit()?)
}
