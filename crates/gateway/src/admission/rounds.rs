//! Rounds: what is written to the ledger, and what its answers change, without IO, time or tasks.
//!
//! Everything that waits (usage to report, units to return, units to draw) is collected into one round, which is
//! written as one settlement. The next is begun when the ledger has answered, so that a lease that was called back in
//! one round cannot be filled by a draw of an older one. A round that could not be written, or whose answer was lost,
//! is written again under its own number until the ledger has it: the ledger applies it once and gives the same answer
//! each time, so that neither a call nor a unit is lost or counted twice.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tollgate_domain::{
    Adjustment, ApiKeyId, Draw, Grant, Return, Settlement, Ticks, UsageDelta, UsageImport, UsagePlanId,
};

use super::Admission;
use super::counter::{Counter, CounterId, PeriodLease};
use super::ledger::LedgerUnavailable;

/// Messages taken into one round at most, so that a round stays short.
const MESSAGES_A_ROUND: usize = 4096;

/// How long the ledger is asked again for units that lie with other nodes, before their callers are told that the quota
/// is used up.
const PENDING_PATIENCE: Duration = Duration::from_secs(2);

/// Tells whoever asked for something that it is written.
type Done = oneshot::Sender<Result<(), LedgerUnavailable>>;

/// What the rest of admission asks for.
#[derive(Debug)]
pub(crate) enum Message {
    /// A lease runs low.
    Draw(Arc<Counter>, Arc<PeriodLease>),
    /// A lease was replaced by one for the next period.
    Expire(CounterId, Arc<PeriodLease>),
    /// A spent unit came back after its lease was closed.
    Return(Return),
    /// Leases are to be called back.
    Recall { plan: UsagePlanId, key: Option<ApiKeyId>, done: Done },
    /// What is left of a key's quota is to be set.
    Adjust { adjustment: Adjustment, done: Done },
    /// What a key used elsewhere is to count here.
    Import { import: UsageImport, done: Done },
    /// Usage is to be reported now.
    Settle(Done),
    /// Everything is to be returned and reported, and the keeper is to end.
    Close(Done),
}

/// Messages on their way to the rounds.
#[derive(Debug)]
pub struct Inbox(pub(super) mpsc::UnboundedReceiver<Message>);

/// The rounds of one node.
#[derive(Debug)]
pub struct Rounds {
    admission: Arc<Admission>,
    inbox: Inbox,
    /// Names this process to the ledger.
    source: u64,
    sequence: u64,
    /// The round that the ledger is to answer.
    current: Option<Round>,
    /// What is collected for the one after it.
    next: Round,
    /// Draws that the ledger may answer better in a moment. Their leases are still being drawn for.
    pending: Vec<(Arc<Counter>, Arc<PeriodLease>)>,
    closing: bool,
    failing: bool,
}

#[derive(Debug, Default)]
struct Round {
    settlement: Settlement,
    /// What the settlement's draws are for, in their order.
    draws: Vec<(Arc<Counter>, Arc<PeriodLease>)>,
    waiting: Vec<Done>,
}

impl Rounds {
    /// The rounds of `admission`, which read the inbox that was made with it. `source` names this process to the
    /// ledger, and no other process ever.
    pub fn new(admission: Arc<Admission>, inbox: Inbox, source: u64) -> Self {
        let (next, current) = (Round::default(), None);
        let pending = Vec::new();
        Self { admission, inbox, source, sequence: 0, current, next, pending, closing: false, failing: false }
    }

    /// Waits until something is asked for. False when nobody is left to ask.
    pub(super) async fn asked(&mut self) -> bool {
        match self.inbox.0.recv().await {
            Some(message) => {
                self.collect(message);
                true
            }
            None => false,
        }
    }

    /// Whether anything is asked for that the last round does not have.
    pub(super) fn is_asked(&self) -> bool {
        !self.inbox.0.is_empty()
    }

    /// Whether there are draws to ask for again in a moment.
    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Asks again for what the ledger may have by now.
    pub fn ask_again(&mut self) {
        for (counter, lease) in std::mem::take(&mut self.pending) {
            self.collect_draw(counter, lease);
        }
    }

    /// Whether admission is to end once this is written.
    pub(super) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Collects what waits, and says what the ledger is to write: the round that it has not answered yet, or else a
    /// new one. `None` when there is nothing to write.
    pub fn begin(&mut self) -> Option<&Settlement> {
        self.collect_waiting();
        if self.current.is_none() {
            self.collect_usage();
            let mut round = std::mem::take(&mut self.next);
            if round.is_empty() {
                round.answer(&Ok(()));
                return None;
            }
            self.sequence += 1;
            (round.settlement.source, round.settlement.sequence) = (self.source, self.sequence);
            self.current = Some(round);
        }
        self.current.as_ref().map(|round| &round.settlement)
    }

