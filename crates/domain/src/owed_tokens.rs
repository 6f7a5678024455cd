//! The arithmetic of a bucket that nodes share.
//!
//! Where the bucket is kept, this is done in that place's own language; here it is the reference.
//!
//! Nodes have portions of the bucket. What is left of it, the *rest*, holds so many tokens less, and refills by the same
//! part more slowly, so that portions and rest add up to the whole. A token that moves from one to the other is in one of
//! them at a time: a portion is made of tokens that the rest has, and when its term is over the rest owes all its tokens,
//! since they may just have been spent.

use crate::clock::{TICKS_PER_SECOND, Ticks};
use crate::throttle::TokenRate;
use crate::token_draw::{LoneDraw, PortionAsk, TokenDraw, TokenGrant};

/// Ticks in a microsecond, which is what shared clocks tell.
const TICKS_PER_MICRO: u64 = TICKS_PER_SECOND / 1_000_000;

/// The part of a bucket that all portions together may have.
pub const PORTIONS_PART: u64 = 10;

/// What is kept of a bucket that nodes share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedTokens {
    /// What the rest owes: ticks in which it would fill at the whole rate, counted from `at`.
    owed: u64,
    /// Microseconds on the clock that all nodes go by.
    at: u64,
    rate: TokenRate,
    portions: Vec<GivenPortion>,
}

/// A portion that a node has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct GivenPortion {
    node: u64,
    tokens: u64,
    /// Tokens of the whole bucket as it was given. Under other settings it is as large a part, in whole tokens; and when
    /// they are changed back, or a node has not heard of them yet, it is what it was.
    burst: u64,
    /// When its term is over, in microseconds on the clock that all nodes go by.
    until: u64,
}

impl GivenPortion {
    fn tokens_of(&self, rate: TokenRate) -> u64 {
        if rate.burst() == self.burst {
            return self.tokens;
        }
        let part = u128::from(self.tokens) * u128::from(rate.burst()) / u128::from(self.burst);
        u64::try_from(part).unwrap_or(u64::MAX)
    }
}

impl OwedTokens {
    /// A full bucket.
    pub fn none(rate: TokenRate, now_micros: u64) -> Self {
        Self { owed: 0, at: now_micros, rate, portions: Vec::new() }
    }

    /// Gives out what is wanted, or what is there.
    pub fn draw(&mut self, draw: TokenDraw, now_micros: u64) -> TokenGrant {
        self.undo(draw.undo);
        self.pass(now_micros);
        self.edit(draw.rate);
        let token = self.rate.token_time().0;
        self.owed = self.owed.saturating_add(draw.debt.saturating_mul(token)).min(self.capacity());
        let portion = draw.portion.map_or(0, |ask| self.give_portion(ask));
        let granted = draw.want.min(self.free());
        self.owed += granted * token;
        TokenGrant { granted, owed: Ticks(self.owed), retry_after: self.retry_after(), at: now_micros, portion }
    }

    fn undo(&mut self, undone: Option<LoneDraw>) {
        if undone == Some(LoneDraw { at: self.at, owed: Ticks(self.owed) }) {
            self.owed = self.owed.saturating_sub(self.rate.token_time().0);
        }
    }

    /// Ends the terms that are over, and drains what has come since. A clock that was set back stands still.
    fn pass(&mut self, now_micros: u64) {
        self.portions.sort_by_key(|portion| portion.until);
        while let Some(first) = self.portions.first().copied().filter(|first| first.until <= now_micros) {
            self.drain(first.until);
            self.portions.remove(0);
            self.owed += first.tokens_of(self.rate) * self.rate.token_time().0;
        }
        self.drain(now_micros);
        self.at = now_micros;
    }

    fn drain(&mut self, until_micros: u64) {
        let passed = u128::from(until_micros.saturating_sub(self.at)) * u128::from(TICKS_PER_MICRO);
        let (rest, burst) = self.parts();
        let drained = u64::try_from(passed * rest / burst).unwrap_or(u64::MAX);
        self.owed = self.owed.saturating_sub(drained);
        self.at = self.at.max(until_micros);
    }

    /// Goes by other settings, with as many tokens owed. A portion stays the part of the bucket that it was, though
    /// whoever has it uses it no more; by how many tokens it is smaller is owed.
    fn edit(&mut self, rate: TokenRate) {
        if self.rate == rate {
            return;
        }
        let token = rate.token_time().0;
        let lost = |portion: &GivenPortion| portion.tokens_of(self.rate).saturating_sub(portion.tokens_of(rate));
        let lost: u64 = self.portions.iter().map(lost).sum();
        let owed = rescale(self.owed.min(self.rate.fill_time().0), self.rate.token_time().0, token);
        self.owed = owed.saturating_add(lost.saturating_mul(token));
        self.rate = rate;
    }

