//! The keeper: the one task that talks to the ledger. It says when a round is begun, and carries it there.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tollgate_domain::{Adjustment, ApiKeyId, Clock, Period, UsagePlanId};

use super::Admission;
use super::counter::CounterId;
use super::ledger::{Ledger, LedgerUnavailable};
use super::rounds::{Inbox, Message, Rounds};

/// How long admitted calls wait at most before they are reported.
const REPORT_EVERY: Duration = Duration::from_millis(200);

/// How often idle leases are looked for. A lease comes back when no call came for one to two of these.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// Talks to the ledger. Run it on a thread that serves no calls.
pub struct Keeper {
    admission: Arc<Admission>,
    rounds: Rounds,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
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
        Self { rounds: Rounds::new(Arc::clone(&admission), inbox, source), admission, ledger, clock }
    }

    /// Serves until [`Admission::close`] is called.
    pub async fn run(mut self) {
        let mut report = tokio::time::interval(REPORT_EVERY);
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        report.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                asked = self.rounds.asked() => if !asked { return },
                _ = report.tick() => {}
                _ = sweep.tick() => self.rounds.sweep(self.clock.ticks()),
            }
            let written = self.write().await;
            if self.rounds.is_closing() {
                return self.finish().await;
            }
            if !written {
                tokio::time::sleep(REPORT_EVERY).await;
            }
        }
    }

    /// Writes what came while the last round was written. Calls have ended, so there is little of it.
    async fn finish(&mut self) {
        self.rounds.close_leases();
        self.write().await;
    }

    /// Writes rounds until nothing waits. False when the ledger could not be written.
    async fn write(&mut self) -> bool {
        loop {
            let begun = self.clock.now().ticks;
            let Some(settlement) = self.rounds.begin() else {
                self.admission.watch.settled(begun);
                return true;
            };
            self.admission.watch.asked(settlement.draws.len());
            let answer = self.ledger.settle(settlement).await;
            let (written, now) = (answer.is_ok(), self.clock.now());
            self.rounds.end(answer, now.ticks);
            if !written {
                self.admission.watch.failed(now);
                return false;
            }
            self.admission.watch.written();
        }
    }
}
