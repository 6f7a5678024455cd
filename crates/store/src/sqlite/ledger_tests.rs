use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use tollgate_domain::{IdSource, QuotaPeriod, QuotaSettings, UsageDelta};

use super::*;
use crate::data_dir::DataDir;
use crate::secrets::Secrets;

const TODAY: Day = Day(20_000);

/// Rounds of the one who only asks.
static ASKED: AtomicU64 = AtomicU64::new(1);

fn plan() -> UsagePlanId {
    UsagePlanId::parse("plan1").expect("an id")
}

fn usage(key: &str, calls: u64) -> UsageDelta {
    UsageDelta { plan: plan(), key: ApiKeyId::parse(key).expect("an id"), day: TODAY, calls }
}

/// A round of the process `source`, the first of it.
fn round(source: u64, usage: Vec<UsageDelta>) -> Settlement {
    Settlement { source, sequence: 1, usage, ..Settlement::default() }
}

/// What the ledger takes for used when a key opens a lease.
async fn used(database: &Database, key: &str) -> i64 {
    let quota = QuotaSettings { limit: 1_000_000, offset: 0, period: QuotaPeriod::Month };
    let draw =
        Draw { plan: plan(), key: usage(key, 0).key, quota, period: quota.period_at(TODAY), units: 0, opening: true };
    let asks = Settlement { draws: vec![draw], ..round(99, Vec::new()) };
    let grants = database.settle(Settlement { sequence: ASKED.fetch_add(1, Ordering::Relaxed), ..asks }).await;
    1_000_000 - grants.expect("an answer")[0].left
}

fn open(folder: &tempfile::TempDir) -> Database {
    let dir = DataDir::open(folder.path()).expect("a data directory");
    Database::open(dir, Secrets::new(&[1; 32]), std::sync::Arc::new(IdSource::seeded(1))).expect("opens")
}

#[tokio::test]
async fn a_job_that_panics_leaves_nothing_in_memory_that_is_not_on_disk() {
    let folder = tempfile::tempdir().expect("a directory");
    let database = open(&folder);
    database.settle(round(1, vec![usage("a", 5)])).await.expect("written");
    let panics = database.write_usage::<()>(|connection, journal| {
        journal.append(connection, &[usage("a", 70)])?;
        panic!("a mistake")
    });
    assert!(matches!(panics.await, Err(StoreError::Panicked)));
    assert_eq!(used(&database, "a").await, 5);
    database.settle(round(2, vec![usage("a", 3)])).await.expect("written");
    assert_eq!(used(&database, "a").await, 8);
}

#[tokio::test]
async fn a_round_that_was_undone_with_others_counts_once_when_it_comes_again() {
    let folder = tempfile::tempdir().expect("a directory");
    let database = open(&folder);
    database.settle(round(1, vec![usage("a", 5)])).await.expect("written");
    let pages = |count: i64| {
        database.write(move |connection, _| {
            Ok(connection.query_row(&format!("PRAGMA max_page_count = {count}"), [], |_| Ok(()))?)
        })
    };
    pages(1).await.expect("no page more than there are");
    // The writer waits in a job, so that all are in one transaction. The large one fills the disk.
    let (open, gate) = mpsc::channel::<()>();
    let large = "INSERT INTO settled (source, sequence, grants) VALUES (7, 1, zeroblob(1000000))";
    let (first, small, large, ()) = tokio::join!(
        database.write(move |_, _| gate.recv().map_err(|_| StoreError::Closed)),
        database.settle(round(2, vec![usage("a", 7)])),
        database.write(move |connection, _| Ok(connection.execute(large, [])?)),
        async { open.send(()).expect("the writer waits") },
    );
    assert!(first.is_err() && small.is_err() && large.is_err(), "{first:?} {small:?} {large:?}");
    pages(1 << 20).await.expect("there is room again");
    database.settle(round(2, vec![usage("a", 7)])).await.expect("written");
    assert_eq!(used(&database, "a").await, 12);
    database.fold_usage().await.expect("a fold");
    assert_eq!(used(&database, "b").await, 0);
    let stored: i64 = database
        .read(|connection, _| Ok(connection.query_row("SELECT sum(calls) FROM usage_day", [], |row| row.get(0))?))
        .await
        .expect("a sum");
    assert_eq!(stored, 12);
}
