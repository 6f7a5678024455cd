//! How many tokens to draw at once: what calls are likely to need until the next draw.

use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_domain::Ticks;
use tollgate_domain::clock::TICKS_PER_SECOND;
use tollgate_domain::owed_tokens::PORTIONS_PART;
use tollgate_domain::throttle::TokenRate;

/// The longest time for which is drawn at once.
const LONGEST: Ticks = Ticks(TICKS_PER_SECOND / 4);

/// For how long a portion of a bucket is asked for, in microseconds: so long that prolonging it costs little, and so short
/// that what a node no longer uses is soon there for others.
pub(super) const TERM: u64 = 10_000_000;

/// That, in ticks.
const TERM_TICKS: u64 = TERM * (TICKS_PER_SECOND / 1_000_000);

/// The demand for one bucket's tokens on this node.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Calls since the last draw.
    asked: AtomicU64,
    /// Ticks of the last draw.
    since: AtomicU64,
    /// Thousandths of calls to be expected in the time for which is drawn.
    expected: AtomicU64,
    /// Thousandths of calls to be expected in the term of a portion.
    in_term: AtomicU64,
    /// What was wanted last.
    wanted: AtomicU64,
}

/// The time for which tokens are drawn: long enough to spare the network, and so short that what a node holds is a small
/// part of what the bucket holds.
pub(super) fn horizon(rate: TokenRate) -> Ticks {
    Ticks((rate.fill_time().0 / 4).min(LONGEST.0))
}

impl Pace {
    /// Counts a call.
    pub(super) fn ask(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// The size that a draw should have, for calls that wait and those that are expected. `owed` is what the bucket
    /// owes, as far as is known. One thread at a time asks.
    pub(super) fn next(&self, rate: TokenRate, waiting: u64, owed: Ticks, now: Ticks) -> u64 {
        let horizon = horizon(rate).0.max(1);
        let since = self.since.swap(now.0, Ordering::Relaxed);
        let passed = now.0.saturating_sub(since).max(1);
        let asked = self.asked.swap(0, Ordering::Relaxed).saturating_mul(1000);
        let expected = expect(&self.expected, asked, passed, horizon);
        expect(&self.in_term, asked, passed, TERM_TICKS);
        waiting.max(ahead(rate, expected / 1000, owed)).max(1)
    }

    /// Notes what is drawn after all.
    pub(super) fn wants(&self, tokens: u64) {
        self.wanted.store(tokens, Ordering::Relaxed);
    }

    /// Whether tokens are drawn for the calls that wait, and none ahead.
    pub(super) fn is_quiet(&self) -> bool {
        self.expected.load(Ordering::Relaxed) < 1000
    }

    /// Tokens that a portion should have, for a node that is one of so many: twice what is needed, so that few calls find
    /// it empty. None for a bucket that was called once in a term, or where the calls of a moment need more than it may
    /// have: that is drawn from in batches.
    pub(super) fn portion(&self, rate: TokenRate, nodes: u64) -> Option<u64> {
        let in_term = self.in_term.load(Ordering::Relaxed);
        if in_term <= 1000 {
            return None;
        }
        let need = scale(in_term, rate.fill_time().0, TERM_TICKS).saturating_mul(3).div_ceil(2000).saturating_add(2);
        let most = rate.burst() / PORTIONS_PART / nodes.max(1);
        let enough = need.saturating_mul(2);
        Some(most.min(enough)).filter(|tokens| *tokens > 0 && (enough <= most || self.is_quiet()))
    }

    /// Whether it is time to draw ahead of need, with so many tokens left, so that no call has to wait.
    pub(super) fn is_low(&self, left: impl FnOnce() -> u64) -> bool {
        let wanted = self.wanted.load(Ordering::Relaxed);
        wanted > 1 && left() <= wanted / 2
    }
}

/// Tokens for calls to come. None are drawn ahead for a call now and then.
///
/// Never more are drawn than are added in that time: what a node holds and does not spend is soon there again for others.
/// While the bucket owes little, tokens lapse sooner than they are needed, as fast as it refills: then some more are
/// drawn, for which nobody goes short.
fn ahead(rate: TokenRate, expected: u64, owed: Ticks) -> u64 {
    if expected < 1 {
        return 1;
    }
    let token = rate.token_time().0;
    let (most, lapsing) = (horizon(rate).0 / token, horizon(rate).0.saturating_sub(owed.0) / token);
    expected.max(lapsing).min(most)
}

/// Notes how many thousandths of calls are to be expected in a time, of which `passed` is past, with so many asked.
fn expect(noted: &AtomicU64, asked: u64, passed: u64, time: u64) -> u64 {
    let expected = match passed >= time {
        true => scale(asked, time, passed),
        false => asked + scale(noted.load(Ordering::Relaxed), time - passed, time),
    };
    noted.store(expected, Ordering::Relaxed);
    expected
}

fn scale(count: u64, by: u64, of: u64) -> u64 {
    let scaled = u128::from(count) * u128::from(by) / u128::from(of.max(1));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tollgate_domain::ThrottleSettings;

    use super::*;

    const MILLI: u64 = TICKS_PER_SECOND / 1000;

    fn after(calls: u64, millis: u64, owed_millis: u64) -> u64 {
        let rate = ThrottleSettings::new(1000.0, 400).token_rate().expect("a limit");
        let (pace, start) = (Pace::default(), 1000 * MILLI);
        pace.next(rate, 1, Ticks(0), Ticks(start));
        (0..calls).for_each(|_| pace.ask());
        pace.next(rate, 1, Ticks(owed_millis * MILLI), Ticks(start + millis * MILLI))
    }

    #[test]
    fn a_call_now_and_then_draws_one_token() {
        assert_eq!(after(1, 1000, 0), 1);
    }

    #[test]
    fn a_node_holds_no_more_than_what_is_soon_there_again() {
        let rate = ThrottleSettings::new(0.1, 1000).token_rate().expect("a limit");
        let pace = Pace::default();
        (0..100).for_each(|_| pace.ask());
        assert_eq!(pace.next(rate, 0, Ticks(0), Ticks(0)), 1);
    }

    #[test]
    fn a_busy_key_draws_what_it_will_need_but_a_part_of_the_burst() {
        assert_eq!(after(50, 100, 200), 50);
        assert_eq!(after(500, 100, 200), 100);
    }

    #[test]
    fn calls_that_come_one_by_one_are_seen_to_be_many() {
        let rate = ThrottleSettings::new(1000.0, 400).token_rate().expect("a limit");
        let pace = Pace::default();
        let wanted = (0..50).map(|call| {
            pace.ask();
            pace.next(rate, 1, Ticks(400 * MILLI), Ticks((1000 + call * 5) * MILLI))
        });
        assert_eq!(wanted.last(), Some(18), "about as many as in a tenth of a second");
    }

    #[test]
    fn more_is_drawn_where_it_would_lapse_and_nobody_goes_short() {
        assert_eq!(after(5, 100, 60), 40);
    }
}
