//! The state of one (plan, key): its bucket, its meter and its lease. It lives outside the snapshot, so that no
//! deploy and no edit resets it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::Notify;
use tollgate_domain::bucket::Bucket;
use tollgate_domain::claim::Claim;
use tollgate_domain::lease::Lease;
use tollgate_domain::meter::Meter;
use tollgate_domain::throttle::TokenRate;
use tollgate_domain::{ApiKeyId, Day, Period, QuotaSettings, Ticks, UsagePlanId};

/// Names a counter: by plan and key, never by configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CounterId {
    pub(crate) plan: UsagePlanId,
    pub(crate) key: ApiKeyId,
}

/// The state of one (plan, key) on this node. What a call touches comes first, so that it shares a cache line.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Counter {
    pub(crate) bucket: Bucket,
    pub(crate) meter: Meter,
    pub(crate) lease: ArcSwapOption<PeriodLease>,
    /// Whether a call came since the keeper last looked.
    touched: AtomicBool,
    /// Whether it was taken out of the table, so that another will count for its (plan, key).
    forgotten: AtomicBool,
    pub(crate) id: CounterId,
}

impl Counter {
    pub(crate) fn new(id: CounterId) -> Self {
        let (bucket, meter) = (Bucket::new(), Meter::new());
        let (touched, forgotten) = (AtomicBool::new(true), AtomicBool::new(false));
        Self { bucket, meter, lease: ArcSwapOption::empty(), touched, forgotten, id }
    }

    /// Notes that it was taken out of the table.
    pub(crate) fn forget(&self) {
        self.forgotten.store(true, Ordering::Release);
    }

    /// Whether it was taken out of the table.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.forgotten.load(Ordering::Acquire)
    }

    pub(crate) fn touch(&self) {
        if !self.touched.load(Ordering::Relaxed) {
            self.touched.store(true, Ordering::Relaxed);
        }
    }

    /// Whether no call came since the last look.
    pub(crate) fn was_idle(&self) -> bool {
        !self.touched.swap(false, Ordering::Relaxed)
    }
}

/// The bucket of one (plan, key) for one method, with the rate it was last filled at.
#[derive(Debug, Default)]
pub(crate) struct MethodBucket {
    bucket: Bucket,
    rate: ArcSwapOption<TokenRate>,
}

impl MethodBucket {
    /// The bucket, with what is owed kept if the rate has changed.
    pub(crate) fn under(&self, rate: Option<TokenRate>, now: Ticks) -> &Bucket {
        if let Some(rate) = rate
            && self.rate.load().as_deref() != Some(&rate)
            && let Some(old) = self.rate.swap(Some(Arc::new(rate)))
        {
            self.bucket.rescale(*old, rate, now);
        }
        &self.bucket
    }

    pub(crate) fn is_full(&self, now: Ticks) -> bool {
        self.bucket.is_full(now)
    }
}

/// Units drawn for one period, under one quota.
#[derive(Debug)]
pub(crate) struct PeriodLease {
    pub(crate) quota: QuotaSettings,
    pub(crate) period: Period,
    pub(crate) units: Lease,
    /// Whether a draw is on its way; there is never more than one, so that what is outstanding stays bounded.
    drawing: Claim,
    /// Whether the ledger was asked before.
    pub(crate) opened: AtomicBool,
    /// How much to draw next; doubles with each draw while traffic lasts.
    batch: AtomicI64,
    /// What the ledger held after the last draw.
    pub(crate) left_in_ledger: AtomicI64,
    /// Ticks at which the ledger said that nothing is left, plus one; 0 while it has not.
    pub(crate) exhausted_at: AtomicU64,
    /// Ticks at which the ledger first said that it may have units in a moment, plus one; 0 while it has not.
    pub(crate) pending_since: AtomicU64,
    /// Whether the last draw failed, for those who waited for it.
    pub(crate) failed: AtomicBool,
    /// Wakes those who wait for a draw.
    pub(crate) drawn: Notify,
}

/// What a first draw asks for, before traffic is known: a thousandth of the quota, within these bounds. Where a quota is
/// large, a few units more strand nothing that anybody would miss, and spare the ledger most of the draws with which a
/// lease would grow.
const FIRST_BATCH: std::ops::RangeInclusive<i64> = 4..=64;

fn first_batch(quota: QuotaSettings) -> i64 {
    (i64::from(quota.limit) / 1000).clamp(*FIRST_BATCH.start(), *FIRST_BATCH.end())
}

impl PeriodLease {
    pub(crate) fn new(quota: QuotaSettings, day: Day) -> Self {
        Self {
            quota,
            period: quota.period_at(day),
            units: Lease::new(),
            drawing: Claim::new(),
            opened: AtomicBool::new(false),
            batch: AtomicI64::new(first_batch(quota)),
            left_in_ledger: AtomicI64::new(i64::from(quota.limit)),
            exhausted_at: AtomicU64::new(0),
            pending_since: AtomicU64::new(0),
            failed: AtomicBool::new(false),
            drawn: Notify::new(),
        }
    }

    /// The most that may be outstanding: what a crash strands, at most max(1, 1 %) of the quota.
    fn cap(&self) -> i64 {
        (i64::from(self.quota.limit) / 100).max(1)
    }

    /// What the ledger holds beside the `left` units that a spend found on the lease, if it held `before` just before.
    ///
    /// A draw may have landed in between. Then the larger side of the spend tells whether its units were in `left`:
    /// draws come when the lease is low, and bring more than was there.
    pub(crate) fn left_beside(&self, left: i64, before: i64) -> i64 {
        let after = self.left_in_ledger.load(Ordering::Acquire);
        let drawn = before - after;
        if drawn > 0 && left < drawn { before } else { after }
    }

    /// Whether it is time to draw ahead of need, so that no call has to wait.
    pub(crate) fn is_low(&self, left: i64) -> bool {
        left <= self.batch.load(Ordering::Relaxed).min(self.cap()) / 2
    }

    /// How long the ledger has been about to have units, from the first time that it said so.
    pub(crate) fn pending_for(&self, now: Ticks) -> Duration {
        match self.pending_since.load(Ordering::Relaxed) {
            0 => {
                self.pending_since.store(now.0 + 1, Ordering::Relaxed);
                Duration::ZERO
            }
            since => now.since(Ticks(since - 1)),
        }
    }

    /// Claims the one draw that may be on its way; false when another has it.
    pub(crate) fn start_drawing(&self) -> bool {
        self.drawing.take()
    }

    pub(crate) fn stop_drawing(&self) {
        self.drawing.give_up();
        self.drawn.notify_waiters();
    }

    /// Tells those who wait for the draw that it is not answered yet. It stays on its way.
    pub(crate) fn fail_draw(&self) {
        self.failed.store(true, Ordering::Release);
        self.drawn.notify_waiters();
    }

    /// The size of the next draw, so that what is outstanding stays within the cap.
    pub(crate) fn next_draw(&self) -> i64 {
        let batch = self.batch.load(Ordering::Relaxed);
        self.batch.store((batch * 2).min(self.cap().max(*FIRST_BATCH.start())), Ordering::Relaxed);
        batch.min(self.cap() - self.units.unspent())
    }
}
