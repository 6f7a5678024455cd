//! What a lease is for: a quota, and one of its periods, in two words.

use crate::calendar::{Day, Period};
use crate::quota::{QuotaPeriod, QuotaSettings};
use crate::sync::{AtomicU32, AtomicU64, Ordering};

/// The quota that a lease is drawn from, and the period that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The quota.
    pub quota: QuotaSettings,
    /// The period.
    pub period: Period,
}

/// What a first draw asks for, before traffic is known: a thousandth of the quota, within these bounds. Where a quota is
/// large, some units more strand nothing that anybody would miss, and spare the ledger most of the draws with which a
/// lease would grow.
const FIRST_DRAW: std::ops::RangeInclusive<i64> = 4..=1024;

impl Terms {
    /// A quota in the period that `day` falls in.
    pub(super) fn new(quota: QuotaSettings, day: Day) -> Self {
        Self { quota, period: quota.period_at(day) }
    }

    /// The most that may be outstanding: what a crash strands, at most max(1, 1 %) of the quota.
    pub(super) fn most_outstanding(&self) -> i64 {
        (i64::from(self.quota.limit) / 100).max(1)
    }

    /// The size of a draw after draws have doubled `growth` times.
    pub(super) fn draw(&self, growth: u32) -> i64 {
        let first = (i64::from(self.quota.limit) / 1000).clamp(*FIRST_DRAW.start(), *FIRST_DRAW.end());
        (first << growth.min(32)).min(self.most_outstanding().max(*FIRST_DRAW.start()))
    }
}

/// Where terms are kept. They are written while no lease is open; who reads them learns of the lease's word whether
/// they were another's.
#[derive(Debug, Default)]
pub(super) struct TermsCell {
    /// The day after the period, its length in days, the kind of period, and its offset.
    period: AtomicU64,
    limit: AtomicU32,
}

impl TermsCell {
    pub(super) fn new() -> Self {
        Self { period: AtomicU64::new(0), limit: AtomicU32::new(0) }
    }

    pub(super) fn store(&self, terms: &Terms) {
        let Terms { quota, period } = terms;
        let kind = match quota.period {
            QuotaPeriod::Day => 0,
            QuotaPeriod::Week => 1,
            QuotaPeriod::Month => 2,
        };
        let length = u8::try_from(period.end.0 - period.first.0).unwrap_or(u8::MAX);
        let offset = i16::try_from(quota.offset).unwrap_or(i16::MAX).cast_unsigned();
        let end = u64::from(period.end.0.cast_unsigned());
        let word = end | u64::from(length) << 32 | kind << 40 | u64::from(offset) << 48;
        self.period.store(word, Ordering::Release);
        self.limit.store(quota.limit, Ordering::Release);
    }

    pub(super) fn load(&self) -> Terms {
        let word = self.period.load(Ordering::Acquire);
        let limit = self.limit.load(Ordering::Acquire);
        let [.., length, kind, low, high] = word.to_le_bytes();
        let period = match kind {
            0 => QuotaPeriod::Day,
            1 => QuotaPeriod::Week,
            _ => QuotaPeriod::Month,
        };
        let quota = QuotaSettings { limit, offset: i32::from(i16::from_le_bytes([low, high])), period };
        // The low half is the day: the shift drops nothing that is not there.
        let end = Day(((word << 32 >> 32) as u32).cast_signed());
        Terms { quota, period: Period { first: end.plus(-i32::from(length)), end } }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn terms_are_read_as_they_were_written(
            limit in 1u32.., offset in 0i32..28, kind in 0usize..3, day in -30_000i32..80_000,
        ) {
            let period = [QuotaPeriod::Day, QuotaPeriod::Week, QuotaPeriod::Month][kind];
            let terms = Terms::new(QuotaSettings { limit, offset, period }, Day(day));
            let cell = TermsCell::new();
            cell.store(&terms);
            prop_assert_eq!(cell.load(), terms);
        }

        #[test]
        fn no_draw_is_for_more_than_may_be_outstanding_but_for_the_first_four(limit in 1u32.., growth in 0u32..40) {
            let quota = QuotaSettings { limit, offset: 0, period: QuotaPeriod::Day };
            let terms = Terms::new(quota, Day(0));
            prop_assert!((1..=terms.most_outstanding().max(4)).contains(&terms.draw(growth)));
        }
    }
}
