use std::time::Duration;

use tollgate_domain::bucket::Bucket;
use tollgate_domain::clock::ManualClock;
use tollgate_domain::{
    Adjustment, Clock, Edit, LeftElsewhere, QuotaPeriod, Record, ThrottleSettings, UnixMillis, UsageImport, UsagePlan,
};

use super::testing::{MemoryLedger, admission};
use super::*;

/// 2026-11-22T10:00:00Z, a Sunday.
const MORNING: UnixMillis = UnixMillis(1_795_341_600_000);

struct Bench {
    admission: Arc<Admission>,
    ledger: Arc<MemoryLedger>,
    clock: Arc<ManualClock>,
    catalog: Catalog,
    key: ApiKeyId,
    plan: UsagePlanId,
}

impl Bench {
    fn new(throttle: Option<ThrottleSettings>, quota: Option<u32>) -> Self {
        let clock = Arc::new(ManualClock::at(MORNING));
        let (admission, ledger) = admission(KeyDigester::new([0; 32]), Arc::clone(&clock) as Arc<dyn Clock>);
        let key = ApiKeyId::parse("key1").expect("an id");
        let plan = UsagePlanId::parse("plan1").expect("an id");
        let mut bench = Self { admission, ledger, clock, catalog: Catalog::default(), key, plan };
        bench.set(throttle, quota);
        bench
    }

    fn set(&mut self, throttle: Option<ThrottleSettings>, quota: Option<u32>) {
        let quota = quota.map(|limit| QuotaSettings { limit, offset: 0, period: QuotaPeriod::Day });
        let plan = UsagePlan {
            id: self.plan,
            name: "plan".to_owned(),
            description: None,
            api_stages: Vec::new(),
            throttle,
            quota,
            product_code: None,
            tags: std::collections::BTreeMap::new(),
        };
        self.catalog = self.catalog.apply(&[Edit::put(Record::UsagePlan(plan))]);
        self.admission.publish(&self.catalog, self.clock.now());
    }

    fn limits(&self) -> PlanLimits {
        let plan = &self.catalog.usage_plans[&self.plan];
        PlanLimits { id: plan.id, rate: plan.throttle.and_then(|t| t.token_rate()), quota: plan.quota }
    }

    async fn call(&self) -> Result<(), Denied> {
        self.call_at(None, None).await.outcome
    }

    async fn call_at(&self, method: Option<(&Bucket, TokenRate)>, account: Option<(&Bucket, TokenRate)>) -> Verdict {
        let limits = self.limits();
        let keyed = Some(Keyed { key: self.key, plan: &limits, method_entry: None });
        let (demand, now) = (Demand { keyed, method, account }, self.clock.now());
        // As the gateway does.
        match self.admission.admit_at_once(None, &demand, now) {
            Some(verdict) => verdict,
            None => self.admission.admit(demand, now, &*self.clock).await,
        }
    }

    async fn admitted(&self, calls: usize) -> usize {
        let mut admitted = 0;
        for _ in 0..calls {
            admitted += usize::from(self.call().await.is_ok());
        }
        admitted
    }
}

#[tokio::test]
async fn a_quota_admits_exactly_its_limit_and_then_says_when_to_come_back() {
    let bench = Bench::new(None, Some(250));
    assert_eq!(bench.admitted(300).await, 250);
    assert_eq!(bench.call().await, Err(Denied::QuotaExceeded { retry_after_secs: 14 * 3600 }));
    bench.admission.settle().await.expect("written");
    assert_eq!(bench.ledger.used(bench.plan, bench.key), 250);
}

#[tokio::test]
async fn many_callers_at_once_share_one_quota_exactly() {
    let bench = Arc::new(Bench::new(None, Some(1000)));
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { bench.admitted(40).await })
        })
        .collect();
    let mut admitted = 0;
    for caller in callers {
        admitted += caller.await.expect("no panic");
    }
    assert_eq!(admitted, 1000);
}

#[tokio::test]
async fn health_says_since_when_the_ledger_is_away_and_what_waits_for_it() {
    let bench = Bench::new(None, Some(1000));
    bench.call().await.expect("admitted");
    bench.admission.settle().await.expect("written");
    let health = || bench.admission.ledger_health(bench.clock.now());
    let first_call = LedgerHealth { calls_waited: 1, ..LedgerHealth::default() };
    assert_eq!(health(), first_call, "a key's first call waits for its lease");

    bench.ledger.set_away(true);
    while bench.call().await.is_ok() {}
    bench.clock.advance(Duration::from_secs(3));
    bench.admission.settle().await.expect_err("away");
    let away = health();
    assert_eq!(away.unavailable_since, Some(MORNING), "the first failure counts");
    assert!(away.failed_rounds >= 2, "{away:?}");
    assert_eq!((away.flush_lag, away.draws_waiting), (Duration::from_secs(3), 1));

    bench.ledger.set_away(false);
    bench.admission.settle().await.expect("written");
    bench.call().await.expect("admitted");
    let back = health();
    assert_eq!((back.unavailable_since, back.flush_lag, back.draws_waiting), (None, Duration::ZERO, 0));
    assert_eq!(back.failed_rounds, away.failed_rounds);
}

