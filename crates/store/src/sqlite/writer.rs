//! The one thread that writes. It commits what is waiting together, so that many writers share one sync to disk.

use std::sync::mpsc;
use std::thread;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use crate::error::StoreError;

/// Jobs committed together at most.
const JOBS_A_COMMIT: usize = 512;

/// Tells a job's caller how it ended, once it is known whether the commit did.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A write. It is given its savepoint, or why there is none, and says whether it succeeded and whom to tell.
type Job = Box<dyn FnOnce(Result<&Connection, StoreError>) -> (Result<(), StoreError>, Answer) + Send>;

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
                let mut log = Log::default();
                while let Ok(first) = waiting.recv() {
                    log.note(&run(&mut connection, first, waiting.try_iter()));
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
            let outcome = connection.and_then(job);
            let ended = outcome.as_ref().map(|_| ()).map_err(StoreError::clone);
            let answer: Answer = Box::new(move |committed| {
                // A caller who went away does not need the answer.
                let _ = sender.send(committed.and(outcome));
            });
            (ended, answer)
        });
        self.jobs.send(job).map_err(|_| StoreError::Closed)?;
        receiver.await.unwrap_or(Err(StoreError::Closed))
    }
}

/// Runs each job in a savepoint of one transaction, commits them together, and tells their callers.
fn run(connection: &mut Connection, first: Job, others: impl Iterator<Item = Job>) -> Result<(), StoreError> {
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
mod tests {
    use std::future::Future;

    use super::*;

    /// A writer over a table of blobs, on a disk of 64 pages.
    struct Bench {
        path: tempfile::TempDir,
        writer: Writer,
    }

    impl Bench {
        fn new() -> Self {
            let path = tempfile::tempdir().expect("a directory");
            let connection = Connection::open(path.path().join("db")).expect("opens");
            connection.busy_timeout(std::time::Duration::ZERO).expect("a setting");
            let setup = "PRAGMA journal_mode = WAL; CREATE TABLE kept (name TEXT, bytes BLOB); PRAGMA max_page_count = 64;";
            connection.execute_batch(setup).expect("set up");
            Self { path, writer: Writer::start(connection).expect("starts") }
        }

        /// Writes `bytes` bytes under a name.
        fn keep(&self, name: &'static str, bytes: u32) -> impl Future<Output = Result<(), StoreError>> {
            self.writer.write(move |connection| {
                connection.execute("INSERT INTO kept VALUES (?, zeroblob(?))", rusqlite::params![name, bytes])?;
                Ok(())
            })
        }

        /// The names that are on disk.
        fn kept(&self) -> Vec<String> {
            let connection = Connection::open(self.path.path().join("db")).expect("opens");
            let mut statement = connection.prepare("SELECT name FROM kept ORDER BY name").expect("a statement");
            let names = statement.query_map([], |row| row.get(0)).expect("rows");
            names.collect::<Result<_, _>>().expect("names")
        }
    }

    #[tokio::test]
    async fn what_shares_a_commit_with_a_write_that_fills_the_disk_is_answered_truly() {
        let bench = Bench::new();
        let (open, gate) = mpsc::channel::<()>();
        // The writer waits in the first job, so that all others are in one commit.
        let first = bench.writer.write(move |_| gate.recv().map_err(|_| StoreError::Closed));
        let others = [bench.keep("a", 10), bench.keep("b", 1 << 20), bench.keep("c", 10), bench.keep("d", 10)];
        let (first, (a, b, c, d), ()) = tokio::join!(
            first,
            async {
                let [a, b, c, d] = others;
                tokio::join!(a, b, c, d)
            },
            async { open.send(()).expect("the writer waits") }
        );
        assert!(matches!(b, Err(StoreError::Unavailable(_))), "{b:?}");
        let answers = [("a", a), ("b", b), ("c", c), ("d", d)];
        let acknowledged: Vec<_> = answers.iter().filter(|(_, answer)| answer.is_ok()).map(|(name, _)| *name).collect();
        assert_eq!(bench.kept(), acknowledged, "first: {first:?}, all: {answers:?}");
        assert_eq!(acknowledged, ["c", "d"], "a write that came after the failure has a commit of its own");
    }

    #[tokio::test]
    async fn a_write_that_cannot_begin_is_told_why_and_the_next_one_may() {
        let bench = Bench::new();
        let other = Connection::open(bench.path.path().join("db")).expect("opens");
        other.execute_batch("BEGIN IMMEDIATE").expect("locks");
        let refused = bench.keep("a", 10).await;
        assert!(matches!(&refused, Err(StoreError::Unavailable(why)) if why.contains("locked")), "{refused:?}");
        other.execute_batch("ROLLBACK").expect("unlocks");
        bench.keep("a", 10).await.expect("written");
    }

    #[tokio::test]
    async fn the_writer_goes_on_once_there_is_room_again() {
        let bench = Bench::new();
        assert!(matches!(bench.keep("large", 1 << 20).await, Err(StoreError::Unavailable(_))));
        bench.keep("small", 10).await.expect("there is room for this");
        let room = "PRAGMA max_page_count = 100000";
        bench.writer.write(|connection| Ok(connection.query_row(room, [], |_| Ok(()))?)).await.expect("room");
        bench.keep("large", 1 << 20).await.expect("there is room");
        assert_eq!(bench.kept(), ["large", "small"]);
    }
}
