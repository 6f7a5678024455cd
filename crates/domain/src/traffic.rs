//! Traffic: what became of calls since the process began, summed over its threads.

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
