//! Admission: whether a call may pass, decided from memory.
//!
//! Keeps the promises that no (plan, key, period) is admitted more often than its quota says, and that a refused
//! call costs nothing at any level.

mod counter;
mod demand;
mod health;
mod keeper;
mod key_table;
pub mod ledger;
mod rounds;
mod taking;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod verdict;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use crossbeam_queue::SegQueue;
use foldhash::fast::RandomState;
use tokio::sync::mpsc;
use tollgate_domain::clock::TICKS_PER_SECOND;
use tollgate_domain::lease::Spend;
use tollgate_domain::throttle::TokenRate;
use tollgate_domain::{
    ApiKeyId, Catalog, Clock, KeyDigest, KeyDigester, Moment, Period, QuotaSettings, Return, Ticks, UsagePlanId,
};

use counter::{Counter, CounterId, MethodBucket, PeriodLease};
pub use demand::{Demand, Keyed, MethodEntry, PlanLimits};
pub use health::LedgerHealth;
use health::Watch;
pub use keeper::Keeper;
pub use key_table::Caller;
use key_table::KeyTable;
pub use ledger::{Ledger, LedgerUnavailable};
use rounds::Message;
pub use rounds::{Inbox, Rounds};
use taking::Taking;
pub use verdict::{Denied, QuotaStanding, Standing, ThrottleLevel, ThrottleStanding, Verdict};

/// How long a call waits for the ledger before it is refused.
const LEDGER_PATIENCE: Duration = Duration::from_secs(5);

/// How long the ledger's word that a quota is used up is believed before it is asked again.
const EXHAUSTED_FOR: Ticks = Ticks(TICKS_PER_SECOND);

/// Decides calls. One for all threads.
#[derive(Debug)]
pub struct Admission {
    keys: KeyTable,
    counters: papaya::HashMap<CounterId, Arc<Counter>, RandomState>,
    method_buckets: papaya::HashMap<(CounterId, Arc<str>), Arc<MethodBucket>, RandomState>,
    /// The limits in force by plan. Leases are made from these and not from a call's snapshot, which may be older.
    plans: ArcSwap<PlanTable>,
    /// Counters whose meter holds calls that the ledger does not know.
    dirty: SegQueue<Arc<Counter>>,
    keeper: mpsc::UnboundedSender<Message>,
    watch: Watch,
    unaccounted: Unaccounted,
    /// Ticks until which what is known of keys and plans may be believed.
    believed_until: AtomicU64,
}

/// What becomes of calls whose unit cannot be drawn because the ledger cannot be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unaccounted {
    /// They are refused, as the node's own fault.
    #[default]
    Unavailable,
    /// They are refused, as too many.
    Throttled,
    /// They are admitted, counted, and reported when the ledger can be written. The quota may be exceeded by them.
    Admitted,
}

type PlanTable = std::collections::HashMap<UsagePlanId, PlanLimits, RandomState>;

impl Admission {
    /// An admission that knows no key and no plan, and the inbox that its [`Keeper`] reads.
    pub fn new(digester: KeyDigester) -> (Self, Inbox) {
        let (keeper, inbox) = mpsc::unbounded_channel();
        let admission = Self {
            keys: KeyTable::new(digester),
            counters: papaya::HashMap::default(),
            method_buckets: papaya::HashMap::default(),
            plans: ArcSwap::default(),
            dirty: SegQueue::new(),
            keeper,
            watch: Watch::new(),
            unaccounted: Unaccounted::default(),
            believed_until: AtomicU64::new(u64::MAX),
        };
        (admission, Inbox(inbox))
    }

    /// Says what becomes of calls that cannot be accounted for.
    #[must_use]
    pub fn when_unaccounted(self, unaccounted: Unaccounted) -> Self {
        Self { unaccounted, ..self }
    }

    /// Says until when what is known of keys and plans may be believed. After that, calls that need a key are refused,
    /// since other nodes may have changed it.
    pub fn believe_until(&self, until: Ticks) {
        self.believed_until.store(until.0, Ordering::Relaxed);
    }

    /// Puts the plans of a catalog in force. Follow it with [`Self::recall`] for plans whose quota changed.
    pub fn publish(&self, catalog: &Catalog, now: Moment) {
        let limits = |plan: &tollgate_domain::UsagePlan| PlanLimits {
            id: plan.id,
            rate: plan.throttle.and_then(|throttle| throttle.token_rate()),
            quota: plan.quota,
        };
        let next: PlanTable = catalog.usage_plans.values().map(|plan| (plan.id, limits(plan))).collect();
        let old = self.plans.swap(Arc::new(next));
        self.rescale(&old, now.ticks);
    }