    /// Gives a portion, or prolongs it and adds to it; says how many tokens it has, none when that was not done.
    ///
    /// Whatever was lost on the way, or comes late or twice, does no harm: until its term is over, a portion never
    /// becomes smaller.
    fn give_portion(&mut self, ask: PortionAsk) -> u64 {
        let given = self.portions.iter().position(|portion| portion.node == ask.node);
        let before = given.map_or(0, |index| self.portions[index].tokens_of(self.rate));
        // A node that has none any more may have spent what it had.
        let spent = if ask.held == 0 { before } else { 0 };
        let owed = self.owed + spent * self.rate.token_time().0;
        // A bucket that is in demand is whole again within a term.
        if owed > self.capacity() / 2 {
            return 0;
        }
        let most = (self.rate.burst() / PORTIONS_PART).saturating_sub(self.in_portions());
        self.owed = owed;
        let tokens = before.max(ask.want.min(before + most.min(self.free())));
        if tokens == 0 {
            return 0;
        }
        let until = self.at.saturating_add(ask.term);
        let portion = GivenPortion { node: ask.node, tokens, burst: self.rate.burst(), until };
        match given.map(|index| &mut self.portions[index]) {
            Some(given) if tokens > before => *given = GivenPortion { until: given.until.max(until), ..portion },
            Some(given) => given.until = given.until.max(until),
            None => self.portions.push(portion),
        }
        tokens
    }

    /// Tokens of all portions.
    fn in_portions(&self) -> u64 {
        self.portions.iter().map(|portion| portion.tokens_of(self.rate)).sum()
    }

    /// Tokens that the rest holds when full, and those that the whole holds.
    fn parts(&self) -> (u128, u128) {
        let burst = self.rate.burst().max(1);
        (burst.saturating_sub(self.in_portions()).max(1).into(), burst.into())
    }

    /// Ticks that the rest may owe.
    fn capacity(&self) -> u64 {
        self.rate.fill_time().0.saturating_sub(self.in_portions() * self.rate.token_time().0)
    }

    /// Whole tokens that the rest has.
    fn free(&self) -> u64 {
        self.capacity().saturating_sub(self.owed) / self.rate.token_time().0
    }

    /// Time until the rest has a token, rounded up.
    fn retry_after(&self) -> Ticks {
        let missing = (self.owed + self.rate.token_time().0).saturating_sub(self.capacity());
        let (rest, burst) = self.parts();
        Ticks(u64::try_from((u128::from(missing) * burst).div_ceil(rest)).unwrap_or(u64::MAX))
    }
}

