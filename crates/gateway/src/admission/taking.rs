//! Tokens of a call that may still be refused.

use smallvec::SmallVec;
use tollgate_domain::Ticks;
use tollgate_domain::bucket::Bucket;
use tollgate_domain::throttle::{Empty, Taken, TokenRate};

use super::demand::Demand;
use super::verdict::Denied;

/// Takes back what a call took when it goes no further: dropping it is a refusal, `keep` an admission.
pub(super) struct Taking<'a> {
    buckets: SmallVec<[(&'a Bucket, TokenRate); 3]>,
    at: Ticks,
}

impl<'a> Taking<'a> {
    /// Has taken nothing yet.
    pub(super) fn new(at: Ticks) -> Self {
        Self { buckets: SmallVec::new(), at }
    }

    /// Takes a token from each bucket that callers share.
    pub(super) fn take_shared(&mut self, demand: &Demand<'a>) -> Result<(), Denied> {
        for (level, bucket, rate) in demand.shared() {
            self.take(bucket, rate).map_err(|empty| level.deny(empty))?;
        }
        Ok(())
    }

    /// Takes a token.
    pub(super) fn take(&mut self, bucket: &'a Bucket, rate: TokenRate) -> Result<Taken, Empty> {
        let taken = bucket.take(rate, self.at)?;
        self.buckets.push((bucket, rate));
        Ok(taken)
    }

    /// Keeps what was taken: the call is admitted.
    pub(super) fn keep(mut self) {
        self.buckets.clear();
    }
}

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        for (bucket, rate) in self.buckets.drain(..) {
            bucket.give_back(rate, self.at, self.at);
        }
    }
}
