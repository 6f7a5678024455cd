use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::checkpoints::TOO_MANY;
use super::*;

/// A writer over a table of blobs, on a disk of so many pages.
struct Bench {
    path: tempfile::TempDir,
    writer: Writer,
    /// How many transactions were not committed.
    undone: Arc<AtomicUsize>,
}

impl Bench {
    fn new() -> Self {
        Self::with_pages(64)
    }

    fn with_pages(pages: u32) -> Self {
        let path = tempfile::tempdir().expect("a directory");
        let database = path.path().join("db");
        let connection = Connection::open(&database).expect("opens");
        connection.busy_timeout(std::time::Duration::ZERO).expect("a setting");
        let setup = "PRAGMA journal_mode = WAL; CREATE TABLE kept (name TEXT, bytes BLOB);";
        connection.execute_batch(&format!("{setup} PRAGMA max_page_count = {pages};")).expect("set up");
        let undone = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&undone);
        let ended = move |committed: bool| _ = count.fetch_add(usize::from(!committed), Ordering::Relaxed);
        let writer = Writer::start(connection, &database, ended, ()).expect("starts");
        Self { path, writer, undone }
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
    assert_eq!(bench.undone.load(Ordering::Relaxed), 1, "the others may have to know");
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

#[tokio::test]
async fn a_job_that_panics_changes_nothing_and_the_writer_goes_on() {
    let bench = Bench::new();
    let panics = bench.writer.write::<()>(|connection| {
        connection.execute("INSERT INTO kept VALUES ('half', x'')", [])?;
        panic!("a mistake")
    });
    assert!(matches!(panics.await, Err(StoreError::Panicked)));
    assert_eq!(bench.undone.load(Ordering::Relaxed), 0, "the others are not undone");
    bench.keep("after", 10).await.expect("the writer goes on");
    assert_eq!(bench.kept(), ["after"]);
}

/// Pages of SQLite's log that one commit of the test below fills.
const PAGES_A_COMMIT: u32 = 256;

#[tokio::test]
async fn the_log_stays_bounded_while_commits_go_on() {
    let bench = Bench::with_pages(u32::MAX >> 1);
    for _ in 0..3 * TOO_MANY / PAGES_A_COMMIT {
        bench.keep("a", PAGES_A_COMMIT * 4096).await.expect("there is room");
    }
    let log = std::fs::metadata(bench.path.path().join("db-wal")).expect("a log").len();
    // A commit has some pages beside those of its blob; a page in the log has a header.
    let most = u64::from(TOO_MANY + 2 * PAGES_A_COMMIT) * 4200;
    assert!(log < most, "the log has {log} bytes");
}

#[tokio::test]
async fn the_log_is_brought_over_when_the_last_connection_closes() {
    let Bench { path, writer, .. } = Bench::new();
    let kept = writer.write(|connection| Ok(connection.execute("INSERT INTO kept VALUES ('a', NULL)", [])?)).await;
    assert_eq!(kept.expect("there is room"), 1);
    assert!(path.path().join("db-wal").exists());
    drop(writer);
    assert!(!path.path().join("db-wal").exists(), "the log is still there");
}
