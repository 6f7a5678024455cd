//! Tokens that a node drew from a bucket that nodes share, and has not spent.
//!
//! Think of what a bucket owes as a line of time: each token that is given out takes its place at the end, one token's
//! time long, and the bucket is full again when all places have passed. A draw is a [`Run`] of places. A token may be
//! spent until its place begins to pass, since the bucket refills from then on what it stands for. So over any time `t`
//! all nodes together spend at most `burst + rate * t`, as they would from one bucket: whatever is spent within `t` has a
//! place of its own on a line that is no longer than `t` and what one bucket owes.
//!
//! Nodes share no clock for this: a run is counted from the moment at which the draw was sent, which is before the
//! bucket was asked, so that tokens lapse early rather than late.

use crate::clock::Ticks;
use crate::sync::{AtomicU64, Ordering};
use crate::throttle::TokenRate;
use crate::token_draw::TokenGrant;

/// Draws of which something may be left.
const RUNS: usize = 3;

/// Tokens that were given back out of turn and are remembered.
const RETURNED: usize = 4;

/// The start of a run that is being replaced.
const REPLACED: u64 = u64::MAX;

/// Places on the line, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    start: u64,
    end: u64,
}

/// A token, by the begin of its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(u64);

impl Run {
    /// The places of a grant that was asked for at `sent`.
    pub fn of(grant: &TokenGrant, rate: TokenRate, sent: Ticks) -> Self {
        let end = sent.0.saturating_add(grant.owed.0);
        Self { start: end.saturating_sub(grant.granted.saturating_mul(rate.token_time().0)), end }
    }

    /// Takes the first token, for a call that waited for the draw: it is spent in the moment of the draw.
    pub fn take(&mut self, rate: TokenRate) -> Option<Token> {
        let next = self.start.checked_add(rate.token_time().0).filter(|next| *next <= self.end)?;
        Some(Token(std::mem::replace(&mut self.start, next)))
    }
}

/// What is left of the last draws.
#[derive(Debug)]
pub struct Stock {
    runs: [StockedRun; RUNS],
    /// Begins of places, 0 where there is none.
    returned: [AtomicU64; RETURNED],
}

/// A run from which many threads take, while one at a time may replace it.
#[derive(Debug)]
struct StockedRun {
    start: AtomicU64,
    end: AtomicU64,
    ticks_per_token: AtomicU64,
}

impl Default for Stock {
    fn default() -> Self {
        Self::new()
    }
}

impl Stock {
    /// No tokens.
    pub fn new() -> Self {
        Self { runs: std::array::from_fn(|_| StockedRun::new()), returned: std::array::from_fn(|_| AtomicU64::new(0)) }
    }

    /// Takes a token that has not lapsed, of those that lapse first.
    pub fn take(&self, rate: TokenRate, now: Ticks) -> Option<Token> {
        if let Some(token) = self.take_returned(now) {
            return Some(token);
        }
        loop {
            let runs = self.runs.iter().filter_map(|run| run.first(rate, now).map(|first| (run, first)));
            let (run, first) = runs.min_by_key(|(_, first)| first.end)?;
            if run.start.compare_exchange(first.seen, first.next, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                return Some(Token(first.begin));
            }
        }
    }

