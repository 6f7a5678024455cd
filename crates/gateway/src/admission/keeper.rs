//! The keeper: the one task that talks to the ledger.
//!
//! It takes all that is waiting (usage to report, units to return, units to draw), writes it as one round, and hands
//! out what was granted. Since it does one round at a time, a lease that was called back in one round cannot be filled
//! by a draw of an older one.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tollgate_domain::{Adjustment, ApiKeyId, Clock, Draw, Grant, Period, Return, Settlement, UsageDelta, UsagePlanId};

use super::Admission;
use super::counter::{Counter, CounterId, PeriodLease};
use super::ledger::{Ledger, LedgerUnavailable};

/// How long admitted calls wait at most before they are reported.
const REPORT_EVERY: Duration = Duration::from_millis(200);

/// How often idle leases are looked for. A lease comes back when no call came for one to two of these.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// Messages taken into one round at most, so that a round stays short.
const MESSAGES_A_ROUND: usize = 4096;

/// What the rest of admission tells the keeper.
#[derive(Debug)]
pub(crate) enum Message {
    /// A lease runs low.
    Draw(Arc<Counter>, Arc<PeriodLease>),
    /// A lease was replaced by one for the next period.
    Expire(CounterId, Arc<PeriodLease>),
    /// A spent unit came back after its lease was closed.
    Return(Return),
    /// Leases are to be called back.
    Recall { plan: UsagePlanId, key: Option<ApiKeyId>, done: oneshot::Sender<Result<(), LedgerUnavailable>> },
    /// What is left of a key's quota is to be set.
    Adjust { adjustment: Adjustment, done: oneshot::Sender<Result<(), LedgerUnavailable>> },
    /// Usage is to be reported now.
    Settle(oneshot::Sender<Result<(), LedgerUnavailable>>),
    /// Everything is to be returned and reported, and the keeper is to end.
    Close(oneshot::Sender<Result<(), LedgerUnavailable>>),
}

/// Messages on their way to the keeper.
#[derive(Debug)]
pub struct Inbox(pub(super) mpsc::UnboundedReceiver<Message>);

/// Talks to the ledger. Run it on a thread that serves no calls.
pub struct Keeper {
    admission: Arc<Admission>,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    inbox: Inbox,
    /// Names this process to the ledger.
    source: u64,
    sequence: u64,
    /// A round whose writing failed, without its draws. It is written again, under its own number, before any other.
    unwritten: Option<Settlement>,
}

#[derive(Default)]
struct Round {
    settlement: Settlement,
    draws: Vec<(Arc<Counter>, Arc<PeriodLease>)>,
    waiting: Vec<oneshot::Sender<Result<(), LedgerUnavailable>>>,
    closing: bool,
}

impl Round {
    /// Whether there is nothing to write.
    fn is_empty(&self) -> bool {
        let Settlement { usage, returns, adjustments, draws, .. } = &self.settlement;
        usage.is_empty() && returns.is_empty() && adjustments.is_empty() && draws.is_empty()
    }

    /// Drops the draws of counters whose leases were just closed: nothing could hold what they would be granted.
    fn drop_draws(&mut self, closed: impl Fn(&CounterId) -> bool) {
        let draws = std::mem::take(&mut self.settlement.draws).into_iter().zip(std::mem::take(&mut self.draws));
        let (dropped, kept): (Vec<_>, Vec<_>) = draws.partition(|(_, (counter, _))| closed(&counter.id));
        dropped.iter().for_each(|(_, (_, lease))| lease.stop_drawing());
        (self.settlement.draws, self.draws) = kept.into_iter().unzip();
    }
}

impl Admission {
    /// Calls back the leases of a plan, or of one of its keys, and reports all usage. Once it returns, the ledger holds
    /// every unspent unit, and the limits in force decide what is drawn.
    pub async fn recall(&self, plan: UsagePlanId, key: Option<ApiKeyId>) -> Result<(), LedgerUnavailable> {
        self.ask(|done| Message::Recall { plan, key, done }).await
    }

    /// Sets what is left of a key's quota, in one step with calling back its lease: no call comes between.
    pub async fn adjust(&self, adjustment: Adjustment) -> Result<(), LedgerUnavailable> {
        self.ask(|done| Message::Adjust { adjustment, done }).await
    }

    /// Reports all usage counted so far.
    pub async fn settle(&self) -> Result<(), LedgerUnavailable> {
        self.ask(Message::Settle).await
    }

    /// Returns all leases, reports all usage and ends the keeper.
    pub async fn close(&self) -> Result<(), LedgerUnavailable> {
        self.ask(Message::Close).await
    }

    /// Unspent units that this node holds for a key in a plan, and the period they are for.
    pub fn unspent(&self, plan: UsagePlanId, key: ApiKeyId) -> Option<(Period, i64)> {
        let counters = self.counters.pin();
        let lease = counters.get(&CounterId { plan, key })?.lease.load_full()?;
        Some((lease.period, lease.units.unspent()))
    }