    /// Keeps what callers owe their buckets when a plan's rate changes.
    fn rescale(&self, old: &PlanTable, now: Ticks) {
        let plans = self.plans.load();
        let changed: std::collections::HashMap<UsagePlanId, (TokenRate, TokenRate)> = plans
            .iter()
            .filter_map(|(id, limits)| Some((*id, (old.get(id)?.rate?, limits.rate?))))
            .filter(|(_, (old, new))| old != new)
            .collect();
        if changed.is_empty() {
            return;
        }
        for (id, counter) in &self.counters.pin() {
            if let Some((old, new)) = changed.get(&id.plan) {
                counter.bucket.rescale(*old, *new, now);
            }
        }
    }

    /// Adds or replaces a key; a disabled one is removed, since it may not call.
    pub fn put_key(&self, digest: KeyDigest, id: ApiKeyId, enabled: bool, plans: &[UsagePlanId]) {
        if enabled {
            self.keys.put(digest, id, plans);
        } else {
            self.keys.remove(&digest);
        }
    }

    /// Removes a key. The next call with it is refused.
    pub fn remove_key(&self, digest: &KeyDigest) {
        self.keys.remove(digest);
    }

    /// How the ledger does.
    pub fn ledger_health(&self, now: Moment) -> LedgerHealth {
        self.watch.health(now.ticks)
    }

    /// Keys that may call.
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// Finds who holds a key's value: `None` when it is unknown or disabled.
    pub fn find_key(&self, value: &[u8]) -> Option<Caller> {
        self.keys.find(value, |id| self.counter(id))
    }

    /// What a key's value is stored under.
    pub(crate) fn digest_of(&self, value: &[u8]) -> KeyDigest {
        self.keys.digest_of(value)
    }

    /// Decides a call: takes a token at every level and a unit of the quota, or nothing at all.
    ///
    /// Throttles are asked before the quota, so that a call that is too fast never waits for the ledger. The call
    /// waits only when its lease has no unit: for a key's first call in a while, or near the end of its quota. Then it
    /// is decided at the time at which it has waited, so that calls that wait agree about the period.
    pub async fn admit(&self, demand: Demand<'_>, now: Moment, clock: &dyn Clock) -> Verdict {
        self.admit_caller(None, demand, now, clock).await
    }

    /// Decides a call whose caller was found, as [`Self::admit`] does, and saves looking for its counter.
    pub async fn admit_caller(
        &self,
        caller: Option<&Caller>,
        demand: Demand<'_>,
        now: Moment,
        clock: &dyn Clock,
    ) -> Verdict {
        let remembered = caller.and_then(|caller| caller.counter.as_ref());
        let (mut asked_ledger, mut now) = (false, now);
        if demand.keyed.is_some() && now.ticks.0 > self.believed_until.load(Ordering::Relaxed) {
            return Verdict::refuse(self.denied_unaccounted());
        }
        loop {
            match self.decide(&demand, remembered, now, true) {
                Step::Done(verdict) => return verdict,
                Step::Wait(lease, counter) => {
                    if asked_ledger && lease.failed.load(Ordering::Acquire) {
                        return self.without_ledger(&demand, remembered, now);
                    }
                    if !std::mem::replace(&mut asked_ledger, true) {
                        self.watch.call_waits();
                    }
                    if !self.wait_for_draw(&lease, counter).await {
                        return self.without_ledger(&demand, remembered, clock.now());
                    }
                    now = clock.now();
                }
            }
        }
    }

    /// Decides a call that found no unit on its lease, and no ledger to draw one from.
    fn without_ledger(&self, demand: &Demand<'_>, remembered: Option<&Arc<Counter>>, now: Moment) -> Verdict {
        if self.unaccounted == Unaccounted::Admitted
            && let Step::Done(verdict) = self.decide(demand, remembered, now, false)
        {
            return verdict;
        }
        Verdict::refuse(self.denied_unaccounted())
    }

    fn denied_unaccounted(&self) -> Denied {
        match self.unaccounted {
            Unaccounted::Unavailable => Denied::LedgerUnavailable,
            Unaccounted::Throttled | Unaccounted::Admitted => Denied::Unaccounted,
        }
    }

