//! The promises of a store. Each is one test body over an empty store in a temporary directory.

use std::collections::BTreeMap;
use std::sync::Arc;

use tollgate_domain::{
    Adjustment, ApiKey, ApiKeyId, Catalog, Day, Draw, Edit, Grant, IdSource, LeftElsewhere, QuotaPeriod, QuotaSettings,
    Record, RecordKey, Return, Settlement, UnixMillis, UsageDelta, UsageImport, UsagePlan, UsagePlanId,
};
use tollgate_store::{Attached, DataDir, KeyImport, KeyQuery, PutOutcome, Secrets, Store, StoreError, UsageQuery};

const TODAY: Day = Day(20_779);

struct Bench {
    temp: tempfile::TempDir,
    ids: Arc<IdSource>,
    store: Option<Store>,
}

impl Bench {
    fn new() -> Self {
        let mut bench =
            Self { temp: tempfile::tempdir().expect("a directory"), ids: Arc::new(IdSource::seeded(3)), store: None };
        bench.reopen();
        bench
    }

    fn reopen(&mut self) {
        self.store = None;
        let dir = self.directory();
        let secrets = dir.secrets(None, &self.ids).expect("secrets");
        self.store = Some(Store::open(dir, secrets, Arc::clone(&self.ids)).expect("opens"));
    }

    /// The lock is free once the writing thread has ended, which is moments after the store was dropped.
    fn directory(&self) -> DataDir {
        (0..10_000).find_map(|_| DataDir::open(self.temp.path()).ok()).expect("the directory gets free")
    }

    fn store(&self) -> &Store {
        self.store.as_ref().expect("open")
    }

    fn key(&self, name: &str) -> ApiKey {
        ApiKey {
            id: self.ids.api_key_id(),
            name: Some(name.to_owned()),
            description: None,
            customer_id: None,
            enabled: true,
            created: UnixMillis(1),
            updated: UnixMillis(1),
            stage_keys: Vec::new(),
            tags: BTreeMap::new(),
        }
    }

    async fn add(&self, name: &str) -> ApiKeyId {
        let key = self.key(name);
        let id = key.id;
        self.store().create_key(key, format!("value of the key {id}")).await.expect("created");
        id
    }

    async fn names(&self, query: KeyQuery) -> (Vec<String>, bool) {
        let page = self.store().list_keys(query).await.expect("listed");
        (page.rows.into_iter().filter_map(|row| row.key.name).collect(), page.more)
    }
}

fn plan_id(text: &str) -> UsagePlanId {
    UsagePlanId::parse(text).expect("an id")
}

fn plan(id: &str) -> UsagePlan {
    UsagePlan {
        id: plan_id(id),
        name: id.to_owned(),
        description: None,
        api_stages: Vec::new(),
        throttle: None,
        quota: None,
        product_code: None,
        tags: BTreeMap::new(),
    }
}

fn monthly(limit: u32) -> QuotaSettings {
    QuotaSettings { limit, offset: 0, period: QuotaPeriod::Month }
}

struct Account {
    plan: UsagePlanId,
    key: ApiKeyId,
}

impl Account {
    fn new(bench: &Bench) -> Self {
        Self { plan: plan_id("plan"), key: bench.ids.api_key_id() }
    }

    fn draw(&self, quota: QuotaSettings, units: i64) -> Draw {
        let period = quota.period_at(TODAY);
        Draw { plan: self.plan, key: self.key, quota, period, units, opening: false }
    }

    fn left(&self, quota: QuotaSettings, remaining: u64) -> Adjustment {
        Adjustment { plan: self.plan, key: self.key, quota, period: quota.period_at(TODAY), remaining }
    }

    fn used(&self, day: Day, calls: u64) -> UsageDelta {
        UsageDelta { plan: self.plan, key: self.key, day, calls }
    }

    async fn report(&self, bench: &Bench, quota: Option<QuotaSettings>, unspent: i64) -> Vec<(u64, i64)> {
        let query = UsageQuery {
            plan: self.plan,
            key: Some(self.key),
            first: TODAY.plus(-1),
            last: TODAY,
            after: None,
            limit: 25,
            quota,
            unspent: Arc::new(move |_| Some((quota?.period_at(TODAY), unspent))),
        };
        let page = bench.store().usage(query).await.expect("read");
        page.keys[0].days.iter().map(|day| (day.used, day.remaining)).collect()
    }
}

