//! Admission: whether a call may pass, decided from memory.
//!
//! Keeps the promises that no (plan, key, period) is admitted more often than its quota says, and that a refused
//! call costs nothing at any level.

mod bells;
mod chunks;
mod counter;
mod counters;
mod demand;
mod health;
mod index;
mod keeper;
mod key_table;
pub mod ledger;
mod places;
mod plan_names;
mod rounds;
mod taking;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod verdict;

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use foldhash::fast::RandomState;
use tokio::sync::{Notify, mpsc};
use tollgate_domain::clock::TICKS_PER_SECOND;
use tollgate_domain::lease::{Closed, Spend, Terms, Unit};
use tollgate_domain::meter::Counted;
use tollgate_domain::throttle::TokenRate;
use tollgate_domain::{
    ApiKeyId, Catalog, Clock, Day, KeyDigest, KeyDigester, KeyHint, Moment, QuotaSettings, Return, Ticks, UsageDelta,
    UsagePlanId,
};

use bells::Bells;
use counter::{CounterId, MethodBucket};
use counters::{Counters, Held};
pub use demand::{Demand, Keyed, MethodEntry, PlanLimits};
pub use health::LedgerHealth;
use health::Watch;
use index::CellsInForce;
pub use keeper::Keeper;
use key_table::KeyTable;
pub use key_table::{Caller, Expected};
pub use ledger::{Ledger, LedgerUnavailable};
pub use rounds::{Inbox, Rounds};
use rounds::{LeaseAt, Message};
use taking::Taking;
pub use verdict::{Denied, QuotaStanding, Standing, ThrottleLevel, ThrottleStanding, Verdict};

/// How long a call waits for the ledger before it is refused.
const LEDGER_PATIENCE: Duration = Duration::from_secs(5);

/// How long the ledger's word that a quota is used up is believed before it is asked again.
const EXHAUSTED_FOR: Ticks = Ticks(TICKS_PER_SECOND);

/// How often a call tries to spend before it lets others do something: they are opening a lease, or close the one that
/// it opened.
const TRIES: usize = 100;

/// Decides calls. One for all threads.
#[derive(Debug)]
pub struct Admission {
    keys: KeyTable,
    counters: Counters,
    method_buckets: papaya::HashMap<(CounterId, Arc<str>), Arc<MethodBucket>, RandomState>,
    /// The limits in force by plan. Leases are made from these and not from a call's snapshot, which may be older.
    plans: ArcSwap<PlanTable>,
    /// Wake calls that wait for a draw.
    bells: Bells,
    /// Rounds that could not be written.
    failures: AtomicU64,
    keeper: mpsc::UnboundedSender<Message>,
    /// Leases that run low: what they are to draw can wait for the draws of others.
    running_low: mpsc::UnboundedSender<LeaseAt>,
    /// Tells the keeper that calls wait for such a draw.
    hurry: Notify,
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

/// Finds callers for one thread.
#[derive(Debug)]
pub struct Callers {
    admission: Arc<Admission>,
    in_force: RefCell<CellsInForce>,
}

type PlanTable = std::collections::HashMap<UsagePlanId, PlanLimits, RandomState>;

impl Admission {
    /// An admission that knows no key and no plan, and the inbox that its [`Keeper`] reads.
    pub fn new(digester: KeyDigester) -> (Self, Inbox) {
        let (keeper, asked) = mpsc::unbounded_channel();
        let (running_low, ahead) = mpsc::unbounded_channel();
        let admission = Self {
            keys: KeyTable::new(digester),
            counters: Counters::new(),
            method_buckets: papaya::HashMap::default(),
            plans: ArcSwap::default(),
            bells: Bells::new(),
            failures: AtomicU64::new(0),
            keeper,
            running_low,
            hurry: Notify::new(),
            watch: Watch::new(),
            unaccounted: Unaccounted::default(),
            believed_until: AtomicU64::new(u64::MAX),
        };
        (admission, Inbox { asked, ahead })
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
        let changed: std::collections::HashMap<_, (TokenRate, TokenRate)> = plans
            .iter()
            .filter_map(|(id, limits)| Some((self.counters.plans.tag(*id)?, (old.get(id)?.rate?, limits.rate?))))
            .filter(|(_, (old, new))| old != new)
            .collect();
        if changed.is_empty() {
            return;
        }
        for (_, owner, counter) in self.counters.iter() {
            if let Some((old, new)) = changed.get(&owner.plan) {
                counter.bucket.rescale(*old, *new, now);
            }
        }
    }