    /// Takes the ledger's answer to what [`Self::begin`] gave, and tells everybody who waits for it.
    pub fn end(&mut self, answer: Result<Vec<Grant>, LedgerUnavailable>, now: Ticks) {
        match answer {
            Ok(grants) => {
                if std::mem::take(&mut self.failing) {
                    tracing::info!(target: "tollgate::ledger", "the ledger can be written again");
                }
                if let Some(mut round) = self.current.take() {
                    self.hand_out(&round.draws, &grants, now);
                    round.answer(&Ok(()));
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!(target: "tollgate::ledger", cause = error.0, "the ledger cannot be written; calls are served from leases, and refused without one");
                }
                let next = std::iter::once(&mut self.next);
                self.current.iter_mut().chain(next).for_each(|round| round.put_off(&error));
            }
        }
    }

    /// Takes back leases that nobody used since the last sweep, and forgets counters that hold nothing.
    pub fn sweep(&mut self, now: Ticks) {
        let admission = Arc::clone(&self.admission);
        let counters = admission.counters.pin();
        let mut empty = Vec::new();
        for (id, counter) in &counters {
            if counter.was_idle() {
                let leased = counter.lease.load().is_some();
                self.next.close_lease(counter);
                if !leased && counter.meter.is_empty() && counter.bucket.is_full(now) {
                    empty.push(*id);
                }
            }
        }
        for id in empty {
            if let Some(counter) = counters.remove(&id) {
                counter.forget();
            }
        }
        let buckets = admission.method_buckets.pin();
        buckets.retain(|(id, _), bucket| counters.contains_key(id) || !bucket.is_full(now));
    }

    /// Closes all leases. Nothing is drawn any more.
    pub(super) fn close_leases(&mut self) {
        for (_, counter) in &self.admission.counters.pin() {
            self.next.close_lease(counter);
        }
        self.next.drop_draws(|_, _| true);
    }

    fn collect_waiting(&mut self) {
        for _ in 0..MESSAGES_A_ROUND {
            match self.inbox.0.try_recv() {
                Ok(message) => self.collect(message),
                Err(_) => break,
            }
        }
    }

    /// Takes what was metered. While the ledger is away it stays in the meters, which do not grow.
    fn collect_usage(&mut self) {
        while let Some(counter) = self.admission.dirty.pop() {
            let CounterId { plan, key } = counter.id;
            let counted = counter.meter.take();
            self.next.settlement.usage.extend(counted.map(|(day, calls)| UsageDelta { plan, key, day, calls }));
        }
    }

    fn collect(&mut self, message: Message) {
        match message {
            Message::Draw(counter, lease) => self.collect_draw(counter, lease),
            Message::Expire(id, lease) => {
                self.next.take_back(id, &lease);
                self.next.drop_draws(|_, drawing| Arc::ptr_eq(drawing, &lease));
            }
            Message::Return(returned) => self.next.settlement.returns.push(returned),
            Message::Recall { plan, key, done } => {
                self.collect_recall(plan, key);
                self.next.waiting.push(done);
            }
            Message::Adjust { adjustment, done } => {
                self.collect_recall(adjustment.plan, Some(adjustment.key));
                self.next.settlement.adjustments.push(adjustment);
                self.next.waiting.push(done);
            }
            Message::Import { import, done } => {
                self.collect_recall(import.plan, Some(import.key));
                self.next.settlement.imports.push(import);
                self.next.waiting.push(done);
            }
            Message::Settle(done) => self.next.waiting.push(done),
            Message::Close(done) => {
                self.close_leases();
                self.next.waiting.push(done);
                self.closing = true;
            }
        }
    }

    /// Takes a draw into the round, unless the lease is not the one in force: then it is closed, and whoever waits for
    /// it opens another.
    fn collect_draw(&mut self, counter: Arc<Counter>, lease: Arc<PeriodLease>) {
        let in_force = self.admission.plans.load().get(&counter.id.plan).and_then(|limits| limits.quota);
        let mapped = self.admission.counters.pin().get(&counter.id).is_some_and(|mapped| Arc::ptr_eq(mapped, &counter));
        let current = counter.lease.load().as_ref().is_some_and(|current| Arc::ptr_eq(current, &lease));
        if in_force != Some(lease.quota) || !mapped || !current || lease.units.is_closed() {
            self.next.take_back(counter.id, &lease);
            lease.stop_drawing();
            return;
        }
        let units = lease.next_draw();
        if units <= 0 {
            // Units came back in the meantime: there is something to spend.
            lease.stop_drawing();
            return;
        }
        self.next.settlement.draws.push(Draw {
            plan: counter.id.plan,
            key: counter.id.key,
            quota: lease.quota,
            period: lease.period,
            units,
            opening: !lease.opened.load(Ordering::Acquire),
        });
        self.next.draws.push((counter, lease));
    }

