//! How the shared buckets do: for metrics and for whoever is called at night.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tollgate_domain::{Moment, UnixMillis};

/// How the shared buckets do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketsHealth {
    /// Since when they are out of reach, and each node gives out its share by itself. `None` while they are shared.
    pub alone_since: Option<UnixMillis>,
    /// Nodes among which the rates are divided then.
    pub live_nodes: u64,
    /// Buckets that this node knows.
    pub buckets: usize,
    /// How often something was sent and waited for, since the start.
    pub round_trips: u64,
    /// Draws that were answered.
    pub draws: u64,
    /// Tokens that were granted.
    pub tokens: u64,
    /// Calls that waited for a draw.
    pub calls_waited: u64,
    /// Batches of draws that failed.
    pub failures: u64,
}

/// Where it is noted.
#[derive(Debug)]
pub(super) struct Watch {
    /// Milliseconds since the epoch, [`SHARED`] while they can be reached.
    alone_since: AtomicI64,
    live_nodes: AtomicU64,
    round_trips: AtomicU64,
    draws: AtomicU64,
    tokens: AtomicU64,
    calls_waited: AtomicU64,
    failures: AtomicU64,
}

/// No moment at which buckets are out of reach.
const SHARED: i64 = i64::MIN;

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            alone_since: AtomicI64::new(SHARED),
            live_nodes: AtomicU64::new(1),
            round_trips: AtomicU64::new(0),
            draws: AtomicU64::new(0),
            tokens: AtomicU64::new(0),
            calls_waited: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    pub(super) fn is_alone(&self) -> bool {
        self.alone_since.load(Ordering::Acquire) != SHARED
    }

    pub(super) fn live_nodes(&self) -> u64 {
        self.live_nodes.load(Ordering::Relaxed)
    }

    pub(super) fn set_live_nodes(&self, nodes: u64) {
        self.live_nodes.store(nodes.max(1), Ordering::Relaxed);
    }

    /// Notes that a call waits for a draw.
    pub(super) fn call_waits(&self) {
        self.calls_waited.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes what a batch of draws was answered.
    pub(super) fn answered(&self, draws: usize, tokens: u64, round_trips: u64) {
        self.draws.fetch_add(u64::try_from(draws).unwrap_or(0), Ordering::Relaxed);
        self.tokens.fetch_add(tokens, Ordering::Relaxed);
        self.round_trips.fetch_add(round_trips, Ordering::Relaxed);
    }

    /// Notes that a batch failed; true when it is the first that did.
    pub(super) fn failed(&self, now: Moment) -> bool {
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.alone_since.compare_exchange(SHARED, now.wall.0, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Notes that the buckets are shared again.
    pub(super) fn is_back(&self) {
        self.alone_since.store(SHARED, Ordering::Release);
    }

    pub(super) fn health(&self, buckets: usize) -> BucketsHealth {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let alone_since = self.alone_since.load(Ordering::Relaxed);
        BucketsHealth {
            alone_since: (alone_since != SHARED).then_some(UnixMillis(alone_since)),
            live_nodes: self.live_nodes(),
            buckets,
            round_trips: read(&self.round_trips),
            draws: read(&self.draws),
            tokens: read(&self.tokens),
            calls_waited: read(&self.calls_waited),
            failures: read(&self.failures),
        }
    }
}