    /// Makes room for so many keys. Those that come unexpected are found as surely, but not as fast.
    pub fn expect_keys(&self, keys: u64) {
        self.counters.expect(u32::try_from(keys).unwrap_or(u32::MAX));
    }

    /// Adds or replaces a key; a disabled one is removed, since it may not call. Its value has this digest and this hint.
    pub fn put_key(&self, digest: KeyDigest, hint: KeyHint, id: ApiKeyId, enabled: bool, plans: &[UsagePlanId]) {
        if !enabled {
            self.keys.remove(&digest, &self.counters);
        } else if self.keys.put(digest, hint, id, plans, &self.counters).is_none() {
            tracing::error!(target: "tollgate::admission", key = %id, "there is no room for another key; it is refused");
        }
    }

    /// Removes a key. The next call with it is refused.
    pub fn remove_key(&self, digest: &KeyDigest) {
        self.keys.remove(digest, &self.counters);
    }

    /// How the ledger does.
    pub fn ledger_health(&self, now: Moment) -> LedgerHealth {
        self.watch.health(now.ticks)
    }

    /// Keys that may call.
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// Decides a call: takes a token at every level and a unit of the quota, or nothing at all.
    ///
    /// Throttles are asked before the quota, so that a call that is too fast never waits for the ledger. The call
    /// waits only when its lease has no unit: for a key's first call in a while, or near the end of its quota. Then it
    /// is decided at the time at which it has waited, so that calls that wait agree about the period.
    pub async fn admit(&self, demand: Demand<'_>, now: Moment, clock: &dyn Clock) -> Verdict {
        self.admit_caller(None, demand, now, clock).await
    }

    /// Decides a call whose caller was found, as [`Self::admit`] does, if that needs no waiting.
    pub fn admit_at_once(&self, caller: Option<&Caller>, demand: &Demand<'_>, now: Moment) -> Option<Verdict> {
        match self.decide_believed(demand, caller, now) {
            Step::Done(verdict) => Some(verdict),
            Step::Wait(_) | Step::Again => None,
        }
    }

    /// Decides a call whose caller was found, as [`Self::admit`] does, and saves looking for its counter.
    pub async fn admit_caller(
        &self,
        caller: Option<&Caller>,
        demand: Demand<'_>,
        now: Moment,
        clock: &dyn Clock,
    ) -> Verdict {
        let (mut asked_ledger, mut now) = (false, now);
        let mut step = self.decide_believed(&demand, caller, now);
        loop {
            match step {
                Step::Done(verdict) => return verdict,
                Step::Wait(lease) => {
                    if asked_ledger && self.has_failed(lease) {
                        return self.without_ledger(&demand, caller, now);
                    }
                    if !std::mem::replace(&mut asked_ledger, true) {
                        self.watch.call_waits();
                    }
                    if !self.wait_for_draw(lease).await {
                        return self.without_ledger(&demand, caller, clock.now());
                    }
                }
                // Another thread is at it, and was interrupted.
                Step::Again => tokio::task::yield_now().await,
            }
            now = clock.now();
            step = self.decide(&demand, caller, now, true);
        }
    }

    /// Decides a call from memory, as long as that is believed.
    fn decide_believed(&self, demand: &Demand<'_>, caller: Option<&Caller>, now: Moment) -> Step {
        if demand.keyed.is_some() && now.ticks.0 > self.believed_until.load(Ordering::Relaxed) {
            return Step::Done(Verdict::refuse(self.denied_unaccounted()));
        }
        self.decide(demand, caller, now, true)
    }