#[tokio::test]
async fn what_is_outstanding_never_exceeds_one_percent() {
    let bench = Bench::new(None, Some(1000));
    for call in 1..=600 {
        bench.call().await.expect("admitted");
        tokio::task::yield_now().await;
        let outstanding = bench.ledger.drawn(bench.plan, bench.key) - call;
        assert!(outstanding <= 10, "{outstanding} units are out after call {call}");
    }
}

#[tokio::test]
async fn a_new_period_starts_with_the_whole_quota() {
    let bench = Bench::new(None, Some(5));
    assert_eq!(bench.admitted(9).await, 5);
    bench.clock.advance(Duration::from_secs(14 * 3600 - 1));
    assert_eq!(bench.admitted(9).await, 0);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.admitted(9).await, 5);
}

#[tokio::test]
async fn a_raised_limit_gives_headroom_at_once_and_a_lowered_one_takes_it_at_once() {
    let mut bench = Bench::new(None, Some(100));
    assert_eq!(bench.admitted(120).await, 100);
    bench.set(None, Some(150));
    bench.admission.recall(bench.plan, None).await.expect("written");
    assert_eq!(bench.admitted(20).await, 20);
    bench.set(None, Some(110));
    bench.admission.recall(bench.plan, None).await.expect("written");
    assert_eq!(bench.admitted(50).await, 0);
}

#[tokio::test]
async fn a_lease_opened_under_an_old_limit_is_not_filled() {
    let mut bench = Bench::new(None, Some(1000));
    let old = bench.limits();
    bench.set(None, Some(3));
    bench.admission.recall(bench.plan, None).await.expect("written");
    let mut admitted = 0;
    for _ in 0..10 {
        let keyed = Some(Keyed { key: bench.key, plan: &old, method_entry: None });
        let demand = Demand { keyed, method: None, account: None };
        admitted += u32::from(bench.admission.admit(demand, bench.clock.now(), &*bench.clock).await.outcome.is_ok());
    }
    assert_eq!(admitted, 3);
}

#[tokio::test]
async fn calls_made_without_a_quota_count_when_one_is_set() {
    let mut bench = Bench::new(None, None);
    assert_eq!(bench.admitted(30).await, 30);
    bench.set(None, Some(50));
    bench.admission.recall(bench.plan, None).await.expect("written");
    assert_eq!(bench.admitted(40).await, 20);
}

#[tokio::test]
async fn a_call_refused_by_the_quota_takes_no_token() {
    let bench = Bench::new(Some(ThrottleSettings::new(1.0, 10)), Some(3));
    let (method, account) = (Bucket::new(), Bucket::new());
    let rate = ThrottleSettings::new(1.0, 10).token_rate().expect("a limit");
    for _ in 0..20 {
        let _ = bench.call_at(Some((&method, rate)), Some((&account, rate))).await;
    }
    let left = |bucket: &Bucket| bucket.take(rate, bench.clock.now().ticks).expect("a token").left;
    assert_eq!((left(&method), left(&account)), (6, 6));
}

#[tokio::test]
async fn a_call_refused_by_a_throttle_takes_no_unit_and_no_other_token() {
    let bench = Bench::new(Some(ThrottleSettings::new(1.0, 10)), Some(100));
    let (method, account) = (Bucket::new(), Bucket::new());
    let rate = |burst| ThrottleSettings::new(1.0, burst).token_rate().expect("a limit");
    let mut admitted = 0;
    for _ in 0..20 {
        let verdict = bench.call_at(Some((&method, rate(10))), Some((&account, rate(4)))).await;
        admitted += u32::from(verdict.outcome.is_ok());
    }
    assert_eq!(admitted, 4);
    assert_eq!(method.take(rate(10), bench.clock.now().ticks).expect("a token").left, 5);
    bench.admission.recall(bench.plan, None).await.expect("written");
    assert_eq!(bench.ledger.drawn(bench.plan, bench.key), 4);
    assert_eq!(bench.ledger.used(bench.plan, bench.key), 4);
}

