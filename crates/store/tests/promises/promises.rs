//! The promises of any store. Each is one test body over an empty store, run on every backend.

use std::sync::{Arc, Mutex};

use tollgate_domain::{
    ApiKey, ApiKeyId, Catalog, Draw, Edit, Grant, LeftElsewhere, QuotaSettings, Record, RecordKey, Return, Role,
    Settlement, UnixMillis, UsageDelta, UsageImport,
};
use tollgate_store::{
    Attached, CallerRow, ConsoleToken, Credential, KeyImport, KeyQuery, ListedKey, PutOutcome, QuotaExtension, Secrets,
    StoreError,
};

use crate::bench::{Account, Bench, TODAY, monthly, plan, plan_id};

pub(crate) async fn a_stale_commit_changes_nothing(mut bench: Bench) {
    let put = |id| vec![Edit::put(Record::UsagePlan(plan(id)))];
    bench.store().commit(0, put("one")).await.expect("current");
    assert!(matches!(bench.store().commit(0, put("two")).await, Err(StoreError::Stale)));
    bench.reopen().await;
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

pub(crate) async fn keys_and_their_plans_outlive_the_process_and_are_unreadable_on_disk(mut bench: Bench) {
    let id = bench.add("joe").await;
    let attached = bench.store().attach_key(plan_id("gold"), id, UnixMillis(2)).await.expect("written");
    assert!(matches!(attached, Attached::Done(row) if row.plans == [plan_id("gold")]));
    bench.reopen().await;
    let row = bench.store().key(id).await.expect("read").expect("there");
    assert_eq!((&*row.value, &*row.plans), (&*format!("value of the key {id}"), &[plan_id("gold")][..]));
    assert!(!bench.keeps("value of the key").await);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    bench.store().for_each_key(move |caller| noted.lock().expect("whole").push(caller.clone())).await.expect("walked");
    let seen = seen.lock().expect("whole").clone();
    assert_eq!(seen, [CallerRow::from(&row)]);
    let hint = Secrets::new(&[1; 32]).digester().hint(row.value.as_bytes());
    assert_eq!((seen[0].hint, seen[0].enabled, bench.store().enabled_keys().await.expect("counted")), (hint, true, 1));
}

pub(crate) async fn another_master_key_is_refused_before_anything_is_lost_to_it(mut bench: Bench) {
    let id = bench.add("joe").await;
    bench.store = None;
    let opened = bench.open(Secrets::new(&[7; 32])).await;
    assert!(matches!(opened, Err(StoreError::WrongMasterKey(_))));
    bench.reopen().await;
    assert!(bench.store().key(id).await.expect("read").is_some());
}

pub(crate) async fn a_value_belongs_to_one_key(bench: Bench) {
    let first = bench.key("first");
    let id = first.id;
    bench.store().create_key(first, "the same value for both".to_owned()).await.expect("created");
    let second = bench.store().create_key(bench.key("second"), "the same value for both".to_owned()).await;
    assert!(matches!(second, Err(StoreError::DuplicateKeyValue { existing }) if existing == id));
    assert_eq!(bench.names(KeyQuery { limit: 9, ..KeyQuery::default() }).await.0, ["first"]);
}

pub(crate) async fn lists_are_newest_first_and_page_by_place_while_keys_come_and_go(bench: Bench) {
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

pub(crate) async fn a_deleted_plan_lets_go_of_its_keys_and_a_deleted_key_of_its_plans(bench: Bench) {
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

pub(crate) async fn an_import_is_all_or_nothing_and_overwrites_by_value(bench: Bench) {
    let known = bench.key("old name");
    let id = known.id;
    bench.store().create_key(known, "a value that is known".to_owned()).await.expect("created");
    let now = UnixMillis(7);
    let listed = async |key: ApiKey, value: &str, plans: &[&str]| {
        let sealed = bench.store().seal_values(vec![(key.id, value.to_owned())]).await.expect("sealed");
        let [(value, before)] = sealed.try_into().expect("one");
        let plans = plans.iter().map(|plan| plan_id(plan)).collect();
        (
            ListedKey { id: key.id, name: key.name.map(Into::into), description: None, enabled: true, value, plans },
            before,
        )
    };
    let import = async |keys: Vec<ListedKey>| bench.store().import_keys(keys, now).await;
    let (first, in_none) = listed(bench.key("new name"), "a value that is known", &["p1"]).await;
    let (other, _) = listed(bench.key("other"), "another value", &[]).await;
    let rows = import(vec![first, other]).await.expect("imported");
    assert_eq!((rows[0].id, &*rows[0].plans, in_none), (id, &[plan_id("p1")][..], vec![]));
    let known = bench.store().key(id).await.expect("read").expect("there");
    assert_eq!((known.key.name.as_deref(), CallerRow::from(&known)), (Some("new name"), CallerRow::from(&rows[0])));
    assert_eq!((known.key.updated, known.value.as_str()), (now, "a value that is known"));
    let other = bench.store().key(rows[1].id).await.expect("read").expect("there");
    assert_eq!((other.value.as_str(), CallerRow::from(&other)), ("another value", CallerRow::from(&rows[1])));
    let (again, before) = listed(bench.key("new name"), "a value that is known", &["p2"]).await;
    let rows = import(vec![again]).await.expect("imported");
    assert_eq!((before, &*rows[0].plans), (vec![plan_id("p1")], &[plan_id("p1"), plan_id("p2")][..]));
    let twice =
        async |enabled| ListedKey { enabled, ..listed(bench.key("new name"), "a value that is known", &[]).await.0 };
    let rows = import(vec![twice(true).await, twice(false).await]).await.expect("imported");
    let known = bench.store().key(id).await.expect("read").expect("there");
    assert_eq!((rows[0].id, CallerRow::from(&rows[1])), (id, CallerRow::from(&known)));
    assert!(!known.key.enabled);
    let (third, _) = listed(bench.key("third"), "some other value", &[]).await;
    let (clash, _) = listed(ApiKey { id, ..bench.key("same id") }, "a third value", &[]).await;
    assert!(import(vec![third, clash]).await.is_err());
    assert_eq!(bench.names(KeyQuery { limit: 9, ..KeyQuery::default() }).await.0, ["other", "new name"]);
}

pub(crate) async fn no_more_is_granted_than_the_quota_holds_and_a_return_is_granted_again(bench: Bench) {
    let account = Account::new(&bench);
    let settle = |sequence, draws, returns| {
        bench.store().settle(Settlement { source: 1, sequence, draws, returns, ..Settlement::default() })
    };
    let draw = |units| account.draw(monthly(10), units);
    assert_eq!(
        settle(1, vec![draw(4), draw(4), draw(4)], vec![]).await.expect("written"),
        [
            Grant { units: 4, left: 6, pending: false },
            Grant { units: 4, left: 2, pending: false },
            Grant { units: 2, left: 0, pending: false }
        ]
    );
    let period = monthly(10).period_at(TODAY);
    let back = Return { plan: account.plan, key: account.key, period, units: 3 };
    assert_eq!(
        settle(2, vec![draw(9)], vec![back]).await.expect("written"),
        [Grant { units: 3, left: 0, pending: false }]
    );
    let lowered = account.draw(monthly(5), 1);
    assert_eq!(settle(3, vec![lowered], vec![]).await.expect("written"), [Grant { units: 0, left: 0, pending: false }]);
}

pub(crate) async fn a_round_that_comes_twice_counts_once_also_after_a_restart(mut bench: Bench) {
    let account = Account::new(&bench);
    let round =
        Settlement { source: u64::MAX, sequence: 1, usage: vec![account.used(TODAY, 7)], ..Settlement::default() };
    bench.store().settle(round.clone()).await.expect("written");
    bench.store().settle(round.clone()).await.expect("written");
    bench.reopen().await;
    bench.store().settle(round).await.expect("written");
    assert_eq!(account.report(&bench, None, 0).await, [(0, -1), (7, -1)]);
}

pub(crate) async fn a_draw_that_is_asked_for_again_is_granted_the_same_units(mut bench: Bench) {
    let account = Account::new(&bench);
    let draws = vec![account.draw(monthly(10), 4), account.draw(monthly(10), 9)];
    let round = Settlement { source: 3, sequence: 5, draws, ..Settlement::default() };
    let grants = [Grant { units: 4, left: 6, pending: false }, Grant { units: 6, left: 0, pending: false }];
    assert_eq!(bench.store().settle(round.clone()).await.expect("written"), grants);
    bench.reopen().await;
    assert_eq!(bench.store().settle(round.clone()).await.expect("written"), grants);
    let other = Settlement { source: 4, ..round };
    assert_eq!(bench.store().settle(other).await.expect("written"), [Grant::default(); 2]);
}

pub(crate) async fn usage_and_what_remains_add_up_and_show_what_a_crash_stranded(bench: Bench) {
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

pub(crate) async fn what_remains_can_be_set_for_the_current_period(bench: Bench) {
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
    assert_eq!(settle(round(1, None, 10)).await, Grant { units: 10, left: 0, pending: false });
    assert_eq!(settle(round(2, Some(25), 99)).await, Grant { units: 25, left: 0, pending: false });
    assert_eq!(settle(round(3, Some(0), 99)).await, Grant { units: 0, left: 0, pending: false });
}

pub(crate) async fn a_stack_that_somebody_else_wrote_is_not_overwritten(bench: Bench) {
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

pub(crate) async fn what_a_stack_is_made_of_cannot_be_read_on_disk(mut bench: Bench) {
    let record = "a stack with the key value SECRETSECRETSECRET".to_owned();
    bench.store().put_stack("shop".to_owned(), 0, record.clone(), UnixMillis(7)).await.expect("written");
    bench.reopen().await;
    let kept = bench.store().stack("shop".to_owned()).await.expect("read").expect("there");
    assert_eq!(kept.record, record);
    assert!(!format!("{kept:?}").contains("SECRET"));
    assert!(!bench.keeps("SECRETSECRET").await);
    assert!(bench.keeps("shop").await, "what is kept is looked at");
}

pub(crate) async fn a_pair_outlives_the_process_until_it_is_deleted(mut bench: Bench) {
    let pair = Credential {
        access_key_id: "AKIAONE".to_owned(),
        secret_access_key: "SECRETSECRETSECRET".to_owned(),
        role: Role::KeyIssuer { plans: vec![plan_id("gold")] },
        description: Some("the shop's".to_owned()),
        created: UnixMillis(5),
    };
    bench.store().create_credential(pair.clone()).await.expect("written");
    bench.reopen().await;
    assert_eq!(bench.store().credentials().await.expect("read"), [pair]);
    assert!(!bench.keeps("SECRETSECRET").await);
    assert!(bench.store().delete_credential("AKIAONE".to_owned()).await.expect("written"));
    assert!(!bench.store().delete_credential("AKIAONE".to_owned()).await.expect("written"));
    assert!(bench.store().credentials().await.expect("read").is_empty());
}

pub(crate) async fn who_uses_most_and_who_has_least_left_is_found(bench: Bench) {
    let (busy, calm) = (Account::new(&bench), Account::new(&bench));
    let usage = vec![busy.used(TODAY, 95), calm.used(TODAY, 4), busy.used(TODAY.plus(-1), 1)];
    let draws = vec![Draw { opening: true, ..busy.draw(monthly(100), 1) }];
    let round = Settlement { source: 1, sequence: 1, usage, draws, ..Settlement::default() };
    bench.store().settle(round).await.expect("written");
    let keys = bench.store().busiest_keys(TODAY, 9).await.expect("read");
    assert_eq!(keys.iter().map(|of| (of.key, of.calls)).collect::<Vec<_>>(), [(busy.key, 95), (calm.key, 4)]);
    let plans = bench.store().busiest_plans(TODAY, 9).await.expect("read");
    assert_eq!(plans.iter().map(|of| (of.plan, of.calls, of.keys)).collect::<Vec<_>>(), [(busy.plan, 99, 2)]);
    let near = bench.store().near_quota(busy.plan, monthly(100), TODAY, 80, 9).await.expect("read");
    assert_eq!(near.iter().map(|of| (of.key, of.used, of.limit)).collect::<Vec<_>>(), [(busy.key, 96, 100)]);
}

pub(crate) async fn extensions_of_quotas_are_told_the_latest_first(bench: Bench) {
    let account = Account::new(&bench);
    let extension = |remaining, reason: Option<&str>| QuotaExtension {
        plan: account.plan,
        key: account.key,
        at: UnixMillis(7),
        remaining,
        author: "AKIAONE".to_owned(),
        reason: reason.map(str::to_owned),
    };
    for noted in [extension(10, None), extension(20, Some("asked for"))] {
        bench.store().note_extension(noted).await.expect("written");
    }
    let told = bench.store().extensions(account.plan, 9).await.expect("read");
    assert_eq!(told, [extension(20, Some("asked for")), extension(10, None)]);
    assert_eq!(bench.store().extensions(account.plan, 1).await.expect("read").len(), 1);
}

/// What the account's key used elsewhere on two days, and what was left of it there.
fn elsewhere(account: &Account, quota: QuotaSettings, days: [u64; 2], remaining: u64) -> UsageImport {
    let left = LeftElsewhere { quota, period: quota.period_at(TODAY), remaining };
    let days = vec![(TODAY.plus(-1), days[0]), (TODAY, days[1])];
    UsageImport { plan: account.plan, key: account.key, days, left: Some(left) }
}

pub(crate) async fn what_was_used_elsewhere_counts_once_beside_what_is_used_here(bench: Bench) {
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
    assert_eq!(grants, [Grant { units: 5, left: 63, pending: false }]);
    settle(round(3, vec![account.used(TODAY, 5)], vec![elsewhere(&account, quota, [20, 14], 66)])).await;
    assert_eq!(account.report(&bench, Some(quota), 0).await, [(20, 80), (21, 59)]);
}

pub(crate) async fn what_a_quota_was_extended_by_elsewhere_and_here_adds_up(bench: Bench) {
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

pub(crate) async fn keys_are_put_under_their_own_ids_all_of_them_or_none(bench: Bench) {
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

fn console_token(number: u16, expires: i64, is_link: bool) -> ConsoleToken {
    let mut digest = [0; 32];
    digest[..2].copy_from_slice(&number.to_be_bytes());
    let csrf_token = (!is_link).then(|| "csrf".to_owned());
    let (expires, ends) = (UnixMillis(expires), UnixMillis(1_000_000));
    ConsoleToken { digest, access_key_id: "AKID".to_owned(), csrf_token, expires, ends }
}

pub(crate) async fn a_session_outlives_the_process_and_is_taken_once(mut bench: Bench) {
    let token = console_token(1, 100, false);
    bench.store().keep_console_token(token.clone(), UnixMillis(0)).await.expect("kept");
    bench.store().extend_console_token(token.digest, UnixMillis(200)).await.expect("extended");
    bench.store().extend_console_token(token.digest, UnixMillis(150)).await.expect("not shortened");
    bench.reopen().await;
    let extended = ConsoleToken { expires: UnixMillis(200), ..token };
    assert_eq!(bench.store().console_token(extended.digest).await.expect("read").as_ref(), Some(&extended));
    let take = || bench.store().take_console_token(extended.digest);
    let (a, b) = tokio::join!(take(), take());
    let taken = [a.expect("taken"), b.expect("taken")];
    assert_eq!(taken.iter().flatten().collect::<Vec<_>>(), [&extended]);
    assert_eq!(bench.store().console_token(extended.digest).await.expect("read"), None);
}

pub(crate) async fn of_too_many_sessions_those_that_expire_first_give_way_to_others(bench: Bench) {
    let (link, most) = (console_token(9999, 50, true), 1000);
    bench.store().keep_console_token(link.clone(), UnixMillis(0)).await.expect("kept");
    for number in 0..=most {
        let token = console_token(number, 100 + i64::from(number), false);
        bench.store().keep_console_token(token, UnixMillis(0)).await.expect("kept");
    }
    let there = async |digest| bench.store().console_token(digest).await.expect("read").is_some();
    assert!(!there(console_token(0, 0, false).digest).await, "the one that expires next");
    assert!(there(console_token(1, 0, false).digest).await && there(console_token(most, 0, false).digest).await);
    assert!(there(link.digest).await, "links give way to links alone");
    bench.store().keep_console_token(console_token(2000, 5000, false), UnixMillis(2000)).await.expect("kept");
    assert!(!there(link.digest).await && !there(console_token(1, 0, false).digest).await, "they had expired");
}
