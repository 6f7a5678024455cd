//! Many threads on one counter at once, with edits, sweeps and midnights in between. Nothing is simulated: what the
//! compiler and the processor make of the atomics is what runs, so that ThreadSanitizer has something to look at.

#![allow(clippy::disallowed_methods, reason = "threads that are to meet need no clock of ours")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tollgate_domain::clock::ManualClock;
use tollgate_domain::{
    ApiKeyId, Catalog, Clock, Edit, KeyDigester, QuotaPeriod, QuotaSettings, Record, ThrottleSettings, UnixMillis,
    UsagePlan, UsagePlanId,
};
use tollgate_gateway::admission::testing::{MemoryLedger, admission};
use tollgate_gateway::admission::{Admission, Demand, Denied, Keyed, PlanLimits};

/// 2026-11-22T10:00:00Z.
const MORNING: UnixMillis = UnixMillis(1_795_341_600_000);
const DAYS: u64 = 5;
const LIMIT: u32 = 500;
const CALLERS: usize = 8;

/// A key in a plan.
struct Crowd {
    admission: Arc<Admission>,
    ledger: Arc<MemoryLedger>,
    clock: Arc<ManualClock>,
    plan: UsagePlanId,
    key: ApiKeyId,
    admitted: AtomicU64,
}

impl Crowd {
    fn new() -> Arc<Self> {
        let clock = Arc::new(ManualClock::at(MORNING));
        let (admission, ledger) = admission(KeyDigester::new([0; 32]), Arc::clone(&clock) as Arc<dyn Clock>);
        let (plan, key) = (UsagePlanId::parse("plan1").expect("an id"), ApiKeyId::parse("key1").expect("an id"));
        Arc::new(Self { admission, ledger, clock, plan, key, admitted: AtomicU64::new(0) })
    }

    /// Puts a rate in force, with the same quota as ever.
    fn publish(&self, rate: f64) {
        let plan = UsagePlan {
            id: self.plan,
            name: "plan".to_owned(),
            description: None,
            api_stages: Vec::new(),
            throttle: Some(ThrottleSettings::new(rate, 1_000_000)),
            quota: Some(quota()),
            product_code: None,
            tags: std::collections::BTreeMap::new(),
        };
        let catalog = Catalog::default().apply(&[Edit::put(Record::UsagePlan(plan))]);
        self.admission.publish(&catalog, self.clock.now());
    }

    /// Calls until the quota of a day is used up.
    async fn use_up(&self) {
        let plan = PlanLimits {
            id: self.plan,
            rate: ThrottleSettings::new(1e6, 1_000_000).token_rate(),
            quota: Some(quota()),
        };
        loop {
            let keyed = Some(Keyed { key: self.key, plan: &plan, method_entry: None });
            let demand = Demand { keyed, method: None, account: None };
            match self.admission.admit(demand, self.clock.now(), &*self.clock).await.outcome {
                Ok(()) => drop(self.admitted.fetch_add(1, Ordering::Relaxed)),
                Err(Denied::QuotaExceeded { .. }) => return,
                Err(other) => panic!("refused: {other:?}"),
            }
        }
    }
}

fn quota() -> QuotaSettings {
    QuotaSettings { limit: LIMIT, offset: 0, period: QuotaPeriod::Day }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_meet_at_one_counter_admit_exactly_its_quota_each_day() {
    let crowd = Crowd::new();
    crowd.publish(1e6);
    for day in 1..=DAYS {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let crowd = Arc::clone(&crowd);
                tokio::spawn(async move { crowd.use_up().await })
            })
            .collect();
        let editor = {
            let crowd = Arc::clone(&crowd);
            tokio::spawn(async move {
                for edit in 0..20 {
                    crowd.publish(if edit % 2 == 0 { 1e6 } else { 2e6 });
                    crowd.admission.recall(crowd.plan, None).await.expect("written");
                }
            })
        };
        for caller in callers {
            caller.await.expect("no panic");
        }
        editor.await.expect("no panic");
        // What an edit called back after the last refusal is still there to be used.
        crowd.clock.advance(Duration::from_secs(2));
        crowd.use_up().await;
        crowd.admission.settle().await.expect("written");
        let admitted = crowd.admitted.load(Ordering::Relaxed);
        assert_eq!(admitted, day * u64::from(LIMIT), "after {day} days");
        assert_eq!(crowd.ledger.used(crowd.plan, crowd.key), admitted);
        crowd.clock.advance(Duration::from_secs(24 * 3600 - 2));
    }
}
