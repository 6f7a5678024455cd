//! Numbers that one thread adds to and any other may read.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that one thread adds to. Having one writer, it needs no locked instruction.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A value for each thread that serves calls, made when that thread first needs it.
#[derive(Debug)]
pub(super) struct PerThread<T>(Box<[OnceLock<Box<T>>]>);

impl<T: Default> PerThread<T> {
    pub(super) fn new(threads: usize) -> Self {
        Self((0..threads).map(|_| OnceLock::new()).collect())
    }

    /// The value of a thread. Only that thread may add to it.
    pub(super) fn of(&self, thread: usize) -> Option<&T> {
        Some(self.0.get(thread)?.get_or_init(Box::default))
    }

    /// The value of a thread that has one already.
    pub(super) fn made(&self, thread: usize) -> Option<&T> {
        self.0.get(thread)?.get().map(|value| &**value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().filter_map(|value| value.get().map(|value| &**value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_adds_to_a_number_of_its_own_and_all_are_read() {
        let counts = PerThread::<Count>::new(3);
        std::thread::scope(|scope| {
            for (thread, calls) in [(0, 1000), (2, 500)] {
                let counts = &counts;
                scope.spawn(move || (0..calls).for_each(|_| counts.of(thread).expect("a thread").add(1)));
            }
        });
        assert_eq!(counts.iter().map(Count::read).collect::<Vec<_>>(), [1000, 500]);
        assert!(counts.made(1).is_none() && counts.of(3).is_none());
    }
}