#[tokio::test]
async fn a_stale_commit_changes_nothing() {
    let mut bench = Bench::new();
    let put = |id| vec![Edit::put(Record::UsagePlan(plan(id)))];
    bench.store().commit(0, put("one")).await.expect("current");
    assert!(matches!(bench.store().commit(0, put("two")).await, Err(StoreError::Stale)));
    bench.reopen();
    let catalog = bench.store().load_catalog().await.expect("loads");
    assert_eq!(catalog, Catalog { revision: 1, ..Catalog::default() }.apply_at(1, &put("one")));
}

trait ApplyAt {
    fn apply_at(self, revision: u64, edits: &[Edit]) -> Catalog;
}

impl ApplyAt for Catalog {
    fn apply_at(self, revision: u64, edits: &[Edit]) -> Catalog {
        Catalog { revision, ..self.apply(edits) }
    }
}

#[tokio::test]
async fn keys_and_their_plans_outlive_the_process_and_are_unreadable_on_disk() {
    let mut bench = Bench::new();
    let id = bench.add("joe").await;
    let attached = bench.store().attach_key(plan_id("gold"), id, UnixMillis(2)).await.expect("written");
    assert!(matches!(attached, Attached::Done(row) if row.plans == [plan_id("gold")]));
    bench.reopen();
    let row = bench.store().key(id).await.expect("read").expect("there");
    assert_eq!((row.value, row.plans), (format!("value of the key {id}"), vec![plan_id("gold")]));
    for file in std::fs::read_dir(bench.temp.path()).expect("a directory") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("readable");
        assert!(!String::from_utf8_lossy(&bytes).contains("value of the key"));
    }
    let mut seen = Vec::new();
    bench.store().for_each_key(|digest, id, on, plans| seen.push((digest, id, on, plans.to_vec()))).expect("walked");
    assert_eq!(seen, [(row.digest, id, true, vec![plan_id("gold")])]);
}

#[tokio::test]
async fn another_master_key_is_refused_before_anything_is_lost_to_it() {
    let mut bench = Bench::new();
    let id = bench.add("joe").await;
    bench.store = None;
    let opened = Store::open(bench.directory(), Secrets::new(&[7; 32]), Arc::clone(&bench.ids));
    assert!(matches!(opened, Err(StoreError::WrongMasterKey(_))));
    bench.reopen();
    assert!(bench.store().key(id).await.expect("read").is_some());
}

#[tokio::test]
async fn a_value_belongs_to_one_key() {
    let bench = Bench::new();
    let first = bench.key("first");
    let id = first.id;
    bench.store().create_key(first, "the same value for both".to_owned()).await.expect("created");
    let second = bench.store().create_key(bench.key("second"), "the same value for both".to_owned()).await;
    assert!(matches!(second, Err(StoreError::DuplicateKeyValue { existing }) if existing == id));
    assert_eq!(bench.names(KeyQuery { limit: 9, ..KeyQuery::default() }).await.0, ["first"]);
}

#[tokio::test]
async fn lists_are_newest_first_and_page_by_place_while_keys_come_and_go() {
    let bench = Bench::new();
    let mut ids = Vec::new();
    for name in ["ann", "bob", "bobby", "Bob", "cid"] {
        ids.push(bench.add(name).await);
    }
    let first = bench.store().list_keys(KeyQuery { limit: 2, ..KeyQuery::default() }).await.expect("listed");
    assert!(first.more);
    bench.add("new").await;
    bench.store().delete_key(ids[3]).await.expect("deleted");
    let after = first.rows.last().map(|row| row.seq);
    assert_eq!(
        bench.names(KeyQuery { after, limit: 2, ..KeyQuery::default() }).await,
        (vec!["bobby".to_owned(), "bob".to_owned()], true)
    );
    let prefix = |prefix: &str| KeyQuery { name_prefix: Some(prefix.to_owned()), limit: 9, ..KeyQuery::default() };
    assert_eq!(bench.names(prefix("bob")).await.0, ["bobby", "bob"]);
    assert_eq!(bench.names(prefix("ob")).await.0, Vec::<String>::new());
    assert_eq!(bench.names(prefix("")).await.0.len(), 5);
    bench.store().attach_key(plan_id("gold"), ids[0], UnixMillis(1)).await.expect("written");
    bench.store().attach_key(plan_id("gold"), ids[2], UnixMillis(1)).await.expect("written");
    let in_plan = KeyQuery { plan: Some(plan_id("gold")), ..prefix("bob") };
    assert_eq!(bench.names(in_plan.clone()).await.0, ["bobby"]);
    assert_eq!(bench.names(KeyQuery { name_prefix: None, ..in_plan }).await.0, ["bobby", "ann"]);
}

