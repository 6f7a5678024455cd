//! Brings what was committed from SQLite's log into its file, beside the thread that writes.
//!
//! SQLite does that within a commit, which then waits for as many writes all over the file, and two syncs. Here another
//! connection brings over most of it; the writer brings over the little that was committed meanwhile, so that its next
//! commit finds nothing left in the log and begins it anew.
//!
//! SQLite syncs its file only with a pass after which nothing is left, which is the writer's. So that this sync finds
//! little to do, the file is synced after each pass of the other connection, too.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{self, TryRecvError};
use std::thread::{self, JoinHandle};

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, OpenFlags};
use tollgate_scheduling::step_back;

use crate::error::StoreError;

/// Pages in the log from which on they are brought over (16 MiB). Of a page that was written several times, the last is
/// brought over alone, so more at once are fewer in all: with SQLite's 1,000, as many keys took a third longer to make.
const MANY: u32 = 4_000;

/// Pages that are left for the writer, unless it writes more than so many while the other makes a pass.
const FEW: u32 = 512;

/// Pages in the log with which the writer waits for the other connection, and brings over what that left (32 MiB).
pub(super) const TOO_MANY: u32 = 8_192;

/// What the writing thread knows of its log.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// Pages in the log after the last commit.
    pages: Arc<AtomicU32>,
    /// Asks the other connection to begin. It answers with the pages that are brought over by then.
    ask: Option<mpsc::Sender<()>>,
    answers: mpsc::Receiver<u32>,
    is_asked: bool,
    /// Pages in the log after the transaction before.
    before: u32,
    /// Pages in the log at which the other is asked next.
    ask_at: u32,
    /// Pages that were left when it last answered.
    left: u32,
    trouble: Arc<Trouble>,
    thread: Option<JoinHandle<()>>,
    /// The database's file. It is closed after all connections of this process: to close any file gives up all locks that
    /// the process has on it.
    file: Arc<File>,
}

/// Whether the last pass failed.
#[derive(Debug, Default)]
struct Trouble(AtomicBool);

impl Checkpoints {
    /// Takes over from SQLite for the connection that writes to the database at `path`.
    pub(super) fn start(connection: &mut Connection, path: &Path) -> Result<Self, StoreError> {
        let pages = Arc::<AtomicU32>::default();
        let noted = Arc::clone(&pages);
        // This takes the place of SQLite's own, by which it would see to the log itself.
        connection.wal_hook(Some(move |_: &mut _, pages| {
            noted.store(u32::try_from(pages).unwrap_or_default(), Ordering::Relaxed);
            Ok(())
        }))?;
        let (other, trouble) = (open(path)?, Arc::<Trouble>::default());
        let file = Arc::new(File::open(path).map_err(|error| StoreError::io("the database's file", &error))?);
        let ((ask, asked), (answer, answers)) = (mpsc::channel(), mpsc::channel());
        let bring = {
            let (trouble, file) = (Arc::clone(&trouble), Arc::clone(&file));
            move || {
                let brought = trouble.note(bring_over(&other));
                // What fails here fails the writer's pass, too.
                let _ = file.sync_data();
                brought
            }
        };
        let thread = thread::Builder::new()
            .name("store-checkpoints".to_owned())
            .spawn(move || {
                step_back();
                while asked.recv().is_ok() && answer.send(bring()).is_ok() {}
            })
            .map_err(|error| StoreError::io("the thread of checkpoints", &error))?;
        let (ask, thread) = (Some(ask), Some(thread));
        Ok(Self {
            pages,
            ask,
            answers,
            is_asked: false,
            before: 0,
            ask_at: MANY,
            left: u32::MAX,
            trouble,
            thread,
            file,
        })
    }

    /// Sees to the log after a transaction.
    pub(super) fn after_transaction(&mut self, was_committed: bool, connection: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < std::mem::replace(&mut self.before, pages) {
            // The log was begun anew.
            self.ask_at = MANY;
        }
        if !self.is_asked {
            // A log that cannot grow, since the disk is full, has room again when it is begun anew.
            if pages >= self.ask_at || (!was_committed && pages > 0) {
                self.ask();
            }
            return;
        }
        let answer = match pages >= TOO_MANY {
            true => self.answers.recv().map_err(|_| TryRecvError::Disconnected),
            false => self.answers.try_recv(),
        };
        let brought = match answer {
            Ok(brought) => brought,
            Err(TryRecvError::Empty) => return,
            // There is nobody else to do it.
            Err(TryRecvError::Disconnected) => pages,
        };
        self.answered(brought, pages, connection);
    }

    /// Goes on where the other connection has brought so many of all pages over.
    fn answered(&mut self, brought: u32, pages: u32, connection: &Connection) {
        let left = pages.saturating_sub(brought);
        let shrinks = left < std::mem::replace(&mut self.left, left);
        self.is_asked = false;
        if pages < TOO_MANY && left > FEW && shrinks {
            return self.ask();
        }
        self.trouble.note(bring_over(connection));
        // Where a reader needs the log, or the disk fails, it is not tried again after each commit.
        (self.left, self.ask_at) = (u32::MAX, pages + MANY);
    }

    fn ask(&mut self) {
        // Without the other thread, the next answer says so.
        self.ask.iter().for_each(|ask| _ = ask.send(()));
        self.is_asked = true;
    }

    /// Ends the other connection. What is returned is to be dropped when the writer's is closed, too.
    pub(super) fn end(mut self) -> Arc<File> {
        Arc::clone(&self.stop().file)
    }

