//! What became of calls.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::{CreationError, Histogram};
use serde::Serialize;

/// How many calls were answered, and how.
#[derive(Debug, Default, Serialize)]
pub struct Tally {
    /// Those that were answered.
    pub answered: u64,
    /// Those that were answered, by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Those that were not.
    pub failed: u64,
}

impl Tally {
    /// Counts an answer.
    pub fn add(&mut self, status: u16) {
        self.answered += 1;
        *self.statuses.entry(status).or_default() += 1;
    }
}

/// How long calls took: up to an hour, in nanoseconds, to three digits.
#[derive(Debug)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    pub fn new() -> Result<Self, CreationError> {
        Histogram::new_with_bounds(1, 3_600_000_000_000, 3).map(Self)
    }

    /// Adds a call's.
    pub fn add(&mut self, took: Duration) {
        self.0.saturating_record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Those that occurred, in microseconds, and how often each did, in order.
    pub fn counts(&self) -> Vec<(f64, u64)> {
        let recorded = self.0.iter_recorded();
        recorded.map(|step| (step.value_iterated_to() as f64 / 1000.0, step.count_at_value())).collect()
    }

    /// A quantile, in microseconds.
    pub fn quantile(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1000.0
    }
}
