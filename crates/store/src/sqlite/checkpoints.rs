//! Brings what was committed from SQLite's log into its file, beside the thread that writes.
//!
//! SQLite does that within a commit, which then waits for as many writes all over the file, and two syncs. Here another
//! connection brings over most of it; the writer brings over the little that was committed meanwhile, so that its next
//! commit finds nothing left in the log and begins it anew.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, TryRecvError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use crate::error::StoreError;

/// Pages in the log from which on they are brought over: as many as SQLite takes by default.
const MANY: u32 = 1_000;

/// Pages that the writer brings over by itself.
const FEW: u32 = 128;

/// Pages in the log with which the writer waits for the other connection (32 MiB).
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
    thread: Option<JoinHandle<()>>,
}

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
        let other = Connection::open(path)?;
        let ((ask, asked), (answer, answers)) = (mpsc::channel(), mpsc::channel());
        let thread = thread::Builder::new()
            .name("store-checkpoints".to_owned())
            .spawn(move || {
                let mut is_failing = false;
                while asked.recv().is_ok() && answer.send(bring_over(&other, &mut is_failing)).is_ok() {}
            })
            .map_err(|error| StoreError::io("the thread of checkpoints", &error))?;
        Ok(Self { pages, ask: Some(ask), answers, is_asked: false, thread: Some(thread) })
    }

    /// Sees to the log after a commit.
    pub(super) fn after_commit(&mut self, connection: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if !self.is_asked {
            if pages >= MANY {
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
        self.is_asked = false;
        if pages >= TOO_MANY || pages.saturating_sub(brought) <= FEW {
            // What fails here is tried again by the other connection, which tells of it.
            let _ = connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE);
        } else {
            self.ask();
        }
    }

    fn ask(&mut self) {
        // Without the other thread, the next answer says so.
        self.ask.iter().for_each(|ask| _ = ask.send(()));
        self.is_asked = true;
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.ask = None;
        // It logged why it failed, if it did.
        self.thread.take().map(JoinHandle::join);
    }
}

/// Brings over what no reader needs the log for. Returns how many pages of the log are in the file.
fn bring_over(connection: &Connection, is_failing: &mut bool) -> u32 {
    match connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE) {
        Ok((_, brought)) => {
            *is_failing = false;
            u32::try_from(brought).unwrap_or_default()
        }
        Err(error) => {
            if !std::mem::replace(is_failing, true) {
                tracing::warn!(target: "tollgate::store", %error, "the database's log cannot be brought into its file, and grows");
            }
            0
        }
    }
}