    /// Decides a call from memory. `accounted` calls need a unit of the quota.
    fn decide(&self, demand: &Demand<'_>, remembered: Option<&Arc<Counter>>, now: Moment, accounted: bool) -> Step {
        let Some(keyed) = &demand.keyed else {
            let mut taking = Taking::new(now.ticks);
            return Step::Done(match taking.take_shared(demand) {
                Ok(()) => {
                    taking.keep();
                    Verdict { outcome: Ok(()), standing: Standing::default() }
                }
                Err(denied) => Verdict::refuse(denied),
            });
        };
        let id = CounterId { plan: keyed.plan.id, key: keyed.key };
        let counter = match remembered.filter(|counter| counter.id == id && !counter.is_forgotten()) {
            Some(counter) => Arc::clone(counter),
            None => self.counter(id),
        };
        counter.touch();
        self.decide_keyed(demand, keyed, &counter, now, accounted)
    }

    fn decide_keyed(
        &self,
        demand: &Demand<'_>,
        keyed: &Keyed<'_>,
        counter: &Arc<Counter>,
        now: Moment,
        accounted: bool,
    ) -> Step {
        let own_bucket = keyed.method_entry.as_ref().map(|entry| self.method_bucket(counter.id, entry.name));
        let (bucket, rate) = match (&keyed.method_entry, &own_bucket) {
            (Some(entry), Some(bucket)) => (bucket.under(entry.rate, now.ticks), entry.rate),
            _ => (&counter.bucket, keyed.plan.rate),
        };
        if let Some((rate, Err(empty))) = rate.map(|rate| (rate, bucket.peek(rate, now.ticks))) {
            return Step::Done(Verdict::refuse(keyed.level().deny(empty)).with_empty_bucket(rate, empty));
        }
        if let Some(denied) = demand.peek_shared(now.ticks) {
            return Step::Done(Verdict::refuse(denied));
        }
        // The unit comes first: it can be put back exactly, whatever time passes.
        let unit = match accounted.then(|| self.spend_unit(keyed, counter, now)).transpose() {
            Ok(unit) => unit.flatten(),
            Err(step) => return step,
        };
        let mut taking = Taking::new(now.ticks);
        let taken = rate.map(|rate| (rate, taking.take(bucket, rate)));
        let throttle = match taken {
            Some((_, Err(empty))) => Err(keyed.level().deny(empty)),
            Some((rate, Ok(taken))) => taking.take_shared(demand).map(|()| Some(ThrottleStanding::new(rate, taken))),
            None => taking.take_shared(demand).map(|()| None),
        };
        match throttle {
            Ok(throttle) => {
                taking.keep();
                if counter.meter.count(now.wall.day()) {
                    self.dirty.push(Arc::clone(counter));
                }
                let quota = unit.map(|unit| unit.standing(now));
                Step::Done(Verdict { outcome: Ok(()), standing: Standing { throttle, quota } })
            }
            Err(denied) => {
                if let Some(unit) = unit {
                    self.put_back(unit, counter.id);
                }
                Step::Done(Verdict::refuse(denied))
            }
        }
    }

    /// Spends one unit of the quota; `None` when there is no quota.
    fn spend_unit(&self, keyed: &Keyed<'_>, counter: &Arc<Counter>, now: Moment) -> Result<Option<SpentUnit>, Step> {
        let lease = match &*counter.lease.load() {
            Some(lease) if lease.period.contains(now.wall.day()) && !lease.units.is_closed() => Arc::clone(lease),
            // What is in force counts, and not the call's snapshot, which may be older.
            _ => match self.plans.load().get(&keyed.plan.id) {
                None => return Err(Step::Done(Verdict::refuse(Denied::NoSuchPlan))),
                Some(PlanLimits { quota: None, .. }) => return Ok(None),
                Some(PlanLimits { quota: Some(quota), .. }) => self.open_lease(counter, *quota, now),
            },
        };
        let left_in_ledger = lease.left_in_ledger.load(Ordering::Acquire);
        match lease.units.spend() {
            Spend::Spent(left) => {
                let remaining = left + lease.left_beside(left, left_in_ledger);
                if lease.is_low(left) && lease.left_in_ledger.load(Ordering::Relaxed) > 0 && lease.start_drawing() {
                    self.tell(Message::Draw(Arc::clone(counter), Arc::clone(&lease)));
                }
                Ok(Some(SpentUnit { lease, remaining }))
            }
            Spend::Empty if is_exhausted(&lease, now.ticks) => {
                let standing = SpentUnit { lease, remaining: 0 }.standing(now);
                let denied = Denied::QuotaExceeded { retry_after_secs: standing.resets_in_secs };
                Err(Step::Done(Verdict::refuse(denied).with_quota(standing)))
            }
            Spend::Empty | Spend::Closed => Err(Step::Wait(lease, Arc::clone(counter))),
        }
    }