/// As many tokens at another rate, rounded up.
fn rescale(owed: u64, old: u64, new: u64) -> u64 {
    let scaled = (u128::from(owed) * u128::from(new)).div_ceil(u128::from(old));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bucket::Bucket;
    use crate::throttle::ThrottleSettings;

    fn rate(rate: f64, burst: i32) -> TokenRate {
        ThrottleSettings::new(rate, burst).token_rate().expect("a limit")
    }

    proptest! {
        #[test]
        fn drawing_tokens_one_by_one_is_taking_them_from_a_bucket(
            r in prop_oneof![Just(0.001), Just(0.1), Just(1e6), 0.01f64..10.0, 1.0f64..1e5],
            burst in 1i32..50, steps in prop::collection::vec(0u64..200_000, 1..200),
        ) {
            let (rate, bucket, mut now) = (rate(r, burst), Bucket::new(), 1_000_000);
            let mut shared = OwedTokens::none(rate, now);
            for step in steps {
                now += step;
                let grant = shared.draw(TokenDraw::of(rate, 1), now);
                match bucket.take(rate, Ticks(now * TICKS_PER_MICRO)) {
                    Ok(taken) => prop_assert_eq!((grant.granted, grant.owed), (1, taken.full_in)),
                    Err(empty) => {
                        prop_assert_eq!((grant.granted, Some(grant.retry_after)), (0, empty.retry_after));
                    }
                }
            }
        }

        #[test]
        fn an_edit_keeps_the_tokens_that_are_owed(
            old in 0.1f64..1e4, new in 0.1f64..1e4, burst in 1i32..50, taken in 0u64..50,
        ) {
            let (old, new) = (rate(old, burst), rate(new, burst));
            let mut shared = OwedTokens::none(old, 7);
            let taken = shared.draw(TokenDraw::of(old, taken), 7).granted;
            let left = shared.draw(TokenDraw::of(new, 100), 7).granted;
            prop_assert!(taken + left <= old.burst());
            prop_assert!(taken + left + 1 >= old.burst());
        }
    }

    const SECOND: u64 = 1_000_000;

    /// A draw of no token that asks for a portion, for ten seconds.
    fn ask(rate: TokenRate, node: u64, held: u64, want: u64) -> TokenDraw {
        TokenDraw { portion: Some(PortionAsk { node, held, want, term: 10 * SECOND }), ..TokenDraw::of(rate, 0) }
    }

    #[test]
    fn portions_have_a_tenth_of_the_bucket_at_most_and_what_is_left_refills_more_slowly() {
        let rate = rate(1.0, 100);
        let mut shared = OwedTokens::none(rate, 0);
        let given = [(1, 7), (2, 7), (3, 7)].map(|(node, want)| shared.draw(ask(rate, node, 0, want), 0).portion);
        assert_eq!(given, [7, 3, 0]);
        let grant = shared.draw(TokenDraw::of(rate, 200), 0);
        assert_eq!((grant.granted, grant.retry_after), (90, Ticks(TICKS_PER_SECOND * 10 / 9 + 1)));
        assert_eq!(shared.draw(TokenDraw::of(rate, 200), 9 * SECOND).granted, 8);
    }

    #[test]
    fn what_a_portion_had_is_owed_when_its_term_is_over() {
        let rate = rate(1.0, 100);
        let mut shared = OwedTokens::none(rate, 0);
        assert_eq!(shared.draw(ask(rate, 1, 0, 10), 0).portion, 10);
        assert_eq!(shared.draw(ask(rate, 1, 10, 10), 5 * SECOND).portion, 10, "it is prolonged");
        assert_eq!(shared.draw(TokenDraw::of(rate, 0), 15 * SECOND - 1).owed, Ticks(0));
        assert_eq!(shared.draw(TokenDraw::of(rate, 0), 15 * SECOND).owed, Ticks(10 * TICKS_PER_SECOND));
        assert_eq!(shared.draw(TokenDraw::of(rate, 200), 20 * SECOND).granted, 95);
    }

    #[test]
    fn a_node_that_forgot_its_portion_may_have_spent_it() {
        let rate = rate(1.0, 100);
        let mut shared = OwedTokens::none(rate, 0);
        assert_eq!(shared.draw(ask(rate, 1, 0, 4), 0).portion, 4);
        let again = shared.draw(ask(rate, 1, 0, 2), 0);
        assert_eq!((again.portion, again.owed), (4, Ticks(4 * TICKS_PER_SECOND)), "it never becomes smaller");
    }

    #[test]
    fn a_bucket_in_demand_gives_no_portions_and_prolongs_none() {
        let rate = rate(1.0, 100);
        let mut shared = OwedTokens::none(rate, 0);
        assert_eq!(shared.draw(ask(rate, 1, 0, 10), 0).portion, 10);
        assert_eq!(shared.draw(TokenDraw::of(rate, 46), 0).granted, 46);
        assert_eq!([1, 2].map(|node| shared.draw(ask(rate, node, 10, 10), 0).portion), [0, 0]);
    }

    #[test]
    fn a_portion_is_as_large_a_part_under_other_settings_and_what_it_was_when_they_are_back() {
        let (before, after) = (rate(1.0, 100), rate(1.0, 30));
        let mut shared = OwedTokens::none(before, 0);
        assert_eq!(shared.draw(ask(before, 1, 0, 9), 0).portion, 9);
        let edited = shared.draw(TokenDraw::of(after, 0), 0);
        assert_eq!(edited.owed, Ticks(7 * TICKS_PER_SECOND), "by how much it is smaller");
        assert_eq!(shared.clone().draw(TokenDraw::of(after, 99), 0).granted, 21);
        assert_eq!(shared.draw(TokenDraw::of(before, 200), 0).granted, 84);
    }

    #[test]
    fn what_a_node_gave_out_by_itself_is_owed() {
        let rate = rate(1.0, 10);
        let mut shared = OwedTokens::none(rate, 0);
        let grant = shared.draw(TokenDraw { debt: 4, ..TokenDraw::of(rate, 9) }, 0);
        assert_eq!((grant.granted, grant.owed), (6, Ticks(10 * TICKS_PER_SECOND)));
    }

    #[test]
    fn a_draw_of_one_token_can_be_undone_until_the_next() {
        let rate = rate(1.0, 1);
        let draw = |undo| TokenDraw { undo, ..TokenDraw::of(rate, 1) };
        let mut shared = OwedTokens::none(rate, 0);
        let first = shared.draw(draw(None), 100).lone();
        assert!(first.is_some());
        let second = shared.draw(draw(first), 200_000);
        assert_eq!(second.granted, 1, "as if the first had never been");
        assert_eq!(shared.draw(draw(first), 300_000).granted, 0, "only once");
        assert_eq!(shared.draw(draw(second.lone()), 300_000).granted, 0, "the bucket was drawn from since");
    }
}
