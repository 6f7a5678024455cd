//! The time of day as a test sets it, so that a test of the whole process can cross midnight. Compiled with the feature
//! `test-clock` alone, which no release is built with.

use std::path::PathBuf;

use tollgate_domain::clock::SystemClock;
use tollgate_domain::{Clock, Moment};

/// The machine's clocks, with the time of day set forth or back by what a file says: milliseconds, in decimal digits.
/// Without the file it is the machine's.
#[derive(Debug)]
pub(crate) struct TestClock {
    machine: SystemClock,
    offset: PathBuf,
}

impl TestClock {
    /// A clock that reads the file whenever it is asked.
    pub(crate) fn new(offset: PathBuf) -> Self {
        tracing::warn!(offset = %offset.display(), "the time of day is what a file says: this build is for tests");
        Self { machine: SystemClock::new(), offset }
    }
}

impl Clock for TestClock {
    fn now(&self) -> Moment {
        let mut now = self.machine.now();
        let text = std::fs::read_to_string(&self.offset).unwrap_or_default();
        now.wall.0 += text.trim().parse().unwrap_or(0);
        now
    }
}
