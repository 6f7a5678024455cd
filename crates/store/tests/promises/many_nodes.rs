//! What holds between nodes that share a PostgreSQL.

use std::sync::Arc;

use tollgate_domain::{Catalog, Draw, Edit, Grant, Record, RecordKey, Return, Settlement, UnixMillis, UsagePlan};
use tollgate_store::{Change, NodeBuckets, NodeRecord, Secrets, Store, StoreError};

use crate::bench::{Account, Bench, TODAY, monthly, plan, plan_id};

async fn store(bench: &Bench) -> Store {
    bench.open(Secrets::new(&[1; 32])).await.expect("opens")
}

fn node(source: u64) -> NodeRecord {
    let (gateway, management) = ("127.0.0.1:1".to_owned(), "127.0.0.1:2".to_owned());
    NodeRecord { source, name: "n".to_owned(), version: "1".to_owned(), gateway, management }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_make_the_tables_once() {
    let name = crate::server::Server::of_all_tests().make_database().await;
    let settings = crate::server::Server::of_all_tests().settings(&name);
    let start = || {
        let settings = settings.clone();
        tokio::spawn(async move {
            let ids = Arc::new(tollgate_domain::IdSource::seeded(1));
            let store = Store::connect(&settings, Secrets::new(&[1; 32]), ids).await?;
            store.load_catalog().await
        })
    };
    for started in (0..6).map(|_| start()).collect::<Vec<_>>() {
        assert_eq!(started.await.expect("no panic").expect("starts"), Catalog::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_of_the_catalog_overwrites_another_nodes() {
    let bench = Bench::postgres().await;
    let mut writers = Vec::new();
    for of in ["a", "b", "c"] {
        let store = store(&bench).await;
        writers.push(tokio::spawn(async move {
            for number in 0..10 {
                loop {
                    let catalog = store.load_catalog().await.expect("loads");
                    // Every writer counts in the one plan that all share, as two edits of one plan do.
                    let id = plan_id("shared");
                    let known = catalog.usage_plans.get(&id).map(|plan| UsagePlan::clone(plan));
                    let mut next = known.unwrap_or_else(|| plan("shared"));
                    next.tags.insert(format!("{of}{number}"), String::new());
                    match store.commit(catalog.revision, vec![Edit::put(Record::UsagePlan(next))]).await {
                        Ok(()) => break,
                        Err(StoreError::Stale) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        }));
    }
    for writer in writers {
        writer.await.expect("no panic");
    }
    let catalog = bench.store().load_catalog().await.expect("loads");
    assert_eq!((catalog.usage_plans[&plan_id("shared")].tags.len(), catalog.revision), (30, 30));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_at_a_time_has_the_turn_and_what_it_writes_is_written_by_it() {
    let bench = Bench::postgres().await;
    let key = bench.add("joe").await;
    let mut writers = Vec::new();
    for of in 0..3 {
        let store = store(&bench).await;
        writers.push(tokio::spawn(async move {
            for number in 0..10 {
                let _turn = store.turn().await.expect("a turn");
                let mut row = store.key(key).await.expect("read").expect("there").key;
                row.tags.insert(format!("{of}.{number}"), String::new());
                store.update_key(row).await.expect("written").expect("there");
            }
        }));
    }
    for writer in writers {
        writer.await.expect("no panic");
    }
    let row = bench.store().key(key).await.expect("read").expect("there");
    assert_eq!(row.key.tags.len(), 30, "no update was lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_seen_by_every_node_and_none_twice() {
    let bench = Bench::postgres().await;
    let watching = store(&bench).await;
    let mut changes = watching.changes(9).await.expect("listens").expect("changes travel");
    let mut keys = Vec::new();
    for number in 0..12 {
        keys.push(bench.add(&format!("k{number}")).await);
    }
    let mut writers = Vec::new();
    for chunk in keys.chunks(4).map(<[_]>::to_vec) {
        let store = store(&bench).await;
        writers.push(tokio::spawn(async move {
            for key in chunk {
                for plan in ["gold", "iron"] {
                    store.attach_key(plan_id(plan), key, UnixMillis(2)).await.expect("written");
                }
            }
        }));
    }
    for writer in writers {
        writer.await.expect("no panic");
    }
    bench.store().delete_key(keys[0]).await.expect("written");
    bench.store().commit(0, vec![Edit::put(Record::UsagePlan(plan("gold")))]).await.expect("written");
    let (mut revision, mut known, mut catalog) = (0, std::collections::HashSet::new(), false);
    while !catalog {
        let change: Change = changes.next().await.expect("read");
        assert!(change.revision >= revision);
        (revision, catalog) = (change.revision, change.catalog);
        known.extend(change.digests);
    }
    assert_eq!((revision, known.len()), (26, 12), "two plans for each of twelve keys, a deletion and a commit");
    let callers = bench.store().callers(known.into_iter().collect()).await.expect("read");
    assert_eq!(callers.len(), 11, "one was deleted");
    assert!(callers.iter().all(|of| of.enabled && of.plans == [plan_id("gold"), plan_id("iron")]));
    assert_eq!(bench.store().last_change().await.expect("read"), 26);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_are_never_granted_the_same_unit() {
    let bench = Bench::postgres().await;
    let accounts: Vec<Account> = (0..5).map(|_| Account::new(&bench)).collect();
    let mut nodes = Vec::new();
    for source in 1..=4_u64 {
        let store = store(&bench).await;
        let draws: Vec<Draw> = accounts.iter().map(|of| of.draw(monthly(100), 3)).collect();
        nodes.push(tokio::spawn(async move {
            let mut granted = 0;
            for sequence in 1..=20 {
                let mut draws = draws.clone();
                // Rounds name their quotas in any order.
                draws.rotate_left(usize::try_from(source + sequence).expect("small") % 5);
                let round = Settlement { source, sequence, draws, ..Settlement::default() };
                let grants = store.settle(round).await.expect("written");
                granted += grants.iter().map(|grant| grant.units).sum::<i64>();
            }
            granted
        }));
    }
    let mut granted = 0;
    for node in nodes {
        granted += node.await.expect("no panic");
    }
    assert_eq!(granted, 500);
}

#[tokio::test]
async fn the_last_units_are_given_out_one_by_one_and_asked_back_where_they_lie() {
    let bench = Bench::postgres().await;
    let account = Account::new(&bench);
    let (one, other) = (store(&bench).await, store(&bench).await);
    let mut told = other.changes(2).await.expect("listens").expect("changes travel");
    for (store, source) in [(&one, 1), (&other, 2), (&one, 1)] {
        store.announce_node(&node(source), 0, NodeBuckets::Shared).await.expect("written");
    }
    assert_eq!((one.nodes().await.expect("read").len(), one.live_nodes()), (2, 2));
    let draw = |store: &Store, source, sequence, units, returns| {
        let draws = if units > 0 { vec![account.draw(monthly(5), units)] } else { Vec::new() };
        let (store, round) = (store.clone(), Settlement { source, sequence, draws, returns, ..Settlement::default() });
        async move { store.settle(round).await.expect("written").first().copied() }
    };
    let granted = |units, left| Some(Grant { units, left, pending: false });
    assert_eq!(draw(&one, 1, 1, 4, vec![]).await, granted(1, 4), "of few units each node gets one");
    for sequence in 1..=4 {
        assert_eq!(draw(&other, 2, sequence, 9, vec![]).await, granted(1, 4 - i64::try_from(sequence).expect("small")));
    }
    let waiting = Some(Grant { units: 0, left: 0, pending: true });
    assert_eq!(draw(&one, 1, 2, 4, vec![]).await, waiting, "there are units on the other node");
    let mut recalls = Vec::new();
    while recalls.is_empty() {
        recalls = told.next().await.expect("read").recalls;
    }
    assert_eq!(recalls, [(account.plan, account.key)]);
    let period = monthly(5).period_at(TODAY);
    let back = Return { plan: account.plan, key: account.key, period, units: 2 };
    draw(&other, 2, 5, 0, vec![back]).await;
    assert_eq!(draw(&one, 1, 3, 4, vec![]).await, granted(1, 1));
    // What the other node reports as used, and what it left behind when it ended, is not asked for.
    other.leave(2).await.expect("written");
    assert_eq!(draw(&one, 1, 4, 4, vec![]).await, granted(1, 0));
    assert_eq!(draw(&one, 1, 5, 4, vec![]).await, granted(0, 0));
}

#[tokio::test]
async fn what_remains_is_the_same_whichever_node_is_asked() {
    let bench = Bench::postgres().await;
    let account = Account::new(&bench);
    let (one, quota) = (store(&bench).await, monthly(100));
    for buckets in [NodeBuckets::Own, NodeBuckets::Alone] {
        one.announce_node(&node(1), 0, buckets).await.expect("written");
        assert_eq!(one.nodes().await.expect("read")[0].buckets, buckets);
    }
    let draws = vec![Draw { opening: true, ..account.draw(quota, 10) }];
    let round = Settlement { source: 1, sequence: 1, draws, ..Settlement::default() };
    one.settle(round).await.expect("written");
    let usage = vec![account.used(TODAY, 4)];
    one.settle(Settlement { source: 1, sequence: 2, usage, ..Settlement::default() }).await.expect("written");
    // The bench's own store has no lease, and is told of none.
    assert_eq!(account.report(&bench, Some(quota), 0).await, [(0, 100), (4, 96)]);
    one.leave(1).await.expect("written");
    assert_eq!(account.report(&bench, Some(quota), 0).await, [(0, 94), (4, 90)], "six units are stranded");
}

#[tokio::test]
async fn a_draw_under_a_quota_that_another_node_edited_is_granted_by_the_new_one() {
    let bench = Bench::postgres().await;
    let account = Account::new(&bench);
    let edited = UsagePlan { quota: Some(monthly(3)), ..plan("plan") };
    bench.store().commit(0, vec![Edit::put(Record::UsagePlan(edited))]).await.expect("written");
    let settle = |sequence| {
        let draws = vec![account.draw(monthly(10), 8)];
        bench.store().settle(Settlement { source: 1, sequence, draws, ..Settlement::default() })
    };
    assert_eq!(settle(1).await.expect("written"), [Grant { units: 3, left: 0, pending: false }]);
    let without = UsagePlan { quota: None, ..plan("plan") };
    bench.store().commit(1, vec![Edit::put(Record::UsagePlan(without))]).await.expect("written");
    assert_eq!(settle(2).await.expect("written"), [Grant { units: 0, left: 0, pending: true }]);
    bench.store().commit(2, vec![Edit::Delete(RecordKey::UsagePlan(plan_id("plan")))]).await.expect("written");
    assert_eq!(settle(3).await.expect("written"), [Grant { units: 7, left: 0, pending: false }]);
}

#[tokio::test]
async fn a_process_that_starts_forgets_no_round_of_another() {
    let bench = Bench::postgres().await;
    let account = Account::new(&bench);
    let draws = vec![account.draw(monthly(10), 4)];
    let round = Settlement { source: 1, sequence: 1, draws, ..Settlement::default() };
    let grants = bench.store().settle(round.clone()).await.expect("written");
    store(&bench).await.forget_settled().await.expect("written");
    assert_eq!(bench.store().settle(round).await.expect("written"), grants);
    assert_eq!(bench.store().shared_secret("root", "a").await.expect("kept").as_deref(), Some("a"));
    assert_eq!(store(&bench).await.shared_secret("root", "b").await.expect("kept").as_deref(), Some("a"));
}
