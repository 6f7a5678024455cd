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
use tollgate_domain::breath::breathe;
use tollgate_domain::lease::Closed;
use tollgate_domain::{
    Adjustment, ApiKeyId, Draw, Grant, Return, Settlement, Ticks, UsageDelta, UsageImport, UsagePlanId,
};

use super::Admission;
use super::counter::{Counter, CounterId};
use super::ledger::LedgerUnavailable;

/// Messages of each kind that are taken into one round at most, so that a round stays short.
const MESSAGES_A_ROUND: usize = 4096;

/// Meters that are read in some 30 µs.
const METERS_A_BREATH: usize = 256;

/// How long the ledger is asked again for units that lie with other nodes, before their callers are told that the quota
/// is used up.
const PENDING_PATIENCE: Duration = Duration::from_secs(2);

/// Tells whoever asked for something that it is written.
type Done = oneshot::Sender<Result<(), LedgerUnavailable>>;

/// One lease of those that a counter has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LeaseAt {
    pub(super) place: u32,
    pub(super) number: u32,
}

/// What the rest of admission asks for.
#[derive(Debug)]
pub(crate) enum Message {
    /// A lease is empty, and calls wait for units.
    Draw(LeaseAt),
    /// A lease was replaced by one for the next period, and has these units to hand back.
    Expire(LeaseAt, Return),
    /// A spent unit came back after its lease was closed.
    Return(Return),
    /// Calls were admitted that a meter has no more room for: the ledger has been away for two days.
    Used(UsageDelta),
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
pub struct Inbox {
    pub(super) asked: mpsc::UnboundedReceiver<Message>,
    /// Leases that run low.
    pub(super) ahead: mpsc::UnboundedReceiver<LeaseAt>,
}

/// What [`Rounds::asked`] waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Somebody waits for a round.
    Now,
    /// A lease is to be drawn for before it is empty.
    Ahead,
    /// Nobody is left to ask.
    Never,
}

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
    pending: Vec<Drawing>,
    /// Whether a lease that runs low was collected since the last round was begun.
    draws_ahead: bool,
    closing: bool,
    failing: bool,
}

#[derive(Debug, Default)]
struct Round {
    settlement: Settlement,
    /// What the settlement's draws are for, in their order.
    draws: Vec<Drawing>,
    waiting: Vec<Done>,
    /// Whether what was metered is in it.
    has_usage: bool,
}

/// A lease that is being drawn for.
#[derive(Clone, Copy, Debug)]
struct Drawing {
    lease: LeaseAt,
    /// When the ledger first said that it may have units in a moment.
    pending_since: Option<Ticks>,
}

impl Rounds {
    /// The rounds of `admission`, which read the inbox that was made with it. `source` names this process to the
    /// ledger, and no other process ever.
    pub fn new(admission: Arc<Admission>, inbox: Inbox, source: u64) -> Self {
        let (next, current) = (Round::default(), None);
        Self {
            admission,
            inbox,
            source,
            sequence: 0,
            current,
            next,
            pending: Vec::new(),
            draws_ahead: false,
            closing: false,
            failing: false,
        }
    }

    /// Waits until something is asked for. Of leases that run low only the first is told: the others wake nobody.
    pub(super) async fn asked(&mut self) -> Asked {
        tokio::select! {
            message = self.inbox.asked.recv() => match message {
                Some(message) => {
                    self.collect(message);
                    Asked::Now
                }
                None => Asked::Never,
            },
            Some(lease) = self.inbox.ahead.recv(), if !self.draws_ahead => {
                self.draw_ahead(lease);
                // Whoever found it empty may have hurried before this was told.
                let counter = self.admission.counters.at(lease.place);
                let is_waited_for = counter.is_some_and(|counter| counter.lease.is_drawing(lease.number));
                if is_waited_for { Asked::Now } else { Asked::Ahead }
            }
        }
    }

    /// Whether leases are to be drawn for before they are empty.
    pub(super) fn draws_ahead(&self) -> bool {
        self.draws_ahead
    }

    fn draw_ahead(&mut self, lease: LeaseAt) {
        self.draws_ahead = true;
        self.collect_draw(Drawing { lease, pending_since: None });
    }

    /// Whether anything is asked for that the last round does not have, or as many leases run low as a round takes.
    pub(super) fn is_asked(&self) -> bool {
        !self.inbox.asked.is_empty() || self.inbox.ahead.len() >= MESSAGES_A_ROUND
    }

    /// Whether there are draws to ask for again in a moment.
    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Asks again for what the ledger may have by now.
    pub fn ask_again(&mut self) {
        for drawing in std::mem::take(&mut self.pending) {
            self.collect_draw(drawing);
        }
    }

    /// Whether admission is to end once this is written.
    pub(super) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Collects what waits, and says what the ledger is to write: the round that it has not answered yet, or else a
    /// new one. `None` when there is nothing to write.
    pub fn begin(&mut self) -> Option<&Settlement> {
        self.begin_when(true)
    }

