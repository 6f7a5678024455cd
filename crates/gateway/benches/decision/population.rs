//! An admission with many keys, each with units on its lease, so that a decision waits for nothing.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tollgate_domain::bucket::Bucket;
use tollgate_domain::clock::SystemClock;
use tollgate_domain::throttle::TokenRate;
use tollgate_domain::{
    Catalog, Clock, Edit, Grant, IdSource, KeyDigester, QuotaPeriod, QuotaSettings, Record, ThrottleSettings, UsagePlan,
};
use tollgate_gateway::admission::{Admission, Callers, Demand, Keyed, PlanLimits, Rounds, Verdict};

/// Calls that a key makes before it is measured, so that its lease has grown.
const CALLS_BEFORE: usize = 3;

/// The value of a key.
pub(crate) type Value = [u8; 32];

/// The value of the key at `index`.
pub(crate) fn value(index: usize) -> Value {
    let text = format!("bench-key-value-{index:016}");
    text.as_bytes().try_into().expect("32 characters")
}

/// How often what waits for the ledger is written.
const ROUND_EVERY: Duration = Duration::from_millis(2);

/// Keys in one plan, with limits at every level that refuse nobody.
pub(crate) struct Population {
    admission: Arc<Admission>,
    clock: Arc<SystemClock>,
    plan: PlanLimits,
    /// The bucket of the stage's method and that of the account, which all callers share.
    shared: [Bucket; 2],
    rate: TokenRate,
    /// For its clock, by which calls limit how long they wait.
    runtime: Runtime,
    ended: Arc<AtomicBool>,
    ledger: Option<thread::JoinHandle<()>>,
}

impl Population {
    pub(crate) fn new(keys: usize) -> Self {
        let (ids, digester, clock) = (IdSource::seeded(1), KeyDigester::new([7; 32]), Arc::new(SystemClock::new()));
        let (admission, inbox) = Admission::new(digester.clone());
        let admission = Arc::new(admission);
        let plan = usage_plan(&ids);
        let limits = PlanLimits { id: plan.id, rate: plan.throttle.and_then(|of| of.token_rate()), quota: plan.quota };
        admission.publish(&Catalog::default().apply(&[Edit::put(Record::UsagePlan(plan))]), clock.now());
        admission.expect_keys(keys as u64);
        for index in 0..keys {
            let (digest, hint) = (digester.digest(&value(index)), digester.hint(&value(index)));
            admission.put_key(digest, hint, ids.api_key_id(), true, &[limits.id]);
        }
        let rounds = Rounds::new(Arc::clone(&admission), inbox, 1);
        let ended = Arc::new(AtomicBool::new(false));
        let ledger = {
            let (clock, ended) = (Arc::clone(&clock), Arc::clone(&ended));
            thread::spawn(move || grant_all(rounds, &clock, &ended))
        };
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        let rate = ThrottleSettings::new(1e9, i32::MAX).token_rate().expect("a limit");
        let shared = [Bucket::new(), Bucket::new()];
        let population = Self { admission, clock, plan: limits, shared, rate, runtime, ended, ledger: Some(ledger) };
        population.call_with_all(keys);
        population
    }

    /// Has each key call, so that its counter is there and its lease is filled.
    fn call_with_all(&self, keys: usize) {
        let (_entered, callers) = (self.runtime.enter(), self.callers());
        let mut task = Context::from_waker(Waker::noop());
        for index in 0..keys {
            // The first call asks for units and is given up: all keys ask before anyone waits.
            let _ = pin!(self.admit(&callers, &value(index))).poll(&mut task);
        }
        for _ in 0..CALLS_BEFORE {
            (0..keys).for_each(|index| self.decide(&callers, &value(index)));
        }
    }

    /// Lets threads wait on the runtime's clock, for as long as the guard lives.
    pub(crate) fn enter(&self) -> tokio::runtime::EnterGuard<'_> {
        self.runtime.enter()
    }

    /// What one thread finds callers by.
    pub(crate) fn callers(&self) -> Callers {
        Callers::of(Arc::clone(&self.admission))
    }

    /// Decides one call, which is admitted.
    pub(crate) fn decide(&self, callers: &Callers, value: &Value) {
        let mut call = pin!(self.admit(callers, value));
        let mut task = Context::from_waker(Waker::noop());
        let verdict = loop {
            match call.as_mut().poll(&mut task) {
                Poll::Ready(verdict) => break verdict,
                Poll::Pending => thread::yield_now(),
            }
        };
        assert!(verdict.outcome.is_ok(), "{verdict:?}");
    }

    async fn admit(&self, callers: &Callers, value: &Value) -> Verdict {
        let expected = callers.expect(value);
        let now = self.clock.now();
        let caller = callers.find_expected(expected).expect("a known key");
        let keyed = Some(Keyed { key: caller.id, plan: &self.plan, method_entry: None });
        let [method, account] = &self.shared;
        let demand = Demand { keyed, method: Some((method, self.rate)), account: Some((account, self.rate)) };
        self.admission.admit_caller(Some(&caller), demand, now, &*self.clock).await
    }
}

impl Drop for Population {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(ledger) = self.ledger.take() {
            ledger.join().expect("the ledger does not panic");
        }
    }
}

/// Writes round after round to a ledger that grants all. No lease is called back for being idle: of a million keys most
/// would be before their turn comes, and it is not the ledger that is measured.
fn grant_all(mut rounds: Rounds, clock: &SystemClock, ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) {
        while let Some(settlement) = rounds.begin() {
            let grants = settlement
                .draws
                .iter()
                .map(|draw| Grant { units: draw.units, left: i64::MAX / 4, pending: false })
                .collect();
            rounds.end(Ok(grants), clock.now().ticks);
        }
        thread::park_timeout(ROUND_EVERY);
    }
}

fn usage_plan(ids: &IdSource) -> UsagePlan {
    UsagePlan {
        id: ids.usage_plan_id(),
        name: "bench".to_owned(),
        description: None,
        api_stages: Vec::new(),
        throttle: Some(ThrottleSettings::new(1e9, i32::MAX)),
        quota: Some(QuotaSettings { limit: 2_000_000_000, offset: 0, period: QuotaPeriod::Month }),
        product_code: None,
        tags: std::collections::BTreeMap::new(),
    }
}