#[tokio::test]
async fn a_deleted_plan_lets_go_of_its_keys_and_a_deleted_key_of_its_plans() {
    let bench = Bench::new();
    let (a, b) = (bench.add("a").await, bench.add("b").await);
    bench.store().commit(0, vec![Edit::put(Record::UsagePlan(plan("gold")))]).await.expect("committed");
    for key in [a, b] {
        bench.store().attach_key(plan_id("gold"), key, UnixMillis(1)).await.expect("written");
    }
    assert_eq!(
        bench.store().attach_key(plan_id("gold"), a, UnixMillis(1)).await.expect("written"),
        Attached::AlreadyThere
    );
    bench.store().delete_key(a).await.expect("deleted");
    assert_eq!(
        bench.store().attach_key(plan_id("gold"), a, UnixMillis(1)).await.expect("written"),
        Attached::NoSuchKey
    );
    let in_gold = KeyQuery { plan: Some(plan_id("gold")), limit: 9, ..KeyQuery::default() };
    assert_eq!(bench.names(in_gold.clone()).await.0, ["b"]);
    bench.store().commit(1, vec![Edit::Delete(RecordKey::UsagePlan(plan_id("gold")))]).await.expect("committed");
    assert_eq!(bench.names(in_gold).await.0, Vec::<String>::new());
}

#[tokio::test]
async fn an_import_is_all_or_nothing_and_overwrites_by_value() {
    let bench = Bench::new();
    let known = bench.key("old name");
    let id = known.id;
    bench.store().create_key(known, "a value that is known".to_owned()).await.expect("created");
    let import = |name: &str, value: &str, plans: &[&str]| KeyImport {
        key: bench.key(name),
        value: value.to_owned(),
        plans: plans.iter().map(|plan| plan_id(plan)).collect(),
    };
    let rows = bench
        .store()
        .import_keys(vec![import("new name", "a value that is known", &["p1"]), import("other", "another value", &[])])
        .await
        .expect("imported");
    assert_eq!((rows[0].key.id, rows[0].key.name.as_deref()), (id, Some("new name")));
    assert_eq!(rows[0].plans, [plan_id("p1")]);
    let clash = KeyImport { key: ApiKey { id, ..bench.key("same id") }, ..import("x", "a third value", &[]) };
    assert!(bench.store().import_keys(vec![import("third", "some other value", &[]), clash]).await.is_err());
    assert_eq!(bench.names(KeyQuery { limit: 9, ..KeyQuery::default() }).await.0, ["other", "new name"]);
}

#[tokio::test]
async fn no_more_is_granted_than_the_quota_holds_and_a_return_is_granted_again() {
    let bench = Bench::new();
    let account = Account::new(&bench);
    let settle = |sequence, draws, returns| {
        bench.store().settle(Settlement { source: 1, sequence, draws, returns, ..Settlement::default() })
    };
    let draw = |units| account.draw(monthly(10), units);
    assert_eq!(
        settle(1, vec![draw(4), draw(4), draw(4)], vec![]).await.expect("written"),
        [Grant { units: 4, left: 6 }, Grant { units: 4, left: 2 }, Grant { units: 2, left: 0 }]
    );
    let period = monthly(10).period_at(TODAY);
    let back = Return { plan: account.plan, key: account.key, period, units: 3 };
    assert_eq!(settle(2, vec![draw(9)], vec![back]).await.expect("written"), [Grant { units: 3, left: 0 }]);
    let lowered = account.draw(monthly(5), 1);
    assert_eq!(settle(3, vec![lowered], vec![]).await.expect("written"), [Grant { units: 0, left: 0 }]);
}

#[tokio::test]
async fn a_round_that_comes_twice_counts_once_also_after_a_restart() {
    let mut bench = Bench::new();
    let account = Account::new(&bench);
    let round =
        Settlement { source: u64::MAX, sequence: 1, usage: vec![account.used(TODAY, 7)], ..Settlement::default() };
    bench.store().settle(round.clone()).await.expect("written");
    bench.store().settle(round.clone()).await.expect("written");
    bench.reopen();
    bench.store().settle(round).await.expect("written");
    assert_eq!(account.report(&bench, None, 0).await, [(0, -1), (7, -1)]);
}

