//! Counts admitted calls per UTC day, in memory, until they are written to the ledger.
//!
//! Keeps the promise that each call is handed to the ledger once, under the day on which it was admitted.

use crate::calendar::Day;
use crate::sync::{AtomicU64, Ordering};

const COUNT_BITS: u32 = 40;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;

/// Calls not yet written to the ledger: one word for even days, one for odd ones, each with its day and count.
#[derive(Debug, Default)]
pub struct Meter {
    slots: [AtomicU64; 2],
}

/// What a call found that was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "who is the first has to queue the meter, and calls of another day have to be reported"]
pub enum Counted {
    /// Nothing waited: the meter has to be queued.
    First,
    /// Calls of its day waited before it, and the meter is queued.
    More,
    /// So many calls of another day waited in its place. They are no longer here, and to be reported by whoever counted; the
    /// meter is queued.
    Instead(Day, u64),
}

fn pack(day: Day, count: u64) -> u64 {
    // 24 bits of days reach the year 47,000; days before 1970 are not metered.
    (u64::from(day.0.max(0).unsigned_abs()) << COUNT_BITS) | (count & COUNT_MASK)
}

fn unpack(word: u64) -> (Day, u64) {
    (Day(i32::try_from(word >> COUNT_BITS).unwrap_or(i32::MAX)), word & COUNT_MASK)
}

impl Meter {
    /// A meter that has counted nothing.
    pub fn new() -> Self {
        Self { slots: [AtomicU64::new(0), AtomicU64::new(0)] }
    }

    /// Counts one call on `day`.
    ///
    /// A day's word is reused two days on. A count that still waits there then, because the ledger was away for two days,
    /// is handed to the caller: so each call is reported under its own day, however long nothing can be written.
    #[inline]
    pub fn count(&self, day: Day) -> Counted {
        let slot = &self.slots[usize::from(day.0 & 1 == 1)];
        let mut word = slot.load(Ordering::Acquire);
        loop {
            let (next, counted) = match unpack(word) {
                (_, 0) => (pack(day, 1), Counted::First),
                (of, waiting) if of == day => (pack(day, waiting + 1), Counted::More),
                (of, waiting) => (pack(day, 1), Counted::Instead(of, waiting)),
            };
            match slot.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return counted,
                Err(current) => word = current,
            }
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.slots.iter().all(|slot| unpack(slot.load(Ordering::Acquire)).1 == 0)
    }

    /// Takes what waits: up to two days with their counts.
    pub fn take(&self) -> impl Iterator<Item = (Day, u64)> {
        self.slots.iter().map(|slot| unpack(slot.swap(0, Ordering::AcqRel))).filter(|(_, count)| *count > 0)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn calls_of_two_days_stay_apart() {
        let meter = Meter::new();
        assert_eq!(meter.count(Day(20_000)), Counted::First);
        assert_eq!(meter.count(Day(20_000)), Counted::More);
        assert_eq!(meter.count(Day(20_001)), Counted::First);
        assert_eq!(meter.take().collect::<Vec<_>>(), [(Day(20_000), 2), (Day(20_001), 1)]);
        assert_eq!(meter.take().count(), 0);
    }

    #[test]
    fn calls_of_a_day_whose_word_another_needs_are_handed_out() {
        let meter = Meter::new();
        assert_eq!(meter.count(Day(20_000)), Counted::First);
        assert_eq!(meter.count(Day(20_000)), Counted::More);
        assert_eq!(meter.count(Day(20_002)), Counted::Instead(Day(20_000), 2));
        assert_eq!(meter.count(Day(20_002)), Counted::More);
        // The clock was set back.
        assert_eq!(meter.count(Day(20_000)), Counted::Instead(Day(20_002), 2));
        assert_eq!(meter.take().collect::<Vec<_>>(), [(Day(20_000), 1)]);
        assert!(meter.is_empty());
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;

    use super::*;

    #[test]
    fn a_call_counted_while_the_meter_is_read_is_in_one_reading_or_the_next() {
        loom::model(|| {
            let meter = Arc::new(Meter::new());
            let _ = meter.count(Day(10));
            let other = Arc::clone(&meter);
            let thread = loom::thread::spawn(move || other.count(Day(10)));
            let first: u64 = meter.take().map(|(_, count)| count).sum();
            let counted = thread.join().expect("no panic");
            let second: u64 = meter.take().map(|(_, count)| count).sum();
            assert_eq!(first + second, 2);
            assert_eq!(counted, if second == 1 { Counted::First } else { Counted::More });
        });
    }

    #[test]
    fn calls_of_two_days_that_share_a_word_are_reported_once_each_under_their_own() {
        loom::model(|| {
            let meter = Arc::new(Meter::new());
            let counting = |day: i32| {
                let meter = Arc::clone(&meter);
                loom::thread::spawn(move || meter.count(Day(day)))
            };
            let (early, late) = (counting(10), counting(12));
            let first: Vec<_> = meter.take().collect();
            let counted = [early, late].map(|thread| thread.join().expect("no panic"));
            let second: Vec<_> = meter.take().collect();
            let handed_out = counted.iter().filter_map(|counted| match counted {
                Counted::Instead(day, calls) => Some((*day, *calls)),
                Counted::First | Counted::More => None,
            });
            let mut reported: Vec<_> = first.iter().chain(&second).copied().chain(handed_out).collect();
            reported.sort();
            assert_eq!(reported, [(Day(10), 1), (Day(12), 1)]);
            // Each reading that found calls was announced by the first of them.
            let queued = counted.iter().filter(|counted| **counted == Counted::First).count();
            assert_eq!(queued, usize::from(!first.is_empty()) + usize::from(!second.is_empty()));
        });
    }
}
