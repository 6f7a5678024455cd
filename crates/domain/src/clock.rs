//! The one place that reads the time. Everything else is handed a [`Moment`].

use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::calendar::Day;

/// A point on a clock that never goes back, in sixteenths of a nanosecond since the clock was made.
///
/// Sixteenths, so that the interval of a rate such as 700,000 a second is rounded by less than 0.01 %;
/// the range is 36 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticks(pub u64);

/// Ticks in one second.
pub const TICKS_PER_SECOND: u64 = 16_000_000_000;

impl Ticks {
    /// The time from `earlier` until now; none if it is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0) / (TICKS_PER_SECOND / 1_000_000_000))
    }

    /// The ticks in `duration`, at most `u64::MAX`.
    pub fn from_duration(duration: Duration) -> Self {
        // In words of 64 bits: each call asks for the time, and 128 take several times as long.
        let seconds = duration.as_secs().saturating_mul(TICKS_PER_SECOND);
        Self(seconds.saturating_add(u64::from(duration.subsec_nanos()) * 16))
    }

    /// Seconds, rounded up, so that a caller who waits that long is not early.
    pub fn as_secs_ceil(self) -> u64 {
        self.0.div_ceil(TICKS_PER_SECOND)
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The time that is so long after the epoch, at most `i64::MAX`.
    fn from_epoch(since: Duration) -> Self {
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX).saturating_mul(1000);
        Self(seconds.saturating_add(i64::from(since.subsec_millis())))
    }

    /// Whole seconds since the epoch, as AWS's timestamps are.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The UTC day this falls on.
    pub fn day(self) -> Day {
        Day(i32::try_from(self.0.div_euclid(86_400_000)).unwrap_or(i32::MAX))
    }
}

/// One reading of both clocks: ticks measure intervals, wall time names days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// For token buckets and waiting times.
    pub ticks: Ticks,
    /// For quota periods, usage days and timestamps.
    pub wall: UnixMillis,
}

/// Tells the time.
pub trait Clock: Send + Sync + Debug {
    /// Reads both clocks.
    fn now(&self) -> Moment;

    /// Reads the clock that measures intervals, alone.
    fn ticks(&self) -> Ticks {
        self.now().ticks
    }
}

/// The machine's clocks.
///
/// The wall clock is read a hundred times a second, and in between told by the other one, which makes half as many
/// readings a call. Somebody who sets the wall clock is heeded at most 10 ms later; a call is counted in the wrong period
/// by no more than that.
#[derive(Debug)]
pub struct SystemClock {
    origin: Instant,
    wall: WallOffset,
}

impl SystemClock {
    /// Starts counting ticks now.
    #[expect(clippy::disallowed_methods, reason = "this is the seam")]
    pub fn new() -> Self {
        Self { origin: Instant::now(), wall: WallOffset::new() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the seam")]
    fn now(&self) -> Moment {
        let ticks = self.ticks();
        let wall = self.wall.at(ticks, || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        Moment { ticks, wall }
    }

    fn ticks(&self) -> Ticks {
        Ticks::from_duration(self.origin.elapsed())
    }
}

/// By how much the wall clock is ahead of the ticks, as it was when it was read last.
#[derive(Debug)]
struct WallOffset {
    /// Nanoseconds from the epoch to tick zero.
    nanos: AtomicI64,
    /// Ticks until which this is believed.
    believed_until: AtomicU64,
}

/// How long a reading of the wall clock is believed: 10 ms.
const READING_LASTS: u64 = TICKS_PER_SECOND / 100;

impl WallOffset {
    fn new() -> Self {
        Self { nanos: AtomicI64::new(0), believed_until: AtomicU64::new(0) }
    }

    /// The wall time at `ticks`, which is now: `read` says how long ago the epoch was.
    fn at(&self, ticks: Ticks, read: impl FnOnce() -> Duration) -> UnixMillis {
        let since_start = (ticks.0 / (TICKS_PER_SECOND / 1_000_000_000)).cast_signed();
        if ticks.0 < self.believed_until.load(Ordering::Acquire) {
            let nanos = self.nanos.load(Ordering::Relaxed).saturating_add(since_start);
            return UnixMillis(nanos.div_euclid(1_000_000));
        }
        let since_epoch = read();
        let nanos = i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX);
        self.nanos.store(nanos.saturating_sub(since_start), Ordering::Relaxed);
        self.believed_until.store(ticks.0.saturating_add(READING_LASTS), Ordering::Release);
        UnixMillis::from_epoch(since_epoch)
    }
}

/// A clock that moves only when told to.
#[derive(Debug, Default)]
pub struct ManualClock {
    ticks: AtomicU64,
    wall: AtomicI64,
}

impl ManualClock {
    /// A clock that stands at `wall`.
    pub fn at(wall: UnixMillis) -> Self {
        Self { ticks: AtomicU64::new(0), wall: AtomicI64::new(wall.0) }
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        self.ticks.fetch_add(Ticks::from_duration(by).0, Ordering::SeqCst);
        self.wall.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment { ticks: Ticks(self.ticks.load(Ordering::SeqCst)), wall: UnixMillis(self.wall.load(Ordering::SeqCst)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The wall time at a tick, of a clock that says so much when it is read.
    fn at(offset: &WallOffset, millis: u64, says: Option<u64>) -> UnixMillis {
        let read = || Duration::from_millis(says.expect("it is not read"));
        offset.at(Ticks::from_duration(Duration::from_millis(millis)), read)
    }

    #[test]
    fn the_wall_clock_goes_on_between_two_readings_and_is_heeded_at_each() {
        let offset = WallOffset::new();
        assert_eq!(at(&offset, 3, Some(86_399_995)), UnixMillis(86_399_995));
        assert_eq!(at(&offset, 7, None).day(), Day(0));
        assert_eq!(at(&offset, 8, None).day(), Day(1), "midnight comes in between, too");
        assert_eq!(at(&offset, 12, None), UnixMillis(86_400_004));
        assert_eq!(at(&offset, 13, Some(42)), UnixMillis(42), "it was set back");
        assert_eq!(at(&offset, 14, None), UnixMillis(43));
    }
}