    /// Makes a lease for a quota. Should the quota have changed by then, the keeper closes it at its first draw.
    fn open_lease(&self, counter: &Arc<Counter>, quota: QuotaSettings, now: Moment) -> Arc<PeriodLease> {
        let fresh = Arc::new(PeriodLease::new(quota, now.wall.day()));
        let current = counter.lease.load_full();
        let usable = |lease: &Arc<PeriodLease>| lease.period.contains(now.wall.day()) && !lease.units.is_closed();
        if let Some(current) = current.as_ref().filter(|current| usable(current)) {
            return Arc::clone(current);
        }
        let before = counter.lease.compare_and_swap(&current, Some(Arc::clone(&fresh)));
        if !same(&before, &current) {
            // Another call was faster; theirs is the lease, unless it is for another period, which the next turn of
            // the loop finds out.
            return before.as_ref().map(Arc::clone).filter(usable).unwrap_or(fresh);
        }
        if let Some(old) = current {
            self.tell(Message::Expire(counter.id, old));
        }
        fresh
    }

    fn put_back(&self, unit: SpentUnit, id: CounterId) {
        if let Err(units) = unit.lease.units.deposit(1) {
            let period = unit.lease.period;
            self.tell(Message::Return(Return { plan: id.plan, key: id.key, period, units }));
        }
    }

    /// Waits until the lease was drawn for. False when the ledger took too long.
    async fn wait_for_draw(&self, lease: &Arc<PeriodLease>, counter: Arc<Counter>) -> bool {
        let drawn = lease.drawn.notified();
        tokio::pin!(drawn);
        drawn.as_mut().enable();
        if lease.start_drawing() {
            self.tell(Message::Draw(counter, Arc::clone(lease)));
        }
        // A draw may have ended before `enable`: then there is something to spend, or to learn, already.
        let settled = || lease.units.unspent() > 0 || lease.units.is_closed();
        settled() || tokio::time::timeout(LEDGER_PATIENCE, drawn).await.is_ok() || settled()
    }

    fn counter(&self, id: CounterId) -> Arc<Counter> {
        let counters = self.counters.pin();
        match counters.get(&id) {
            Some(counter) => Arc::clone(counter),
            None => Arc::clone(counters.get_or_insert_with(id, || Arc::new(Counter::new(id)))),
        }
    }

    fn method_bucket(&self, id: CounterId, name: &Arc<str>) -> Arc<MethodBucket> {
        let buckets = self.method_buckets.pin();
        Arc::clone(buckets.get_or_insert_with((id, Arc::clone(name)), Arc::default))
    }

    fn tell(&self, message: Message) {
        // Without a keeper (it has shut down) units stay where they are, and waiting calls run into their time limit.
        let _ = self.keeper.send(message);
    }
}

/// What [`Admission::decide`] came to.
enum Step {
    Done(Verdict),
    /// There is no unit to spend: wait for the ledger, then decide again.
    Wait(Arc<PeriodLease>, Arc<Counter>),
}

struct SpentUnit {
    lease: Arc<PeriodLease>,
    /// Units left to the caller after this one, on the lease and in the ledger.
    remaining: i64,
}

impl SpentUnit {
    fn standing(&self, now: Moment) -> QuotaStanding {
        let Period { first, end } = self.lease.period;
        let secs = |millis: i64| u64::try_from(millis).unwrap_or(0).div_ceil(1000);
        QuotaStanding {
            limit: self.lease.quota.limit,
            remaining: u64::try_from(self.remaining).unwrap_or(0),
            period_secs: secs(end.start_millis() - first.start_millis()),
            resets_in_secs: secs(end.start_millis() - now.wall.0),
        }
    }
}

fn is_exhausted(lease: &PeriodLease, now: Ticks) -> bool {
    match lease.exhausted_at.load(Ordering::Acquire) {
        0 => false,
        at => now.0 < (at - 1).saturating_add(EXHAUSTED_FOR.0),
    }
}

fn same(a: &Option<Arc<PeriodLease>>, b: &Option<Arc<PeriodLease>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
}