    async fn ask(
        &self,
        message: impl FnOnce(oneshot::Sender<Result<(), LedgerUnavailable>>) -> Message,
    ) -> Result<(), LedgerUnavailable> {
        let (done, answer) = oneshot::channel();
        self.tell(message(done));
        answer.await.unwrap_or_else(|_| Err(LedgerUnavailable("the keeper has ended".to_owned())))
    }
}

impl Keeper {
    /// A keeper for `admission`, which reads the inbox that was made with it. `source` names this process to the
    /// ledger, and no other process ever.
    pub fn new(
        admission: Arc<Admission>,
        inbox: Inbox,
        ledger: Arc<dyn Ledger>,
        clock: Arc<dyn Clock>,
        source: u64,
    ) -> Self {
        Self { admission, ledger, clock, inbox, source, sequence: 0, unwritten: None }
    }

    /// Serves until [`Admission::close`] is called.
    pub async fn run(mut self) {
        let mut report = tokio::time::interval(REPORT_EVERY);
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        report.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let mut round = Round::default();
            tokio::select! {
                message = self.inbox.0.recv() => match message {
                    Some(message) => self.collect(message, &mut round),
                    None => return,
                },
                _ = report.tick() => {}
                _ = sweep.tick() => self.sweep(&mut round),
            }
            self.collect_waiting(&mut round);
            let closing = round.closing;
            let written = self.write(round).await;
            if closing {
                return self.finish().await;
            }
            if !written {
                tokio::time::sleep(REPORT_EVERY).await;
            }
        }
    }

    /// Writes what came while the last round was written. Calls have ended, so there is little of it.
    async fn finish(&mut self) {
        loop {
            let mut round = Round::default();
            self.collect_waiting(&mut round);
            for (_, counter) in &self.admission.counters.pin() {
                close_lease(counter, &mut round);
            }
            round.drop_draws(|_| true);
            if round.is_empty() || !self.write(round).await {
                return;
            }
        }
    }

    fn collect_waiting(&mut self, round: &mut Round) {
        for _ in 0..MESSAGES_A_ROUND {
            match self.inbox.0.try_recv() {
                Ok(message) => self.collect(message, round),
                Err(_) => break,
            }
        }
        while let Some(counter) = self.admission.dirty.pop() {
            let CounterId { plan, key } = counter.id;
            let counted = counter.meter.take();
            round.settlement.usage.extend(counted.map(|(day, calls)| UsageDelta { plan, key, day, calls }));
        }
    }

    fn collect(&self, message: Message, round: &mut Round) {
        match message {
            Message::Draw(counter, lease) => self.collect_draw(counter, lease, round),
            Message::Expire(id, lease) => take_back(id, &lease, round),
            Message::Return(returned) => round.settlement.returns.push(returned),
            Message::Recall { plan, key, done } => {
                self.collect_recall(plan, key, round);
                round.waiting.push(done);
            }
            Message::Adjust { adjustment, done } => {
                self.collect_recall(adjustment.plan, Some(adjustment.key), round);
                round.settlement.adjustments.push(adjustment);
                round.waiting.push(done);
            }
            Message::Settle(done) => round.waiting.push(done),
            Message::Close(done) => {
                for (_, counter) in &self.admission.counters.pin() {
                    close_lease(counter, round);
                }
                round.drop_draws(|_| true);
                round.waiting.push(done);
                round.closing = true;
            }
        }
    }

    /// Takes a draw into the round, unless the lease is not the one in force: then it is closed, and whoever waits for
    /// it opens another.
    fn collect_draw(&self, counter: Arc<Counter>, lease: Arc<PeriodLease>, round: &mut Round) {
        let in_force = self.admission.plans.load().get(&counter.id.plan).and_then(|limits| limits.quota);
        let mapped = self.admission.counters.pin().get(&counter.id).is_some_and(|mapped| Arc::ptr_eq(mapped, &counter));
        let current = counter.lease.load().as_ref().is_some_and(|current| Arc::ptr_eq(current, &lease));
        if in_force != Some(lease.quota) || !mapped || !current || lease.units.is_closed() {
            take_back(counter.id, &lease, round);
            lease.stop_drawing();
            return;
        }
        let units = lease.next_draw();
        if units <= 0 {
            // Units came back in the meantime: there is something to spend.
            lease.stop_drawing();
            return;
        }
        round.settlement.draws.push(Draw {
            plan: counter.id.plan,
            key: counter.id.key,
            quota: lease.quota,
            period: lease.period,
            units,
            opening: !lease.opened.load(Ordering::Acquire),
        });
        round.draws.push((counter, lease));
    }

    fn collect_recall(&self, plan: UsagePlanId, key: Option<ApiKeyId>, round: &mut Round) {
        let recalled = |id: &CounterId| id.plan == plan && key.is_none_or(|key| id.key == key);
        let counters = self.admission.counters.pin();
        match key {
            Some(key) => {
                if let Some(counter) = counters.get(&CounterId { plan, key }) {
                    close_lease(counter, round);
                }
            }
            None => counters.iter().filter(|(id, _)| recalled(id)).for_each(|(_, counter)| close_lease(counter, round)),
        }
        round.drop_draws(recalled);
    }

    /// Takes back leases that nobody used since the last sweep, and forgets counters that hold nothing.
    fn sweep(&self, round: &mut Round) {
        let now = self.clock.now().ticks;
        let counters = self.admission.counters.pin();
        let mut empty = Vec::new();
        for (id, counter) in &counters {
            if counter.was_idle() {
                let leased = counter.lease.load().is_some();
                close_lease(counter, round);
                if !leased && counter.meter.is_empty() && counter.bucket.is_full(now) {
                    empty.push(*id);
                }
            }
        }
        for id in empty {
            counters.remove(&id);
        }
        let buckets = self.admission.method_buckets.pin();
        buckets.retain(|(id, _), bucket| counters.contains_key(id) || !bucket.is_full(now));
    }

    /// Writes a round and tells everybody who waits for it. False when the ledger could not be written.
    async fn write(&mut self, mut round: Round) -> bool {
        let outcome = self.write_unwritten().await;
        let outcome = match outcome {
            Ok(()) if round.is_empty() => Ok(Vec::new()),
            Ok(()) => {
                self.sequence += 1;
                (round.settlement.source, round.settlement.sequence) = (self.source, self.sequence);
                self.ledger.settle(&round.settlement).await
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(grants) => {
                self.hand_out(&round.draws, &grants, &mut round.settlement);
                round.waiting.into_iter().for_each(|waiting| drop(waiting.send(Ok(()))));
                true
            }
            Err(error) => {
                self.fail(round, &error);
                false
            }
        }
    }

    async fn write_unwritten(&mut self) -> Result<(), LedgerUnavailable> {
        if let Some(unwritten) = &self.unwritten {
            self.ledger.settle(unwritten).await?;
            tracing::info!(target: "tollgate::ledger", "the ledger can be written again");
            self.unwritten = None;
        }
        Ok(())
    }

    fn hand_out(&self, draws: &[(Arc<Counter>, Arc<PeriodLease>)], grants: &[Grant], settlement: &mut Settlement) {
        let now = self.clock.now().ticks;
        for ((counter, lease), grant) in draws.iter().zip(grants) {
            lease.opened.store(true, Ordering::Release);
            lease.failed.store(false, Ordering::Release);
            lease.left_in_ledger.store(grant.left, Ordering::Relaxed);
            let exhausted = if grant.left <= 0 && grant.units == 0 { now.0 + 1 } else { 0 };
            lease.exhausted_at.store(exhausted, Ordering::Release);
            if let Err(units) = lease.units.deposit(grant.units) {
                let CounterId { plan, key } = counter.id;
                self.admission.tell(Message::Return(Return { plan, key, period: lease.period, units }));
            }
            lease.stop_drawing();
        }
        settlement.draws.clear();
    }

    /// Keeps what has to be written, and tells everybody who waits that it was not.
    fn fail(&mut self, round: Round, error: &LedgerUnavailable) {
        if self.unwritten.is_none() {
            tracing::error!(target: "tollgate::ledger", %error, "the ledger cannot be written; calls are served from leases");
        }
        for (_, lease) in &round.draws {
            lease.failed.store(true, Ordering::Release);
            lease.stop_drawing();
        }
        let Settlement { source, sequence, usage, returns, .. } = round.settlement;
        match &mut self.unwritten {
            // It was never tried, so it may join the round that is tried next only under a number of its own; usage
            // goes back to the queue of what is to be reported.
            Some(_) => self.keep_for_later(usage, returns),
            None => self.unwritten = Some(Settlement { source, sequence, usage, returns, ..Settlement::default() }),
        }
        for waiting in round.waiting {
            let _ = waiting.send(Err(error.clone()));
        }
    }

    /// Puts a round that was never tried back where the next one finds it.
    fn keep_for_later(&self, usage: Vec<UsageDelta>, returns: Vec<Return>) {
        for returned in returns {
            self.admission.tell(Message::Return(returned));
        }
        for UsageDelta { plan, key, day, calls } in usage {
            let counter = self.admission.counter(CounterId { plan, key });
            if counter.meter.add(day, calls) {
                self.admission.dirty.push(counter);
            }
        }
    }
}

/// Closes the lease of a counter and takes its units into the round.
fn close_lease(counter: &Counter, round: &mut Round) {
    if let Some(lease) = counter.lease.swap(None) {
        take_back(counter.id, &lease, round);
    }
}

fn take_back(id: CounterId, lease: &PeriodLease, round: &mut Round) {
    let units = lease.units.close();
    if units > 0 {
        round.settlement.returns.push(Return { plan: id.plan, key: id.key, period: lease.period, units });
    }
    lease.drawn.notify_waiters();
}