    fn collect_recall(&mut self, plan: UsagePlanId, key: Option<ApiKeyId>) {
        let recalled = |id: &CounterId| id.plan == plan && key.is_none_or(|key| id.key == key);
        let counters = self.admission.counters.pin();
        match key {
            Some(key) => {
                if let Some(counter) = counters.get(&CounterId { plan, key }) {
                    self.next.close_lease(counter);
                }
            }
            None => {
                let recalled = counters.iter().filter(|(id, _)| recalled(id));
                recalled.for_each(|(_, counter)| self.next.close_lease(counter));
            }
        }
        self.next.drop_draws(|id, _| recalled(id));
    }

    /// Deposits what was granted, and wakes who waits for it. What was granted to a lease that was closed meanwhile is
    /// returned.
    fn hand_out(&mut self, draws: &[(Arc<Counter>, Arc<PeriodLease>)], grants: &[Grant], now: Ticks) {
        for ((counter, lease), grant) in draws.iter().zip(grants) {
            lease.opened.store(true, Ordering::Release);
            lease.failed.store(false, Ordering::Release);
            lease.left_in_ledger.store(grant.left, Ordering::Relaxed);
            if grant.pending && lease.pending_for(now) < PENDING_PATIENCE {
                self.pending.push((Arc::clone(counter), Arc::clone(lease)));
                continue;
            }
            lease.pending_since.store(0, Ordering::Relaxed);
            let exhausted = if grant.left <= 0 && grant.units == 0 { now.0 + 1 } else { 0 };
            lease.exhausted_at.store(exhausted, Ordering::Release);
            if let Err(units) = lease.units.deposit(grant.units)
                && units > 0
            {
                let CounterId { plan, key } = counter.id;
                self.admission.tell(Message::Return(Return { plan, key, period: lease.period, units }));
            }
            lease.stop_drawing();
        }
    }
}

impl Round {
    /// Whether there is nothing to write.
    fn is_empty(&self) -> bool {
        let Settlement { usage, returns, adjustments, imports, draws, .. } = &self.settlement;
        usage.is_empty() && returns.is_empty() && adjustments.is_empty() && imports.is_empty() && draws.is_empty()
    }

    /// Closes the lease of a counter and takes its units into the round.
    fn close_lease(&mut self, counter: &Counter) {
        if let Some(lease) = counter.lease.swap(None) {
            self.take_back(counter.id, &lease);
        }
    }

    fn take_back(&mut self, id: CounterId, lease: &PeriodLease) {
        let units = lease.units.close();
        if units > 0 {
            self.settlement.returns.push(Return { plan: id.plan, key: id.key, period: lease.period, units });
        }
        lease.drawn.notify_waiters();
    }

    /// Drops the draws of leases that were just closed: nothing could hold what they would be granted.
    fn drop_draws(&mut self, closed: impl Fn(&CounterId, &Arc<PeriodLease>) -> bool) {
        let draws = std::mem::take(&mut self.settlement.draws).into_iter().zip(std::mem::take(&mut self.draws));
        let (dropped, kept): (Vec<_>, Vec<_>) = draws.partition(|(_, (counter, lease))| closed(&counter.id, lease));
        dropped.iter().for_each(|(_, (_, lease))| lease.stop_drawing());
        (self.settlement.draws, self.draws) = kept.into_iter().unzip();
    }

    /// Answers everybody who waits for this round.
    fn answer(&mut self, answer: &Result<(), LedgerUnavailable>) {
        for waiting in self.waiting.drain(..) {
            let _ = waiting.send(answer.clone());
        }
    }

    /// Keeps what is to be written for later, and tells everybody who waits that it is not written yet. What is left
    /// of a quota is not set later, nor is anything imported: whoever asked for it was told that it failed.
    fn put_off(&mut self, error: &LedgerUnavailable) {
        self.settlement.adjustments.clear();
        self.settlement.imports.clear();
        self.draws.iter().for_each(|(_, lease)| lease.fail_draw());
        self.answer(&Err(error.clone()));
    }
}
