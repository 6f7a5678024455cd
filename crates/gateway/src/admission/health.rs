//! How the ledger does, as the keeper last saw it: for metrics and for whoever is called at night.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tollgate_domain::{Moment, Ticks, UnixMillis};

/// How the ledger does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerHealth {
    /// When the first of the rounds that fail now could not be written. `None` while rounds are written.
    pub unavailable_since: Option<UnixMillis>,
    /// Attempts to write a round that failed, since the start.
    pub failed_rounds: u64,
    /// How long ago all that had been counted was in the ledger: 0.2 seconds while all is well.
    pub flush_lag: Duration,
    /// Draws that the ledger has not answered.
    pub draws_waiting: u64,
    /// Calls that had no unit on their lease and waited for the ledger, since the start.
    pub calls_waited: u64,
}

/// Where it is noted: by the keeper alone, but for the calls that wait.
#[derive(Debug)]
pub(super) struct Watch {
    /// Milliseconds since the epoch, [`WRITTEN`] while rounds are written.
    failing_since: AtomicI64,
    failed_rounds: AtomicU64,
    /// Ticks.
    settled_at: AtomicU64,
    draws_waiting: AtomicU64,
    /// Counted by calls, which seldom wait.
    calls_waited: AtomicU64,
}

/// No moment at which a ledger fails.
const WRITTEN: i64 = i64::MIN;

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            failing_since: AtomicI64::new(WRITTEN),
            failed_rounds: AtomicU64::new(0),
            settled_at: AtomicU64::new(0),
            draws_waiting: AtomicU64::new(0),
            calls_waited: AtomicU64::new(0),
        }
    }

    /// Notes that a call waits for the ledger.
    pub(super) fn call_waits(&self) {
        self.calls_waited.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that so many draws are asked for.
    pub(super) fn asked(&self, draws: usize) {
        self.draws_waiting.store(u64::try_from(draws).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Notes that a round was written.
    pub(super) fn written(&self) {
        self.draws_waiting.store(0, Ordering::Relaxed);
        self.failing_since.store(WRITTEN, Ordering::Relaxed);
    }

    /// Notes that a round could not be written. Its draws still wait.
    pub(super) fn failed(&self, now: Moment) {
        self.failed_rounds.fetch_add(1, Ordering::Relaxed);
        if self.failing_since.load(Ordering::Relaxed) == WRITTEN {
            self.failing_since.store(now.wall.0, Ordering::Relaxed);
        }
    }

    /// Notes that all that had been counted at `at` is written.
    pub(super) fn settled(&self, at: Ticks) {
        self.settled_at.store(at.0, Ordering::Relaxed);
    }

    pub(super) fn health(&self, now: Ticks) -> LedgerHealth {
        let failing_since = self.failing_since.load(Ordering::Relaxed);
        LedgerHealth {
            unavailable_since: (failing_since != WRITTEN).then_some(UnixMillis(failing_since)),
            failed_rounds: self.failed_rounds.load(Ordering::Relaxed),
            flush_lag: now.since(Ticks(self.settled_at.load(Ordering::Relaxed))),
            draws_waiting: self.draws_waiting.load(Ordering::Relaxed),
            calls_waited: self.calls_waited.load(Ordering::Relaxed),
        }
    }
}