#[tokio::test]
async fn a_draw_that_is_asked_for_again_is_granted_the_same_units() {
    let mut bench = Bench::new();
    let account = Account::new(&bench);
    let draws = vec![account.draw(monthly(10), 4), account.draw(monthly(10), 9)];
    let round = Settlement { source: 3, sequence: 5, draws, ..Settlement::default() };
    let grants = [Grant { units: 4, left: 6 }, Grant { units: 6, left: 0 }];
    assert_eq!(bench.store().settle(round.clone()).await.expect("written"), grants);
    bench.reopen();
    assert_eq!(bench.store().settle(round.clone()).await.expect("written"), grants);
    let other = Settlement { source: 4, ..round };
    assert_eq!(bench.store().settle(other).await.expect("written"), [Grant::default(); 2]);
}

#[tokio::test]
async fn usage_and_what_remains_add_up_and_show_what_a_crash_stranded() {
    let bench = Bench::new();
    let account = Account::new(&bench);
    let quota = monthly(100);
    let round = Settlement {
        source: 1,
        sequence: 1,
        usage: vec![account.used(TODAY.plus(-1), 20), account.used(TODAY, 5)],
        draws: vec![Draw { opening: true, ..account.draw(quota, 10) }],
        ..Settlement::default()
    };
    bench.store().settle(round).await.expect("written");
    assert_eq!(account.report(&bench, Some(quota), 10).await, [(20, 80), (5, 75)]);
    assert_eq!(account.report(&bench, Some(quota), 0).await, [(20, 70), (5, 65)]);
}

#[tokio::test]
async fn what_remains_can_be_set_for_the_current_period() {
    let bench = Bench::new();
    let account = Account::new(&bench);
    let quota = monthly(10);
    let round = |sequence, remaining: Option<u64>, units| Settlement {
        source: 1,
        sequence,
        adjustments: remaining.map(|remaining| account.left(quota, remaining)).into_iter().collect(),
        draws: vec![account.draw(quota, units)],
        ..Settlement::default()
    };
    let settle = |round| async { bench.store().settle(round).await.expect("written")[0] };
    assert_eq!(settle(round(1, None, 10)).await, Grant { units: 10, left: 0 });
    assert_eq!(settle(round(2, Some(25), 99)).await, Grant { units: 25, left: 0 });
    assert_eq!(settle(round(3, Some(0), 99)).await, Grant { units: 0, left: 0 });
}

#[tokio::test]
async fn a_stack_that_somebody_else_wrote_is_not_overwritten() {
    let bench = Bench::new();
    let put =
        |expected, record: &str| bench.store().put_stack("shop".to_owned(), expected, record.to_owned(), UnixMillis(7));
    assert_eq!(put(0, "one").await.expect("written"), 1);
    assert!(matches!(put(0, "another").await, Err(StoreError::Stale)));
    assert_eq!(put(1, "two").await.expect("written"), 2);
    let kept = bench.store().stack("shop".to_owned()).await.expect("read").expect("there");
    assert_eq!((kept.record.as_str(), kept.head.revision), ("two", 2));
    assert!(matches!(bench.store().delete_stack("shop".to_owned(), 1).await, Err(StoreError::Stale)));
    bench.store().delete_stack("shop".to_owned(), 2).await.expect("deleted");
    assert!(bench.store().stacks().await.expect("read").is_empty());
}

#[tokio::test]
async fn what_a_stack_is_made_of_cannot_be_read_on_disk() {
    let mut bench = Bench::new();
    let record = "a stack with the key value SECRETSECRETSECRET".to_owned();
    bench.store().put_stack("shop".to_owned(), 0, record.clone(), UnixMillis(7)).await.expect("written");
    bench.reopen();
    let kept = bench.store().stack("shop".to_owned()).await.expect("read").expect("there");
    assert_eq!(kept.record, record);
    assert!(!format!("{kept:?}").contains("SECRET"));
    for file in std::fs::read_dir(bench.temp.path()).expect("a directory") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("read");
        assert!(!bytes.windows(12).any(|window| window == b"SECRETSECRET"));
    }
}

/// What the account's key used elsewhere on two days, and what was left of it there.
fn elsewhere(account: &Account, quota: QuotaSettings, days: [u64; 2], remaining: u64) -> UsageImport {
    let left = LeftElsewhere { quota, period: quota.period_at(TODAY), remaining };
    let days = vec![(TODAY.plus(-1), days[0]), (TODAY, days[1])];
    UsageImport { plan: account.plan, key: account.key, days, left: Some(left) }
}

