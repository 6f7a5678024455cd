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

    /// Counts one call on `day`. True when nothing waited before it, so that the caller knows to queue this meter.
    pub fn count(&self, day: Day) -> bool {
        self.add(day, 1)
    }

    /// Counts calls of `day`. True as for [`Self::count`].
    ///
    /// A day's word is reused two days on; a count that still waits there then (the ledger was away for two days)
    /// keeps its day, and the new calls are counted with it rather than lost.
    pub fn add(&self, day: Day, calls: u64) -> bool {
        let slot = &self.slots[usize::from(day.0 & 1 == 1)];
        let mut word = slot.load(Ordering::Acquire);
        loop {
            let (waiting_day, waiting) = unpack(word);
            let next = if waiting == 0 { pack(day, calls) } else { pack(waiting_day, waiting + calls) };
            match slot.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return waiting == 0,
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
        assert!(meter.count(Day(20_000)));
        assert!(!meter.count(Day(20_000)));
        assert!(meter.count(Day(20_001)));
        assert_eq!(meter.take().collect::<Vec<_>>(), [(Day(20_000), 2), (Day(20_001), 1)]);
        assert_eq!(meter.take().count(), 0);
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
            meter.count(Day(10));
            let other = Arc::clone(&meter);
            let thread = loom::thread::spawn(move || other.count(Day(10)));
            let first: u64 = meter.take().map(|(_, count)| count).sum();
            let queued = thread.join().expect("no panic");
            let second: u64 = meter.take().map(|(_, count)| count).sum();
            assert_eq!(first + second, 2);
            assert_eq!(queued, second == 1);
        });
    }

    #[test]
    fn calls_of_two_days_that_share_a_word_are_all_read_once() {
        loom::model(|| {
            let meter = Arc::new(Meter::new());
            let early = Arc::clone(&meter);
            let early = loom::thread::spawn(move || early.count(Day(10)));
            let late = Arc::clone(&meter);
            let late = loom::thread::spawn(move || late.count(Day(12)));
            let first: u64 = meter.take().map(|(_, count)| count).sum();
            let queued = usize::from(early.join().expect("no panic")) + usize::from(late.join().expect("no panic"));
            let second: u64 = meter.take().map(|(_, count)| count).sum();
            assert_eq!(first + second, 2);
            // Each reading that found calls was announced by the first of them.
            assert_eq!(queued, usize::from(first > 0) + usize::from(second > 0));
        });
    }
}