#[tokio::test(start_paused = true)]
async fn while_the_ledger_is_away_leases_are_spent_and_nothing_else() {
    let bench = Bench::new(None, Some(1000));
    bench.call().await.expect("admitted");
    bench.admission.settle().await.expect("written");
    bench.ledger.set_away(true);
    let (_, held) = bench.admission.unspent(bench.plan, bench.key).expect("a lease");
    let held = usize::try_from(held).expect("not negative");
    assert_eq!(bench.admitted(held).await, held);
    assert_eq!(bench.call().await, Err(Denied::LedgerUnavailable));
    bench.ledger.set_away(false);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.admitted(1000).await, 1000 - 1 - held);
    bench.admission.settle().await.expect("written");
    assert_eq!(bench.ledger.used(bench.plan, bench.key), 1000);
}

#[tokio::test(start_paused = true)]
async fn an_idle_lease_comes_back_by_itself() {
    let bench = Bench::new(None, Some(1000));
    bench.call().await.expect("admitted");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(bench.ledger.drawn(bench.plan, bench.key), 1);
}

#[tokio::test(start_paused = true)]
async fn who_stood_still_does_not_take_all_leases_back_at_once() {
    let bench = Bench::new(None, Some(1000));
    bench.call().await.expect("admitted");
    tokio::time::sleep(Duration::from_millis(1)).await;
    let drawn = bench.ledger.drawn(bench.plan, bench.key);
    // The keeper is not polled meanwhile.
    tokio::time::advance(Duration::from_secs(45)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.ledger.drawn(bench.plan, bench.key), drawn);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(bench.ledger.drawn(bench.plan, bench.key), 1);
}

#[tokio::test]
async fn closing_strands_nothing() {
    let bench = Bench::new(None, Some(10_000));
    assert_eq!(bench.admitted(333).await, 333);
    bench.admission.close().await.expect("written");
    assert_eq!(bench.ledger.drawn(bench.plan, bench.key), 333);
    assert_eq!(bench.ledger.used(bench.plan, bench.key), 333);
}

#[tokio::test]
async fn an_exhausted_quota_costs_the_ledger_nothing() {
    let bench = Bench::new(None, Some(5));
    assert_eq!(bench.admitted(50).await, 5);
    let rounds = bench.ledger.rounds();
    assert_eq!(bench.admitted(500).await, 0);
    assert!(bench.ledger.rounds() <= rounds + 1);
}

impl Bench {
    /// Calls a method that has an entry of its own in the plan.
    async fn call_entry(&self, rate: f64, burst: i32) -> Result<(), Denied> {
        let (limits, name) = (self.limits(), Arc::from("api/dev/pets/GET"));
        let rate = ThrottleSettings::new(rate, burst).token_rate();
        let keyed = Keyed { key: self.key, plan: &limits, method_entry: Some(MethodEntry { name: &name, rate }) };
        let demand = Demand { keyed: Some(keyed), method: None, account: None };
        self.admission.admit(demand, self.clock.now(), &*self.clock).await.outcome
    }
}

#[tokio::test]
async fn a_raised_entry_of_a_method_frees_a_drained_caller_and_a_lowered_one_is_no_gift() {
    let bench = Bench::new(None, None);
    while bench.call_entry(0.01, 5).await.is_ok() {}
    assert!(bench.call_entry(1000.0, 5).await.is_err());
    bench.clock.advance(Duration::from_millis(1));
    bench.call_entry(1000.0, 5).await.expect("a token after a millisecond");
    let lowered = (0..20).map(|_| bench.call_entry(0.01, 5));
    let mut admitted = 0;
    for call in lowered {
        admitted += u32::from(call.await.is_ok());
    }
    assert_eq!(admitted, 0);
}

#[tokio::test]
async fn a_throttle_taken_away_and_given_back_higher_frees_a_drained_caller() {
    let mut bench = Bench::new(Some(ThrottleSettings::new(0.01, 2)), None);
    while bench.call().await.is_ok() {}
    bench.set(None, None);
    bench.set(Some(ThrottleSettings::new(1000.0, 100)), None);
    assert!(bench.call().await.is_err());
    bench.clock.advance(Duration::from_millis(1));
    bench.call().await.expect("a token after a millisecond");
}

#[tokio::test(start_paused = true)]
async fn a_draw_beside_a_close_is_not_granted_to_nobody() {
    let bench = Bench::new(None, Some(10_000));
    let (call, closed) = tokio::join!(bench.call(), bench.admission.close());
    closed.expect("written");
    let admitted = i64::from(call.is_ok());
    assert_eq!(bench.ledger.drawn(bench.plan, bench.key), admitted);
}

