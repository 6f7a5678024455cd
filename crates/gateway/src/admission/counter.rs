//! The state of one (plan, key): its bucket, its meter and its lease. It lives outside the snapshot, so that no
//! deploy and no edit resets it.

use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use prefetch_index::prefetch_index;
use tollgate_domain::bucket::Bucket;
use tollgate_domain::lease::Lease;
use tollgate_domain::meter::Meter;
use tollgate_domain::tenancy::Tenancy;
use tollgate_domain::throttle::TokenRate;
use tollgate_domain::{ApiKeyId, KeyDigest, Ticks, UsagePlanId};

use super::plan_names::PlanTag;

/// Names a counter: by plan and key, never by configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CounterId {
    pub(crate) plan: UsagePlanId,
    pub(crate) key: ApiKeyId,
}

/// A counter in the table: its place, and who lived there when it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CounterAt {
    pub(super) place: u32,
    pub(super) tenant: u32,
}

/// Whose a counter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) plan: PlanTag,
    pub(super) key: ApiKeyId,
}

/// The state of one (plan, key) on this node, with what finds its key. A call touches this and nothing else of the key,
/// so it is laid out to lie in two cache lines, which are fetched at once.
#[derive(Debug, Default)]
#[repr(C, align(32))]
pub(super) struct Counter {
    /// What the index does not have of the digest of the key's value, if the key is found here by it; else zero.
    digest_high: AtomicU64,
    digest_low: AtomicU32,
    plan: AtomicU32,
    key: [AtomicU64; 2],
    pub(super) tenancy: Tenancy,
    pub(super) bucket: Bucket,
    pub(super) meter: Meter,
    pub(super) lease: Lease,
}

/// A digest as the table has it: a hash to look under, and what is then compared.
#[derive(Clone, Copy)]
pub(super) struct SplitDigest {
    pub(super) hash: u32,
    rest: (u64, u32),
}

impl From<KeyDigest> for SplitDigest {
    fn from(digest: KeyDigest) -> Self {
        let whole = u128::from_le_bytes(*digest.as_bytes());
        Self { hash: whole as u32, rest: ((whole >> 64) as u64, (whole >> 32) as u32) }
    }
}

impl Counter {
    /// Whose it is, and who lives there. `None` when nobody does, or somebody moves in or out at this moment.
    #[inline]
    pub(super) fn owner(&self) -> Option<(u32, Owner)> {
        self.owner_if(|_| true)
    }

    /// The same, if a key of this digest is found here. Digests are compared in constant time.
    #[inline]
    pub(super) fn owner_with(&self, digest: &SplitDigest) -> Option<(u32, Owner)> {
        self.owner_if(|counter| {
            let (high, low) = digest.rest;
            let differing = counter.digest_high.load(Ordering::Acquire) ^ high;
            differing | u64::from(counter.digest_low.load(Ordering::Acquire) ^ low) == 0
        })
    }

    #[inline]
    fn owner_if(&self, wanted: impl FnOnce(&Self) -> bool) -> Option<(u32, Owner)> {
        let tenant = self.tenancy.tenant()?;
        let wanted = wanted(self);
        let plan = PlanTag(self.plan.load(Ordering::Acquire));
        let key = self.key.each_ref().map(|word| word.load(Ordering::Acquire));
        let key = ApiKeyId::from_words(key).filter(|_| wanted)?;
        (self.tenancy.tenant() == Some(tenant)).then_some((tenant, Owner { plan, key }))
    }

    /// Has the processor fetch it, both lines of it, while other things are done.
    #[inline]
    pub(super) fn prefetch(&self) {
        prefetch_index(slice::from_ref(&self.digest_high), 0);
        prefetch_index(slice::from_ref(&self.lease), 0);
    }

    /// Has a key be found here.
    pub(super) fn set_digest(&self, digest: &SplitDigest) {
        self.digest_high.store(digest.rest.0, Ordering::Release);
        self.digest_low.store(digest.rest.1, Ordering::Release);
    }

    /// Has no key be found here any more.
    pub(super) fn clear_digest(&self) {
        self.set_digest(&SplitDigest { hash: 0, rest: (0, 0) });
    }

    /// Makes it somebody's: it was nobody's, and holds nothing.
    pub(super) fn give_to(&self, owner: &Owner) -> u32 {
        self.clear_digest();
        self.plan.store(owner.plan.0, Ordering::Release);
        for (word, value) in self.key.iter().zip(owner.key.to_words()) {
            word.store(value, Ordering::Release);
        }
        self.tenancy.move_in()
    }

    /// Whether forgetting it changes nothing.
    pub(super) fn is_empty(&self, now: Ticks) -> bool {
        !self.lease.is_open() && self.meter.is_empty() && self.bucket.is_full(now)
    }
}

/// The bucket of one (plan, key) for one method, with the rate it was last filled at.
#[derive(Debug, Default)]
pub(super) struct MethodBucket {
    bucket: Bucket,
    rate: ArcSwapOption<TokenRate>,
    /// Whether a call came since the last look.
    touched: AtomicBool,
}

impl MethodBucket {
    /// The bucket, with what is owed kept if the rate has changed.
    pub(super) fn under(&self, rate: Option<TokenRate>, now: Ticks) -> &Bucket {
        if !self.touched.load(Ordering::Relaxed) {
            self.touched.store(true, Ordering::Relaxed);
        }
        if let Some(rate) = rate
            && self.rate.load().as_deref() != Some(&rate)
            && let Some(old) = self.rate.swap(Some(Arc::new(rate)))
        {
            self.bucket.rescale(*old, rate, now);
        }
        &self.bucket
    }

    /// Whether no call came since the last look, and forgetting it changes nothing.
    pub(super) fn is_idle(&self, now: Ticks) -> bool {
        !self.touched.swap(false, Ordering::Relaxed) && self.bucket.is_full(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_lies_in_two_cache_lines_wherever_it_is() {
        assert_eq!((size_of::<Counter>(), align_of::<Counter>()), (96, 32));
    }
}
