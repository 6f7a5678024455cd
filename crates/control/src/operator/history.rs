//! The last minutes of traffic, second by second, so that a chart has something to show when it opens.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tollgate_domain::{Traffic, UnixMillis};

/// Samples that are kept: fifteen minutes of seconds.
const KEPT: usize = 901;

/// Readings of the gateway's counts, the latest last.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<VecDeque<(UnixMillis, Traffic)>>);

impl History {
    /// Adds a reading, and forgets the oldest.
    pub(crate) fn push(&self, at: UnixMillis, traffic: Traffic) {
        let mut readings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if readings.len() == KEPT {
            readings.pop_front();
        }
        readings.push_back((at, traffic));
    }

    /// The readings after a moment.
    pub(crate) fn since(&self, at: Option<UnixMillis>) -> Vec<(UnixMillis, Traffic)> {
        let readings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        readings.iter().filter(|(taken, _)| at.is_none_or(|at| *taken > at)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_reading_gives_way() {
        let history = History::default();
        let count = i64::try_from(KEPT).expect("a small number");
        (0..count + 5).for_each(|second| history.push(UnixMillis(second * 1000), Traffic::default()));
        let kept = history.since(None);
        assert_eq!((kept.len(), kept[0].0), (KEPT, UnixMillis(5000)));
        assert_eq!(history.since(Some(UnixMillis(count * 1000))).len(), 4);
    }
}
