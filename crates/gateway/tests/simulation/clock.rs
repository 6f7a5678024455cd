//! The clock of a world. Its ticks go on; its wall time may jump, back as well.

use std::sync::{Mutex, PoisonError};

use tollgate_domain::{Clock, Moment, Ticks};

/// A clock that all nodes of a world read.
#[derive(Debug)]
pub(crate) struct WorldClock(Mutex<Moment>);

impl WorldClock {
    pub(crate) fn at(start: Moment) -> Self {
        Self(Mutex::new(start))
    }

    /// Time passes, and the wall clock is set besides.
    pub(crate) fn pass(&self, ticks: Ticks, wall_millis: i64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.ticks.0 += ticks.0;
        now.wall.0 += wall_millis;
    }
}

impl Clock for WorldClock {
    fn now(&self) -> Moment {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
