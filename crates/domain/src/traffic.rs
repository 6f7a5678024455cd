//! Traffic: what became of calls since the process began, summed over its threads.

/// The upper ends of the buckets that durations of calls are counted in, in microseconds: from a call that never leaves
/// the machine to an integration's longest timeout. What takes longer has a bucket of its own.
pub const LATENCY_BOUNDS_MICROS: [u64; 17] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000, 30_000_000,
];

/// Counts that only grow. A rate is the difference of two, over the time between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Answers by the first digit of their status, from 1xx to 5xx.
    pub by_class: [u64; 5],
    /// Answers that the gateway gave by itself.
    pub refused: u64,
    /// Of those, by a throttle.
    pub throttled: u64,
    /// Of those, by a quota.
    pub quota_exceeded: u64,
    /// Calls that a stage answered, by how long they took: a count for each of [`LATENCY_BOUNDS_MICROS`], and one for what
    /// took longer. Falls back when a stage is deleted.
    pub latency: [u64; LATENCY_BOUNDS_MICROS.len() + 1],
}

impl Traffic {
    /// All answers.
    pub fn answered(&self) -> u64 {
        self.by_class.iter().sum()
    }

    /// Answers of integrations: calls that the gateway let through.
    pub fn admitted(&self) -> u64 {
        self.answered().saturating_sub(self.refused)
    }

    /// Answers 5xx, whoever gave them.
    pub fn errors(&self) -> u64 {
        self.by_class[4]
    }
}