#[tokio::test]
async fn a_call_with_a_unit_on_its_lease_never_waits_for_the_ledger() {
    let bench = Bench::new(None, Some(100_000));
    bench.call().await.expect("admitted");
    bench.admission.settle().await.expect("written");
    bench.ledger.set_stuck();
    let (_, held) = bench.admission.unspent(bench.plan, bench.key).expect("a lease");
    for _ in 0..held {
        let decided = futures_util::FutureExt::now_or_never(bench.call());
        assert_eq!(decided, Some(Ok(())));
    }
}

#[tokio::test]
async fn what_is_left_can_be_set_and_holds_for_the_very_next_call() {
    let bench = Bench::new(None, Some(1000));
    assert_eq!(bench.admitted(10).await, 10);
    let quota = bench.limits().quota.expect("a quota");
    let adjustment = |remaining| Adjustment {
        plan: bench.plan,
        key: bench.key,
        quota,
        period: quota.period_at(bench.clock.now().wall.day()),
        remaining,
    };
    bench.admission.adjust(adjustment(0)).await.expect("written");
    assert_eq!(bench.admitted(20).await, 0);
    bench.admission.adjust(adjustment(7)).await.expect("written");
    assert_eq!(bench.admitted(20).await, 7);
}

/// A key used so many calls elsewhere today, and has so many left there.
fn used_elsewhere(bench: &Bench, used: u64, remaining: u64) -> UsageImport {
    let quota = bench.limits().quota.expect("a quota");
    let today = bench.clock.now().wall.day();
    let left = Some(LeftElsewhere { quota, period: quota.period_at(today), remaining });
    UsageImport { plan: bench.plan, key: bench.key, days: vec![(today, used)], left }
}

#[tokio::test]
async fn what_was_used_elsewhere_holds_for_the_very_next_call_also_while_a_lease_is_out() {
    for (used, remaining, admitted) in [(975, 25, 15), (1000, 0, 0), (1000, 50, 40)] {
        let bench = Bench::new(None, Some(1000));
        assert_eq!(bench.admitted(10).await, 10);
        bench.admission.settle().await.expect("written");
        let (_, held) = bench.admission.unspent(bench.plan, bench.key).expect("a lease");
        assert!(held > 0, "units are out");
        bench.admission.import_usage(used_elsewhere(&bench, used, remaining)).await.expect("written");
        assert_eq!(bench.admitted(60).await, admitted, "what is left there, less what was used here");
    }
}

#[tokio::test]
async fn an_import_that_failed_is_not_done_later() {
    let bench = Bench::new(None, Some(1000));
    bench.ledger.set_away(true);
    assert!(bench.admission.import_usage(used_elsewhere(&bench, 1000, 0)).await.is_err());
    bench.ledger.set_away(false);
    assert_eq!(bench.admitted(5).await, 5);
}

#[tokio::test]
async fn a_call_that_comes_with_an_old_snapshot_is_decided_by_what_is_in_force() {
    let mut bench = Bench::new(None, None);
    let old = bench.limits();
    bench.set(None, Some(1));
    bench.admission.recall(bench.plan, None).await.expect("written");
    bench.call().await.expect("admitted");
    let keyed = || Some(Keyed { key: bench.key, plan: &old, method_entry: None });
    let late =
        |keyed| bench.admission.admit(Demand { keyed, method: None, account: None }, bench.clock.now(), &*bench.clock);
    assert!(matches!(late(keyed()).await.outcome, Err(Denied::QuotaExceeded { .. })));
    bench.admission.publish(&Catalog::default(), bench.clock.now());
    bench.admission.recall(bench.plan, None).await.expect("written");
    assert_eq!(late(keyed()).await.outcome, Err(Denied::NoSuchPlan));
}

#[tokio::test]
async fn a_refusal_by_a_shared_bucket_is_not_told_as_the_plans() {
    let bench = Bench::new(Some(ThrottleSettings::new(100.0, 1000)), None);
    let account = Bucket::new();
    let rate = ThrottleSettings::new(1.0, 1).token_rate().expect("a limit");
    bench.call_at(None, Some((&account, rate))).await.outcome.expect("admitted");
    let refused = bench.call_at(None, Some((&account, rate))).await;
    assert!(matches!(refused.outcome, Err(Denied::Throttled { level: ThrottleLevel::Account, .. })));
    assert_eq!(refused.standing, Standing::default());
}
