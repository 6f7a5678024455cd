//! What holds when a node's state moves into a database that nodes share.

use tollgate_domain::{Draw, Edit, Record, Role, Settlement, UnixMillis};
use tollgate_store::{Credential, KeyQuery, StoreError};

use crate::bench::{Account, Bench, TODAY, monthly, plan, plan_id};

/// A store with something in every table.
async fn full() -> (Bench, Account) {
    let bench = Bench::sqlite().await;
    let account = Account::new(&bench);
    let store = bench.store();
    store.commit(0, vec![Edit::put(Record::UsagePlan(plan("plan")))]).await.expect("written");
    for name in ["ann", "bob", "cid"] {
        let id = bench.add(name).await;
        store.attach_key(plan_id("plan"), id, UnixMillis(2)).await.expect("written");
    }
    let mut off = store.list_keys(KeyQuery { limit: 1, ..KeyQuery::default() }).await.expect("read").rows.remove(0).key;
    (off.enabled, off.description) = (false, Some("off \u{1f600}".to_owned()));
    store.update_key(off).await.expect("written");
    let usage = vec![account.used(TODAY.plus(-1), 20), account.used(TODAY, 5)];
    let draws = vec![Draw { opening: true, ..account.draw(monthly(100), 10) }];
    let adjustments = vec![account.left(monthly(100), 60)];
    let round = Settlement { source: 1, sequence: 1, usage, draws, adjustments, ..Settlement::default() };
    store.settle(round).await.expect("written");
    let pair = Credential {
        access_key_id: "AKIAONE".to_owned(),
        secret_access_key: "secret".to_owned(),
        role: Role::ReadOnly,
        description: None,
        created: UnixMillis(5),
    };
    store.create_credential(pair).await.expect("written");
    store.put_stack("shop".to_owned(), 0, "{}".to_owned(), UnixMillis(7)).await.expect("written");
    (bench, account)
}

#[tokio::test]
async fn all_of_it_arrives_and_goes_on() {
    let ((from, account), to) = (full().await, Bench::postgres().await);
    let moved = from.store().migrate_to(to.store()).await.expect("moved");
    let rows: Vec<_> = moved.iter().map(|table| (table.name, table.digest.rows)).collect();
    assert_eq!(rows[..4], [("catalog_revision", 1), ("record", 1), ("api_key", 3), ("plan_key", 3)]);
    assert_eq!(rows[4..6], [("usage_day", 2), ("quota_period", 1)]);
    for (here, there) in [(from.store(), to.store())] {
        assert_eq!(here.load_catalog().await.expect("read"), there.load_catalog().await.expect("read"));
        let all = KeyQuery { limit: 9, ..KeyQuery::default() };
        assert_eq!(here.list_keys(all.clone()).await.expect("read"), there.list_keys(all).await.expect("read"));
        assert_eq!(here.credentials().await.expect("read"), there.credentials().await.expect("read"));
        assert_eq!(
            here.stack("shop".to_owned()).await.expect("read"),
            there.stack("shop".to_owned()).await.expect("read")
        );
    }
    let quota = Some(monthly(100));
    assert_eq!(account.report(&from, quota, 10).await, account.report(&to, quota, 10).await);
    let next = to.add("dan").await;
    let newest = to.store().list_keys(KeyQuery { limit: 1, ..KeyQuery::default() }).await.expect("read");
    assert_eq!(newest.rows[0].key.id, next, "new keys come after those that arrived");
    to.store().commit(1, vec![Edit::put(Record::UsagePlan(plan("next")))]).await.expect("the revision arrived, too");
}

#[tokio::test]
async fn a_database_that_is_not_empty_is_left_alone() {
    let ((from, _), to) = (full().await, Bench::postgres().await);
    to.add("somebody's").await;
    let refused = from.store().migrate_to(to.store()).await;
    assert!(matches!(refused, Err(StoreError::NotEmpty(_))), "{refused:?}");
    assert_eq!(to.names(KeyQuery { limit: 9, ..KeyQuery::default() }).await.0, ["somebody's"]);
}

#[tokio::test]
async fn of_a_move_that_fails_nothing_is_there() {
    let ((from, _), to) = (full().await, Bench::postgres().await);
    // SQLite keeps a text that PostgreSQL cannot.
    let key = from.key("a\0b");
    from.store().create_key(key, "a value of some length".to_owned()).await.expect("written");
    assert!(matches!(from.store().migrate_to(to.store()).await, Err(StoreError::UnstorableText)));
    assert_eq!(to.store().catalog_revision().await.expect("read"), 0);
    assert!(to.names(KeyQuery { limit: 9, ..KeyQuery::default() }).await.0.is_empty());
}