    fn stop(&mut self) -> &Self {
        self.ask = None;
        // A thread that panicked has said why.
        self.thread.take().map(JoinHandle::join);
        self
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Opens the other connection.
fn open(path: &Path) -> Result<Connection, StoreError> {
    let other = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    other.pragma_update(None, "synchronous", "FULL")?;
    // A connection that has never read knows of no log, and brings nothing over.
    other.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(other)
}

/// Brings over what no reader needs the log for. Returns how many pages of the log are in the file.
fn bring_over(connection: &Connection) -> Result<u32, StoreError> {
    let (_, brought) = connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE)?;
    u32::try_from(brought).map_err(|_| StoreError::Io("the connection has no log".to_owned()))
}

impl Trouble {
    /// Tells the operator when passes begin to fail, and when they work again.
    fn note(&self, brought: Result<u32, StoreError>) -> u32 {
        let was_failing = self.0.swap(brought.is_err(), Ordering::Relaxed);
        match &brought {
            Err(error) if !was_failing => {
                tracing::warn!(target: "tollgate::store", %error, "the database's log cannot be brought into its file, and grows");
            }
            Ok(_) if was_failing => {
                tracing::info!(target: "tollgate::store", "the database's log is brought into its file again");
            }
            _ => {}
        }
        brought.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages that a commit here fills, and some.
    const PAGES: u32 = 250;

    /// A database, the connection that writes to it, and what sees to its log.
    fn bench() -> (tempfile::TempDir, Connection, Checkpoints) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("db");
        let mut connection = Connection::open(&path).expect("opens");
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE kept (bytes BLOB);").expect("set up");
        let checkpoints = Checkpoints::start(&mut connection, &path).expect("starts");
        (directory, connection, checkpoints)
    }

    fn commit(connection: &Connection) {
        connection.execute("INSERT INTO kept VALUES (zeroblob(?))", [PAGES * 4096]).expect("written");
    }

    /// Pages in the log after a commit, to which was seen when the other connection had answered if it was asked.
    fn commit_and_wait(connection: &Connection, checkpoints: &mut Checkpoints) -> u32 {
        commit(connection);
        let pages = checkpoints.pages.load(Ordering::Relaxed);
        match checkpoints.is_asked.then(|| checkpoints.answers.recv().expect("a thread")) {
            Some(brought) => checkpoints.answered(brought, pages, connection),
            None => checkpoints.after_transaction(true, connection),
        }
        pages
    }

    #[test]
    fn the_other_connection_brings_over_what_was_committed() {
        let (_directory, connection, mut checkpoints) = bench();
        commit(&connection);
        let pages = checkpoints.pages.load(Ordering::Relaxed);
        assert!(pages > PAGES);
        checkpoints.ask();
        assert_eq!(checkpoints.answers.recv(), Ok(pages));
    }

    #[test]
    fn the_log_is_begun_anew_soon_after_it_has_many_pages() {
        let (_directory, connection, mut checkpoints) = bench();
        let most = (0..40).map(|_| commit_and_wait(&connection, &mut checkpoints)).max();
        assert!(most < Some(MANY + 4 * PAGES), "the log had {most:?} pages");
    }

    #[test]
    fn a_reader_keeps_the_log_and_holds_nobody_up() {
        let (directory, connection, mut checkpoints) = bench();
        let reader = Connection::open(directory.path().join("db")).expect("opens");
        reader.execute_batch("BEGIN; SELECT count(*) FROM kept;").expect("a snapshot");
        let asked = (0..3 * TOO_MANY / PAGES).filter(|_| {
            commit_and_wait(&connection, &mut checkpoints);
            checkpoints.is_asked
        });
        let asked = u32::try_from(asked.count()).expect("few");
        assert!((1..=3 * TOO_MANY / MANY).contains(&asked), "the other was asked {asked} times");
        reader.execute_batch("COMMIT").expect("ends");
        let last = (0..20).map(|_| commit_and_wait(&connection, &mut checkpoints)).last();
        assert!(last < Some(MANY + 4 * PAGES), "the log has {last:?} pages");
    }

    #[test]
    fn a_log_that_cannot_grow_is_begun_anew_however_few_pages_it_has() {
        let (_directory, connection, mut checkpoints) = bench();
        commit(&connection);
        checkpoints.after_transaction(true, &connection);
        assert!(!checkpoints.is_asked);
        checkpoints.after_transaction(false, &connection);
        let (pages, brought) = (checkpoints.pages.load(Ordering::Relaxed), checkpoints.answers.recv());
        checkpoints.answered(brought.expect("a thread"), pages, &connection);
        connection.execute("DELETE FROM kept", []).expect("deleted");
        assert!(checkpoints.pages.load(Ordering::Relaxed) < pages);
    }

    #[test]
    fn without_the_other_thread_the_writer_does_it() {
        let (_directory, connection, mut checkpoints) = bench();
        checkpoints.stop();
        let most = (0..40).map(|_| {
            commit(&connection);
            checkpoints.after_transaction(true, &connection);
            checkpoints.pages.load(Ordering::Relaxed)
        });
        let most = most.max();
        assert!(most < Some(MANY + 4 * PAGES), "the log had {most:?} pages");
    }

    #[test]
    fn a_connection_that_has_no_log_is_no_success() {
        let connection = Connection::open_in_memory().expect("opens");
        assert!(bring_over(&connection).is_err());
        let trouble = Trouble::default();
        assert_eq!((trouble.note(bring_over(&connection)), trouble.0.load(Ordering::Relaxed)), (0, true));
        assert_eq!((trouble.note(Ok(1)), trouble.0.load(Ordering::Relaxed)), (1, false));
    }
}
