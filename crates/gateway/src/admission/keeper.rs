//! The keeper: the one task that talks to the ledger. It says when a round is begun, and carries it there.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tollgate_domain::{Adjustment, ApiKeyId, Clock, Period, Ticks, UsageImport, UsagePlanId};

use super::Admission;
use super::counter::CounterId;
use super::ledger::{Ledger, LedgerUnavailable};
use super::rounds::{Asked, Inbox, Message, Rounds};

/// How long admitted calls wait at most before they are reported.
const REPORT_EVERY: Duration = Duration::from_millis(200);

/// How often idle leases are looked for. A lease comes back when no call came for one to two of these.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// How long a lease that runs low waits for others at most. Many do at once, and a round costs the same for one as for
/// all; calls that find their lease empty meanwhile end the wait.
const DRAW_AHEAD_EVERY: Duration = Duration::from_millis(100);

/// How often the ledger is asked again for units that are on leases of other nodes, while callers wait for them.
const ASK_AGAIN_EVERY: Duration = Duration::from_millis(25);

/// Talks to the ledger. Run it on a thread that serves no calls.
pub struct Keeper {
    admission: Arc<Admission>,
    rounds: Rounds,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    /// When what the round has was collected.
    collected_at: Ticks,
    /// When the last round was begun, and the last that had what was metered.
    begun: Instant,
    reported: Instant,
    /// Whether what was metered is to be reported with the next round.
    report_is_due: bool,
    /// Whether the ledger is still to be asked for a round that it was asked for before.
    retrying: bool,
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

    /// Counts here what a key used elsewhere, in one step with calling back its lease: no call comes between.
    pub async fn import_usage(&self, import: UsageImport) -> Result<(), LedgerUnavailable> {
        self.ask(|done| Message::Import { import, done }).await
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
        let at = self.counters.find(CounterId { plan, key })?;
        let (_, terms, units) = self.counters.at(at.place)?.lease.current()?;
        Some((terms.period, units))
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
        Self {
            rounds: Rounds::new(Arc::clone(&admission), inbox, source),
            admission,
            ledger,
            clock,
            collected_at: Ticks(0),
            begun: Instant::now(),
            reported: Instant::now(),
            report_is_due: false,
            retrying: false,
        }
    }

    /// Serves until [`Admission::close`] is called.
    pub async fn run(mut self) {
        let mut report = tokio::time::interval(REPORT_EVERY);
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        let mut again = tokio::time::interval(ASK_AGAIN_EVERY);
        again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        report.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // A process that stood still for a while, as with its virtual machine, does not take all leases back at once when
        // it goes on.
        sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                asked = self.rounds.asked() => match asked {
                    Asked::Now => {}
                    Asked::Ahead => continue,
                    Asked::Never => return,
                },
                () = tokio::time::sleep_until(self.begun + DRAW_AHEAD_EVERY), if self.rounds.draws_ahead() => {}
                () = self.admission.hurry.notified(), if self.rounds.draws_ahead() => {}
                _ = report.tick() => self.report_is_due = true,
                _ = again.tick(), if self.rounds.has_pending() => self.rounds.ask_again(),
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
        loop {
            self.report_is_due = true;
            if self.write_round().await != Some(true) {
                return;
            }
        }
    }

    /// Writes a round, and others while anything is asked for. Calls that are counted meanwhile wait for the next
    /// report: to write them at once would keep the ledger busy for as long as there are calls. False when the ledger
    /// could not be written.
    async fn write(&mut self) -> bool {
        loop {
            match self.write_round().await {
                Some(false) => return false,
                Some(true) if self.rounds.is_asked() => {}
                Some(true) | None => return true,
            }
        }
    }