    /// Decides a call that found no unit on its lease, and no ledger to draw one from.
    fn without_ledger(&self, demand: &Demand<'_>, caller: Option<&Caller>, now: Moment) -> Verdict {
        if self.unaccounted == Unaccounted::Admitted
            && let Step::Done(verdict) = self.decide(demand, caller, now, false)
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
    fn decide(&self, demand: &Demand<'_>, caller: Option<&Caller>, now: Moment, accounted: bool) -> Step {
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
        let found = caller.and_then(|caller| caller.counter(id)).and_then(|at| self.counters.hold(at));
        match found.or_else(|| self.counters.hold_or_make(id)) {
            Some(counter) => self.decide_keyed(demand, keyed, &counter, now, accounted),
            None => Step::Done(Verdict::refuse(Denied::LedgerUnavailable)),
        }
    }

    fn decide_keyed(
        &self,
        demand: &Demand<'_>,
        keyed: &Keyed<'_>,
        counter: &Held<'_>,
        now: Moment,
        accounted: bool,
    ) -> Step {
        let own_bucket = keyed.method_entry.as_ref().map(|entry| self.method_bucket(keyed, entry.name));
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
                match counter.meter.count(now.wall.day()) {
                    Counted::More => {}
                    Counted::First => self.counters.to_report(counter.place),
                    Counted::Instead(day, calls) => {
                        self.tell(Message::Used(UsageDelta { plan: keyed.plan.id, key: keyed.key, day, calls }));
                    }
                }
                let quota = unit.map(|unit| standing(&unit.terms, unit.remaining, now));
                Step::Done(Verdict { outcome: Ok(()), standing: Standing { throttle, quota } })
            }
            Err(denied) => {
                if let Some(unit) = unit {
                    self.put_back(unit, counter, keyed);
                }
                Step::Done(Verdict::refuse(denied))
            }
        }
    }

    /// Spends one unit of the quota; `None` when there is no quota.
    fn spend_unit(&self, keyed: &Keyed<'_>, counter: &Held<'_>, now: Moment) -> Result<Option<Unit>, Step> {
        let today = now.wall.day();
        for _ in 0..TRIES {
            match counter.lease.spend(today) {
                Spend::Spent(unit) => {
                    if unit.is_low && counter.lease.start_drawing(unit.number) {
                        let lease = LeaseAt { place: counter.place, number: unit.number };
                        let _ = self.running_low.send(lease);
                    }
                    return Ok(Some(unit));
                }
                Spend::Empty { terms, .. } if counter.lease.exhausted_at().is_some_and(|at| is_believed(at, now)) => {
                    let standing = standing(&terms, 0, now);
                    let denied = Denied::QuotaExceeded { retry_after_secs: standing.resets_in_secs };
                    return Err(Step::Done(Verdict::refuse(denied).with_quota(standing)));
                }
                Spend::Empty { number, .. } => return Err(Step::Wait(LeaseAt { place: counter.place, number })),
                Spend::Opening => std::hint::spin_loop(),
                // What is in force counts, and not the call's snapshot, which may be older.
                Spend::Closed => match self.plans.load().get(&keyed.plan.id) {
                    None => return Err(Step::Done(Verdict::refuse(Denied::NoSuchPlan))),
                    Some(PlanLimits { quota: None, .. }) => return Ok(None),
                    Some(PlanLimits { quota: Some(quota), .. }) => {
                        if let Some(lease) = self.open_lease(keyed, counter, *quota, today) {
                            return Err(Step::Wait(lease));
                        }
                    }
                },
            }
        }
        Err(Step::Again)
    }

    /// Opens a lease for a quota. Should the quota have changed by then, the keeper closes it at its first draw. `None`
    /// when another call has opened one.
    fn open_lease(&self, keyed: &Keyed<'_>, counter: &Held<'_>, quota: QuotaSettings, today: Day) -> Option<LeaseAt> {
        let (number, closed) = counter.lease.open(quota, today)?;
        if let Some(Closed { number, period, units }) = closed {
            let returned = Return { plan: keyed.plan.id, key: keyed.key, period, units };
            self.tell(Message::Expire(LeaseAt { place: counter.place, number }, returned));
        }
        Some(LeaseAt { place: counter.place, number })
    }