    /// The same. What was metered is left for another round if it is not `due` and nothing here needs it: to write what
    /// each key has used takes longer than the draws of a few.
    pub fn begin_when(&mut self, usage_is_due: bool) -> Option<&Settlement> {
        self.collect_waiting();
        if self.current.is_none() {
            self.next.has_usage = usage_is_due || self.next.needs_usage();
            if self.next.has_usage {
                self.collect_usage();
            }
            let mut round = std::mem::take(&mut self.next);
            self.draws_ahead = false;
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

    /// Whether the round that the ledger is to answer has all that was metered before it was begun.
    pub(super) fn has_usage(&self) -> bool {
        self.current.as_ref().is_some_and(|round| round.has_usage)
    }

    /// Takes the ledger's answer to what [`Self::begin`] gave, and tells everybody who waits for it.
    pub fn end(&mut self, answer: Result<Vec<Grant>, LedgerUnavailable>, now: Ticks) {
        match answer {
            Ok(grants) => {
                if std::mem::take(&mut self.failing) {
                    tracing::info!(target: "tollgate::ledger", "the ledger can be written again");
                }
                if let Some(mut round) = self.current.take() {
                    self.hand_out(&round, &grants, now);
                    round.answer(&Ok(()));
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!(target: "tollgate::ledger", cause = error.0, "the ledger cannot be written; calls are served from leases, and refused without one");
                }
                self.admission.failures.fetch_add(1, Ordering::AcqRel);
                let next = std::iter::once(&mut self.next);
                self.current.iter_mut().chain(next).for_each(|round| round.put_off(&error, &self.admission));
            }
        }
    }

    /// Takes back leases that nobody used since the last sweep, and forgets counters that hold nothing.
    pub fn sweep(&mut self, now: Ticks) {
        let admission = Arc::clone(&self.admission);
        for (place, _, counter) in admission.counters.iter() {
            if counter.tenancy.was_idle() && !self.next.close_lease(place, counter, &admission) {
                admission.counters.forget(place, now);
            }
        }
        admission.method_buckets.pin().retain(|_, bucket| !bucket.is_idle(now));
    }

    /// Closes all leases. Nothing is drawn any more.
    pub(super) fn close_leases(&mut self) {
        for (place, _, counter) in self.admission.counters.iter() {
            self.next.close_lease(place, counter, &self.admission);
        }
        self.next.drop_draws(&self.admission, |_, _| true);
    }

    fn collect_waiting(&mut self) {
        for _ in 0..MESSAGES_A_ROUND {
            match self.inbox.asked.try_recv() {
                Ok(message) => self.collect(message),
                Err(_) => break,
            }
        }
        for _ in 0..MESSAGES_A_ROUND {
            match self.inbox.ahead.try_recv() {
                Ok(lease) => self.draw_ahead(lease),
                Err(_) => break,
            }
        }
    }

    /// Takes what was metered. While the ledger is away it stays in the meters, which do not grow.
    fn collect_usage(&mut self) {
        let counters = &self.admission.counters;
        for (index, place) in counters.take_unreported().enumerate() {
            breathe(index, METERS_A_BREATH);
            // A counter that has something to report is not forgotten, so it is theirs whose it was when they called.
            if let Some((counter, CounterId { plan, key })) = counters.at(place).zip(counters.id_at(place)) {
                let counted = counter.meter.take();
                self.next.settlement.usage.extend(counted.map(|(day, calls)| UsageDelta { plan, key, day, calls }));
            }
        }
    }

    fn collect(&mut self, message: Message) {
        match message {
            Message::Draw(lease) => self.collect_draw(Drawing { lease, pending_since: None }),
            Message::Expire(lease, returned) => {
                self.next.settlement.returns.extend(Some(returned).filter(|returned| returned.units > 0));
                self.next.drop_draws(&self.admission, |_, drawing| drawing.lease == lease);
                self.admission.bells.ring(lease.place);
            }
            Message::Return(returned) => self.next.settlement.returns.push(returned),
            Message::Used(usage) => self.next.settlement.usage.push(usage),
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
    fn collect_draw(&mut self, drawing: Drawing) {
        let admission = &self.admission;
        let LeaseAt { place, number } = drawing.lease;
        let Some((counter, id)) = admission.counters.at(place).zip(admission.counters.id_at(place)) else { return };
        let Some((_, terms, _)) = counter.lease.current().filter(|(current, ..)| *current == number) else { return };
        let in_force = admission.plans.load().get(&id.plan).and_then(|limits| limits.quota);
        if in_force != Some(terms.quota) {
            self.next.take_back(id, counter.lease.close_number(number));
        } else if let Some((units, is_first)) = counter.lease.next_draw(number).filter(|(units, _)| *units > 0) {
            let (plan, key) = (id.plan, id.key);
            let (quota, period) = (terms.quota, terms.period);
            self.next.settlement.draws.push(Draw { plan, key, quota, period, units, opening: is_first });
            self.next.draws.push(drawing);
            return;
        }
        // It was closed, or units came back in the meantime: there is something to spend.
        counter.lease.stop_drawing(number);
        admission.bells.ring(place);
    }

    fn collect_recall(&mut self, plan: UsagePlanId, key: Option<ApiKeyId>) {
        let counters = &self.admission.counters;
        match key {
            Some(key) => {
                let found = counters.find(CounterId { plan, key });
                if let Some((at, counter)) = found.and_then(|at| Some((at, counters.at(at.place)?))) {
                    self.next.close_lease(at.place, counter, &self.admission);
                }
            }
            None => {
                let tag = counters.plans.tag(plan);
                for (place, _, counter) in counters.iter().filter(|(_, owner, _)| Some(owner.plan) == tag) {
                    self.next.close_lease(place, counter, &self.admission);
                }
            }
        }
        let recalled = |draw: &Draw| draw.plan == plan && key.is_none_or(|key| draw.key == key);
        self.next.drop_draws(&self.admission, |draw, _| recalled(draw));
    }

    /// Deposits what was granted, and wakes who waits for it. What was granted to a lease that was closed meanwhile is
    /// returned.
    fn hand_out(&mut self, round: &Round, grants: &[Grant], now: Ticks) {
        for ((draw, drawing), grant) in round.settlement.draws.iter().zip(&round.draws).zip(grants) {
            let LeaseAt { place, number } = drawing.lease;
            let Some(counter) = self.admission.counters.at(place) else { continue };
            let pending_since = drawing.pending_since.unwrap_or(now);
            if grant.pending && now.since(pending_since) < PENDING_PATIENCE {
                counter.lease.answered(number, grant.left, counter.lease.exhausted_at());
                self.pending.push(Drawing { pending_since: Some(pending_since), ..*drawing });
                continue;
            }
            let is_exhausted = grant.left <= 0 && grant.units == 0;
            counter.lease.answered(number, grant.left, is_exhausted.then_some(now));
            if let Err(units) = counter.lease.deposit(number, grant.units)
                && units > 0
            {
                let Draw { plan, key, period, .. } = *draw;
                self.admission.tell(Message::Return(Return { plan, key, period, units }));
            }
            counter.lease.stop_drawing(number);
            self.admission.bells.ring(place);
        }
    }
}

impl Round {
    /// Whether there is nothing to write.
    fn is_empty(&self) -> bool {
        let Settlement { usage, returns, adjustments, imports, draws, .. } = &self.settlement;
        usage.is_empty() && returns.is_empty() && adjustments.is_empty() && imports.is_empty() && draws.is_empty()
    }

    /// Whether somebody relies on usage that is in the ledger: who asked for a round, or a first draw, which counts what
    /// was used before there was a lease.
    fn needs_usage(&self) -> bool {
        !self.waiting.is_empty() || self.settlement.draws.iter().any(|draw| draw.opening)
    }

    /// Closes the lease of a counter and takes its units into the round; says whether there was one.
    fn close_lease(&mut self, place: u32, counter: &Counter, admission: &Admission) -> bool {
        let closed = counter.lease.close();
        if let Some(id) = admission.counters.id_at(place).filter(|_| closed.is_some()) {
            self.take_back(id, closed);
            admission.bells.ring(place);
        }
        closed.is_some()
    }

    fn take_back(&mut self, id: CounterId, closed: Option<Closed>) {
        if let Some(Closed { period, units, .. }) = closed.filter(|closed| closed.units > 0) {
            self.settlement.returns.push(Return { plan: id.plan, key: id.key, period, units });
        }
    }

    /// Drops the draws of leases that were just closed: nothing could hold what they would be granted.
    fn drop_draws(&mut self, admission: &Admission, closed: impl Fn(&Draw, &Drawing) -> bool) {
        let draws = std::mem::take(&mut self.settlement.draws).into_iter().zip(std::mem::take(&mut self.draws));
        let (dropped, kept): (Vec<_>, Vec<_>) = draws.partition(|(draw, drawing)| closed(draw, drawing));
        for LeaseAt { place, number } in dropped.iter().map(|(_, drawing)| drawing.lease) {
            admission.counters.at(place).iter().for_each(|counter| counter.lease.stop_drawing(number));
            admission.bells.ring(place);
        }
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
    fn put_off(&mut self, error: &LedgerUnavailable, admission: &Admission) {
        self.settlement.adjustments.clear();
        self.settlement.imports.clear();
        for LeaseAt { place, number } in self.draws.iter().map(|drawing| drawing.lease) {
            admission.counters.at(place).iter().for_each(|counter| counter.lease.fail_draw(number));
            admission.bells.ring(place);
        }
        self.answer(&Err(error.clone()));
    }
}