    /// Writes one round, and says whether the ledger has it; `None` when there was nothing to write.
    async fn write_round(&mut self) -> Option<bool> {
        if !self.retrying {
            self.collected_at = self.clock.ticks();
        }
        let watch = &self.admission.watch;
        let now = Instant::now();
        // Draws may follow each other so closely that no tick comes between them.
        let report = self.report_is_due || now.duration_since(self.reported) >= REPORT_EVERY;
        let Some(settlement) = self.rounds.begin_when(report) else {
            if report {
                (self.reported, self.report_is_due) = (now, false);
                watch.settled(self.collected_at);
            }
            return None;
        };
        self.begun = now;
        watch.asked(settlement.draws.len());
        let answer = self.ledger.settle(settlement).await;
        let (written, answered) = (answer.is_ok(), self.clock.now());
        let has_usage = self.rounds.has_usage();
        self.rounds.end(answer, answered.ticks);
        self.retrying = !written;
        match written {
            true => watch.written(),
            false => watch.failed(answered),
        }
        if written && has_usage {
            (self.reported, self.report_is_due) = (now, false);
            watch.settled(self.collected_at);
        }
        Some(written)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use tollgate_domain::clock::ManualClock;
    use tollgate_domain::{
        Catalog, Edit, Grant, KeyDigester, QuotaPeriod, QuotaSettings, Record, Settlement, UnixMillis, UsagePlan,
    };

    use super::super::ledger::Settling;
    use super::super::{Demand, Keyed, PlanLimits};
    use super::*;

    /// Takes some time for each round, in which calls go on.
    #[derive(Default)]
    struct SlowLedger {
        rounds: AtomicU64,
        /// Those that had usage.
        reports: AtomicU64,
        calls: AtomicU64,
    }

    impl Ledger for SlowLedger {
        fn settle<'a>(&'a self, settlement: &'a Settlement) -> Settling<'a> {
            Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                self.rounds.fetch_add(1, Ordering::Relaxed);
                self.reports.fetch_add(u64::from(!settlement.usage.is_empty()), Ordering::Relaxed);
                let calls: u64 = settlement.usage.iter().map(|delta| delta.calls).sum();
                self.calls.fetch_add(calls, Ordering::Relaxed);
                Ok(settlement
                    .draws
                    .iter()
                    .map(|draw| Grant { units: draw.units, left: 1_000_000, pending: false })
                    .collect())
            })
        }
    }

    fn plan(id: UsagePlanId, limit: u32) -> UsagePlan {
        UsagePlan {
            id,
            name: String::new(),
            description: None,
            api_stages: Vec::new(),
            throttle: None,
            quota: Some(QuotaSettings { limit, offset: 0, period: QuotaPeriod::Day }),
            product_code: None,
            tags: std::collections::BTreeMap::new(),
        }
    }

    /// A gateway whose keeper is at work, with one plan.
    struct Site {
        admission: Arc<Admission>,
        ledger: Arc<SlowLedger>,
        clock: Arc<ManualClock>,
        limits: PlanLimits,
        keeper: tokio::task::JoinHandle<()>,
    }

    impl Site {
        /// `limit` is the quota's.
        fn new(limit: u32) -> Self {
            let clock = Arc::new(ManualClock::at(UnixMillis(0)));
            let (admission, inbox) = Admission::new(KeyDigester::new([0; 32]));
            let (admission, ledger) = (Arc::new(admission), Arc::new(SlowLedger::default()));
            let plan = plan(UsagePlanId::parse("plan1").expect("an id"), limit);
            let limits = PlanLimits { id: plan.id, rate: None, quota: plan.quota };
            admission.publish(&Catalog::default().apply(&[Edit::put(Record::UsagePlan(plan))]), clock.now());
            let own = (Arc::clone(&admission), Arc::<SlowLedger>::clone(&ledger), Arc::<ManualClock>::clone(&clock));
            let keeper = tokio::spawn(Keeper::new(own.0, inbox, own.1, own.2, 1).run());
            Self { admission, ledger, clock, limits, keeper }
        }

        /// Calls so many times, and is admitted.
        async fn call(&self, key: ApiKeyId, times: usize) {
            for _ in 0..times {
                let keyed = Some(Keyed { key, plan: &self.limits, method_entry: None });
                let demand = Demand { keyed, method: None, account: None };
                assert!(self.admission.admit(demand, self.clock.now(), &*self.clock).await.outcome.is_ok());
            }
        }

        fn rounds(&self) -> u64 {
            self.ledger.rounds.load(Ordering::Relaxed)
        }

        fn reports(&self) -> u64 {
            self.ledger.reports.load(Ordering::Relaxed)
        }

        /// Ends it, and tells how many calls were reported.
        async fn close(self) -> u64 {
            self.admission.close().await.expect("the ledger is there");
            self.keeper.await.expect("the keeper ends");
            self.ledger.calls.load(Ordering::Relaxed)
        }
    }

    fn key(number: usize) -> ApiKeyId {
        ApiKeyId::parse(&format!("key{number}")).expect("an id")
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_go_on_are_reported_a_few_times_a_second_and_not_one_after_the_other() {
        let site = Site::new(64_000);
        for _ in 0..2000 {
            site.call(key(1), 1).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Ten reports, and the draws by which the lease grew.
        assert!(site.rounds() < 40, "{} rounds in two seconds", site.rounds());
        assert_eq!(site.close().await, 2000);
    }

    #[tokio::test(start_paused = true)]
    async fn leases_that_run_low_one_after_the_other_are_drawn_for_together() {
        let site = Site::new(64_000);
        for number in 0..100 {
            site.call(key(number), 1).await;
        }
        let (before, reports) = (site.rounds(), site.reports());
        for number in 0..100 {
            site.call(key(number), 70).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let rounds = site.rounds() - before;
        assert!((9..20).contains(&rounds), "{rounds} rounds in a second");
        let reports = site.reports() - reports;
        assert!((5..8).contains(&reports), "{reports} of them had what was used");
        assert_eq!(site.close().await, 7100);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_finds_its_lease_empty_waits_for_nobody_elses() {
        let (site, began) = (Site::new(64_000), Instant::now());
        site.call(key(1), 10).await;
        // The keeper learns that it runs low, and waits for others.
        tokio::time::sleep(Duration::from_millis(1)).await;
        site.call(key(1), 70).await;
        assert!(began.elapsed() < DRAW_AHEAD_EVERY, "{:?}", began.elapsed());
        assert_eq!(site.close().await, 80);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_share_a_lease_of_one_unit_wait_for_its_rounds_and_no_longer() {
        let (site, began) = (Site::new(100), Instant::now());
        futures_util::future::join_all((0..40).map(|_| site.call(key(1), 1))).await;
        // A round takes 5 ms.
        assert!(began.elapsed() < 40 * Duration::from_millis(8), "{:?}", began.elapsed());
        assert_eq!(site.close().await, 40);
    }
}