    fn put_back(&self, unit: Unit, counter: &Held<'_>, keyed: &Keyed<'_>) {
        if let Err(units) = counter.lease.deposit(unit.number, 1) {
            let period = unit.terms.period;
            self.tell(Message::Return(Return { plan: keyed.plan.id, key: keyed.key, period, units }));
        }
    }

    /// Waits until the lease was drawn for, or could not be. False when the ledger took too long.
    async fn wait_for_draw(&self, at: LeaseAt) -> bool {
        let Some(counter) = self.counters.at(at.place) else { return false };
        let failures = self.failures.load(Ordering::Acquire);
        let has_failed_since = || self.has_failed(at) && self.failures.load(Ordering::Acquire) != failures;
        let is_settled = || !counter.lease.is_drawing(at.number) || has_failed_since();
        let bell = self.bells.of(at.place);
        let waiting = async {
            let mut rung = std::pin::pin!(bell.notified());
            rung.as_mut().enable();
            if counter.lease.start_drawing(at.number) {
                self.tell(Message::Draw(at));
            }
            // A draw may have ended before `enable`: then there is something to spend, or to learn, already.
            while !is_settled() {
                // Others may have spent what came, and the next draw was not told as one that is waited for.
                self.hurry.notify_one();
                rung.as_mut().await;
                rung.set(bell.notified());
                rung.as_mut().enable();
            }
        };
        tokio::time::timeout(LEDGER_PATIENCE, waiting).await.is_ok() || is_settled()
    }

    fn has_failed(&self, at: LeaseAt) -> bool {
        self.counters.at(at.place).is_some_and(|counter| counter.lease.has_failed(at.number))
    }

    fn method_bucket(&self, keyed: &Keyed<'_>, name: &Arc<str>) -> Arc<MethodBucket> {
        let id = CounterId { plan: keyed.plan.id, key: keyed.key };
        let buckets = self.method_buckets.pin();
        Arc::clone(buckets.get_or_insert_with((id, Arc::clone(name)), Arc::default))
    }

    fn tell(&self, message: Message) {
        // Without a keeper (it has shut down) units stay where they are, and waiting calls run into their time limit.
        let _ = self.keeper.send(message);
    }
}

impl Callers {
    /// Finds callers of an admission.
    pub fn of(admission: Arc<Admission>) -> Self {
        Self { in_force: RefCell::new(admission.keys.in_force()), admission }
    }

    /// Finds who holds a key's value: `None` when it is unknown or disabled.
    pub fn find(&self, value: &[u8]) -> Option<Caller> {
        self.find_expected(self.expect(value)).ok()
    }

    /// Has the processor fetch what is known of who holds a key's value, while the call does other things. It pays from
    /// some ten thousand keys on, when not all of them are in its caches.
    #[inline]
    pub fn expect<'v>(&self, value: &'v [u8]) -> Expected<'v> {
        let Admission { keys, counters, .. } = &*self.admission;
        keys.expect(value, counters)
    }

    /// The caller who holds a value, or what that is stored under.
    pub fn find_expected(&self, expected: Expected<'_>) -> Result<Caller, KeyDigest> {
        let Admission { keys, counters, .. } = &*self.admission;
        keys.find(expected, counters, &mut self.in_force.borrow_mut())
    }
}

/// What [`Admission::decide`] came to.
enum Step {
    Done(Verdict),
    /// There is no unit to spend: wait for the ledger, then decide again.
    Wait(LeaseAt),
    /// Decide again, a little later.
    Again,
}

fn standing(terms: &Terms, remaining: i64, now: Moment) -> QuotaStanding {
    let secs = |millis: i64| u64::try_from(millis).unwrap_or(0).div_ceil(1000);
    let end = terms.period.end.start_millis();
    QuotaStanding {
        limit: terms.quota.limit,
        remaining: u64::try_from(remaining).unwrap_or(0),
        period_secs: secs(end - terms.period.first.start_millis()),
        resets_in_secs: secs(end - now.wall.0),
    }
}

/// Whether it is still believed that nothing is left, as the ledger said.
fn is_believed(exhausted_at: Ticks, now: Moment) -> bool {
    now.ticks.0 < exhausted_at.0.saturating_add(EXHAUSTED_FOR.0)
}