    /// Gives a token back; `false` when its place has begun to pass, or when too many others were.
    pub fn give_back(&self, token: Token, rate: TokenRate, now: Ticks) -> bool {
        if token.0 < now.0 {
            return false;
        }
        let next = token.0 + rate.token_time().0;
        let in_turn =
            |run: &StockedRun| run.start.compare_exchange(next, token.0, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        let put = |place: &AtomicU64| place.compare_exchange(0, token.0, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        self.runs.iter().any(in_turn) || self.returned.iter().any(put)
    }

    /// Adds what is left of a draw. One thread at a time does so. Should there be no room, it replaces what lapses first.
    pub fn put(&self, run: Run, rate: TokenRate, now: Ticks) {
        if run.start.saturating_add(rate.token_time().0) > run.end {
            return;
        }
        let of_least = |stocked: &&StockedRun| match stocked.first(rate, now) {
            None => 0,
            Some(first) => first.end,
        };
        if let Some(stocked) = self.runs.iter().min_by_key(of_least) {
            stocked.start.store(REPLACED, Ordering::Release);
            stocked.end.store(run.end, Ordering::Release);
            stocked.ticks_per_token.store(rate.token_time().0, Ordering::Release);
            stocked.start.store(run.start, Ordering::Release);
        }
    }

    /// Tokens that could be taken now.
    pub fn left(&self, rate: TokenRate, now: Ticks) -> u64 {
        let returned = self.returned.iter().filter(|place| place.load(Ordering::Relaxed) >= now.0.max(1)).count();
        let of_run =
            |run: &StockedRun| run.first(rate, now).map_or(0, |first| (first.end - first.begin) / rate.token_time().0);
        u64::try_from(returned).unwrap_or(0) + self.runs.iter().map(of_run).sum::<u64>()
    }

    fn take_returned(&self, now: Ticks) -> Option<Token> {
        self.returned.iter().find_map(|place| {
            let begin = place.load(Ordering::Acquire);
            let taken = begin != 0 && place.compare_exchange(begin, 0, Ordering::AcqRel, Ordering::Relaxed).is_ok();
            (taken && begin >= now.0).then_some(Token(begin))
        })
    }
}

/// The first token of a run that has not lapsed.
struct First {
    /// The start of the run as it was read.
    seen: u64,
    begin: u64,
    next: u64,
    end: u64,
}

impl StockedRun {
    fn new() -> Self {
        Self { start: AtomicU64::new(REPLACED), end: AtomicU64::new(0), ticks_per_token: AtomicU64::new(0) }
    }

    /// Reads it. Should it be replaced meanwhile, its start is another, and nothing can be taken by what was read.
    fn first(&self, rate: TokenRate, now: Ticks) -> Option<First> {
        let seen = self.start.load(Ordering::Acquire);
        let (end, ticks) = (self.end.load(Ordering::Acquire), self.ticks_per_token.load(Ordering::Acquire));
        let begin = seen.max(now.0);
        let next = begin.checked_add(rate.token_time().0)?;
        // A run that was drawn at another rate lapses: an edit is in force at once.
        (seen != REPLACED && ticks == rate.token_time().0 && next <= end).then_some(First { seen, begin, next, end })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::clock::TICKS_PER_SECOND;
    use crate::owed_tokens::OwedTokens;
    use crate::throttle::ThrottleSettings;
    use crate::token_draw::TokenDraw;

    fn stocked(tokens: u64, at: Ticks) -> (Stock, TokenRate) {
        let rate = ThrottleSettings::new(10.0, 10).token_rate().expect("a limit");
        let grant = OwedTokens::none(rate, 0).draw(TokenDraw::of(rate, tokens), 0);
        let stock = Stock::new();
        stock.put(Run::of(&grant, rate, at), rate, at);
        (stock, rate)
    }

    fn seconds(seconds: f64) -> Ticks {
        Ticks((seconds * TICKS_PER_SECOND as f64) as u64)
    }

    #[test]
    fn what_is_not_spent_lapses_as_the_bucket_refills() {
        let (stock, rate) = stocked(5, seconds(1.0));
        let left: Vec<u64> = (0..6).map(|tenths| stock.left(rate, seconds(1.0 + f64::from(tenths) / 10.0))).collect();
        assert_eq!(left, [5, 4, 3, 2, 1, 0]);
    }

    #[test]
    fn a_token_given_back_is_there_again_until_it_lapses() {
        let (stock, rate) = stocked(3, seconds(1.0));
        let now = seconds(1.0);
        let tokens: Vec<Token> = std::iter::from_fn(|| stock.take(rate, now)).collect();
        assert_eq!(tokens.len(), 3);
        assert!(tokens.iter().all(|token| stock.give_back(*token, rate, now)), "in any order");
        assert_eq!(stock.left(rate, now), 3);
        let token = stock.take(rate, now).expect("a token");
        assert!(!stock.give_back(token, rate, seconds(2.0)), "the bucket has it back by itself");
    }

    #[test]
    fn an_edit_lets_go_of_what_was_drawn_at_another_rate() {
        let (stock, _) = stocked(3, seconds(1.0));
        let raised = ThrottleSettings::new(20.0, 10).token_rate().expect("a limit");
        assert_eq!(stock.take(raised, seconds(1.0)), None);
    }

    #[test]
    fn many_threads_share_a_stock_exactly() {
        let rate = ThrottleSettings::new(0.1, 1000).token_rate().expect("a limit");
        let (stock, now) = (Stock::new(), seconds(1.0));
        let mut shared = OwedTokens::none(rate, 0);
        for _ in 0..2 {
            let grant = shared.draw(TokenDraw::of(rate, 500), 0);
            stock.put(Run::of(&grant, rate, now), rate, now);
        }
        let spend = || (0..500).filter(|_| stock.take(rate, now).is_some()).count();
        let spent = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(spend)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum::<usize>()
        });
        assert_eq!(spent, 1000);
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;

    use super::*;
    use crate::owed_tokens::OwedTokens;
    use crate::throttle::ThrottleSettings;
    use crate::token_draw::TokenDraw;

    fn draw(shared: &mut OwedTokens, want: u64, rate: TokenRate) -> Run {
        Run::of(&shared.draw(TokenDraw::of(rate, want), 0), rate, Ticks(100))
    }

    #[test]
    fn threads_share_what_is_stocked_while_more_is_and_no_token_is_spent_twice() {
        loom::model(|| {
            let rate = ThrottleSettings::new(1.0, 3).token_rate().expect("a limit");
            let (stock, mut shared) = (Arc::new(Stock::new()), OwedTokens::none(rate, 0));
            stock.put(draw(&mut shared, 1, rate), rate, Ticks(100));
            let other = Arc::clone(&stock);
            let thread = loom::thread::spawn(move || other.take(rate, Ticks(100)));
            stock.put(draw(&mut shared, 1, rate), rate, Ticks(100));
            let here = stock.take(rate, Ticks(100));
            let there = thread.join().expect("no panic");
            assert!(here.is_some() && there.is_some() && here != there);
            assert_eq!(stock.take(rate, Ticks(100)), None);
        });
    }
}