#[tokio::test]
async fn what_was_used_elsewhere_counts_once_beside_what_is_used_here() {
    let bench = Bench::new();
    let account = Account::new(&bench);
    let quota = monthly(100);
    let round = |sequence, usage: Vec<UsageDelta>, imports: Vec<UsageImport>| Settlement {
        source: 1,
        sequence,
        usage,
        imports,
        ..Settlement::default()
    };
    let settle = |round| async { bench.store().settle(round).await.expect("written") };
    let there = elsewhere(&account, quota, [20, 10], 70);
    assert!(bench.store().imports_something(there.clone()).await.expect("read"));
    settle(round(1, Vec::new(), vec![there.clone()])).await;
    assert!(!bench.store().imports_something(there.clone()).await.expect("read"));
    assert_eq!(account.report(&bench, Some(quota), 0).await, [(20, 80), (10, 70)]);
    // Calls come here, and again there until the last caller has moved.
    let draws = vec![Draw { opening: true, ..account.draw(quota, 5) }];
    let grants = settle(Settlement { draws, ..round(2, vec![account.used(TODAY, 2)], vec![there]) }).await;
    assert_eq!(grants, [Grant { units: 5, left: 63 }]);
    settle(round(3, vec![account.used(TODAY, 5)], vec![elsewhere(&account, quota, [20, 14], 66)])).await;
    assert_eq!(account.report(&bench, Some(quota), 0).await, [(20, 80), (21, 59)]);
}

#[tokio::test]
async fn what_a_quota_was_extended_by_elsewhere_and_here_adds_up() {
    let bench = Bench::new();
    let account = Account::new(&bench);
    let quota = monthly(10);
    let round = |sequence, adjustments, imports| Settlement {
        source: 1,
        sequence,
        adjustments,
        imports,
        draws: vec![Draw { opening: true, ..account.draw(quota, 0) }],
        ..Settlement::default()
    };
    let left = |round| async { bench.store().settle(round).await.expect("written")[0].left };
    let there = elsewhere(&account, quota, [4, 4], 20);
    assert_eq!(left(round(1, vec![], vec![there.clone()])).await, 20);
    assert_eq!(left(round(2, vec![account.left(quota, 30)], vec![])).await, 30);
    assert_eq!(left(round(3, vec![], vec![there])).await, 30);
    assert_eq!(left(round(4, vec![], vec![elsewhere(&account, quota, [4, 6], 18)])).await, 28);
}

#[tokio::test]
async fn keys_are_put_under_their_own_ids_all_of_them_or_none() {
    let bench = Bench::new();
    let import = |id: &str, value: &str, name: &str| KeyImport {
        key: ApiKey { id: ApiKeyId::parse(id).expect("an id"), ..bench.key(name) },
        value: value.to_owned(),
        plans: vec![plan_id("gold")],
    };
    let put = async |keys: &[KeyImport], imagine| {
        let puts = bench.store().put_keys(keys.to_vec(), imagine).await.expect("put");
        puts.into_iter().map(|put| put.outcome).collect::<Vec<_>>()
    };
    let pair = [import("one", "the value of one", "a"), import("two", "the value of two", "b")];
    assert_eq!(put(&pair, true).await, [PutOutcome::Made, PutOutcome::Made]);
    assert!(bench.store().key(pair[0].key.id).await.expect("read").is_none());
    assert_eq!(put(&pair, false).await, [PutOutcome::Made, PutOutcome::Made]);
    assert_eq!(put(&pair, false).await, [PutOutcome::Same, PutOutcome::Same]);
    let row = bench.store().key(pair[1].key.id).await.expect("read").expect("there");
    assert_eq!((row.value.as_str(), row.plans), ("the value of two", vec![plan_id("gold")]));

    let clashes = [
        import("new", "the value of new", "c"),
        import("one", "another value of it", "a"),
        import("three", "the value of two", "d"),
        import("four", "the value of new", "e"),
    ];
    let expected = [
        PutOutcome::Made,
        PutOutcome::OtherValue,
        PutOutcome::ValueOf(pair[1].key.id),
        PutOutcome::ValueOf(clashes[0].key.id),
    ];
    assert_eq!(put(&clashes, false).await, expected);
    assert!(bench.store().key(clashes[0].key.id).await.expect("read").is_none());
    assert_eq!(put(&[import("one", "the value of one", "z")], false).await, [PutOutcome::Changed(vec!["name"])]);
}
