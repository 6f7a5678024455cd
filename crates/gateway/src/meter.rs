//! Meter: counts what became of calls, for the operator. What a key used is counted by admission.

use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;

/// Answers by kind, counted on one thread. Each thread has its own, so that counting shares no cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Meter {
    answered: [AtomicU64; 5],
    refused: AtomicU64,
    throttled: AtomicU64,
}

/// What became of calls since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// Answers by the first digit of their status, from 1xx to 5xx.
    pub by_class: [u64; 5],
    /// Answers that the gateway gave by itself.
    pub refused: u64,
    /// Answers 429 that the gateway gave by itself.
    pub throttled: u64,
}

impl Meter {
    /// Counts one answer.
    pub(crate) fn count(&self, status: StatusCode, refused: bool) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.answered[class].fetch_add(1, Ordering::Relaxed);
        if refused {
            self.refused.fetch_add(1, Ordering::Relaxed);
            if status == StatusCode::TOO_MANY_REQUESTS {
                self.throttled.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn add_to(&self, counts: &mut CallCounts) {
        for (sum, counted) in counts.by_class.iter_mut().zip(&self.answered) {
            *sum += counted.load(Ordering::Relaxed);
        }
        counts.refused += self.refused.load(Ordering::Relaxed);
        counts.throttled += self.throttled.load(Ordering::Relaxed);
    }
}
