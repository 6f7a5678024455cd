//! One process: its admission, its rounds, the calls that wait in it, and the changes that wait for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tollgate_domain::{ApiKeyId, Catalog, Clock, KeyDigester, Moment, Settlement};
use tollgate_gateway::admission::testing::MemoryLedger;
use tollgate_gateway::admission::{Admission, Demand, Denied, Keyed, LedgerUnavailable, PlanLimits, Rounds};

use crate::clock::WorldClock;
use crate::ledger::{Fate, carry};

type Waiting<T> = Pin<Box<dyn Future<Output = T>>>;

/// A process that runs.
pub(crate) struct Node {
    pub(crate) admission: Arc<Admission>,
    rounds: Rounds,
    /// A round that was handed to the ledger, which has not answered.
    in_flight: Option<Settlement>,
    calls: Vec<(ApiKeyId, Waiting<Result<(), Denied>>)>,
    changes: Vec<(u64, Waiting<Result<(), LedgerUnavailable>>)>,
}

/// What polling a node brought.
#[derive(Default)]
pub(crate) struct News {
    /// Calls that were decided: whose, and how.
    pub(crate) decided: Vec<(ApiKeyId, Result<(), Denied>)>,
    /// Changes that were carried out, or were told that they may not be.
    pub(crate) changed: Vec<(u64, Result<(), LedgerUnavailable>)>,
}

impl Node {
    /// A process that was just started. `source` names it to the ledger.
    pub(crate) fn start(source: u64, catalog: &Catalog, now: Moment) -> Self {
        let (admission, inbox) = Admission::new(KeyDigester::new([0; 32]));
        let admission = Arc::new(admission);
        admission.publish(catalog, now);
        let rounds = Rounds::new(Arc::clone(&admission), inbox, source);
        Self { admission, rounds, in_flight: None, calls: Vec::new(), changes: Vec::new() }
    }

    /// A call arrives.
    pub(crate) fn call(&mut self, key: ApiKeyId, limits: PlanLimits, clock: &Arc<WorldClock>) {
        let (admission, clock) = (Arc::clone(&self.admission), Arc::clone(clock));
        let decided = async move {
            let keyed = Some(Keyed { key, plan: &limits, method_entry: None });
            let demand = Demand { keyed, method: None, account: None };
            let now = clock.now();
            match admission.admit_at_once(None, &demand, now) {
                Some(verdict) => verdict.outcome,
                None => admission.admit(demand, now, &*clock).await.outcome,
            }
        };
        self.calls.push((key, Box::pin(decided)));
    }

    /// A change is asked for: `ask` is one of the futures of [`Admission`].
    pub(crate) fn change<F>(&mut self, name: u64, ask: impl FnOnce(Arc<Admission>) -> F)
    where
        F: Future<Output = Result<(), LedgerUnavailable>> + 'static,
    {
        let mut asked: Waiting<_> = Box::pin(ask(Arc::clone(&self.admission)));
        // Asking is what puts it into the inbox, and nothing is answered before a round.
        assert!(poll_once(&mut asked).is_pending());
        self.changes.push((name, asked));
    }

    /// Begins a round, unless the ledger has yet to answer one.
    pub(crate) fn begin(&mut self, usage_is_due: bool) {
        if self.in_flight.is_none() {
            self.in_flight = self.rounds.begin_when(usage_is_due).cloned();
        }
    }

    /// The round that the ledger has yet to answer.
    pub(crate) fn writing(&self) -> Option<&Settlement> {
        self.in_flight.as_ref()
    }

    /// The round that is on its way gets there, and its answer back, as fate has it.
    pub(crate) fn settle(&mut self, ledger: &Arc<MemoryLedger>, fate: Fate, now: Moment) {
        if let Some(settlement) = self.in_flight.take() {
            self.rounds.end(carry(ledger, &settlement, fate), now.ticks);
        }
    }

    /// The process dies, or loses its line for good. Its last round may still get to the ledger.
    pub(crate) fn die(self, ledger: &Arc<MemoryLedger>, arrives: bool) {
        if let Some(settlement) = self.in_flight.filter(|_| arrives) {
            ledger.apply(&settlement);
        }
    }

    pub(crate) fn sweep(&mut self, now: Moment) {
        self.rounds.sweep(now.ticks);
    }

    /// Whether calls wait.
    pub(crate) fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Whether no call and no change waits.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.calls.is_empty() && self.changes.is_empty() && self.in_flight.is_none()
    }

    /// Lets everything that waits look whether it can go on.
    pub(crate) fn poll(&mut self) -> News {
        let mut news = News::default();
        self.calls.retain_mut(|(key, call)| match poll_once(call) {
            Poll::Ready(outcome) => {
                news.decided.push((*key, outcome));
                false
            }
            Poll::Pending => true,
        });
        self.changes.retain_mut(|(name, change)| match poll_once(change) {
            Poll::Ready(outcome) => {
                news.changed.push((*name, outcome));
                false
            }
            Poll::Pending => true,
        });
        news
    }
}

fn poll_once<T>(waiting: &mut Waiting<T>) -> Poll<T> {
    waiting.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}
