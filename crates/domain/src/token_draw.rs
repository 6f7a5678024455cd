//! Drawing tokens from a bucket that nodes share: what is asked, what is answered, and the arithmetic between.
//!
//! Where the bucket is kept, this arithmetic is done in that place's own language; here it is the reference.

use std::sync::Arc;

use crate::clock::{TICKS_PER_SECOND, Ticks};
use crate::throttle::TokenRate;

/// Ticks in a microsecond, which is what shared clocks tell.
const TICKS_PER_MICRO: u64 = TICKS_PER_SECOND / 1_000_000;

/// What a node asks of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenDraw {
    /// The settings in force, as far as the node knows.
    pub rate: TokenRate,
    /// Tokens that it would like to have.
    pub want: u64,
    /// Tokens that it gave out by itself while the bucket was out of reach.
    pub debt: u64,
    /// A draw of its own to be undone first.
    pub undo: Option<LoneDraw>,
}

/// A draw of one token that no call has used after all. It can be undone, as if it had never been, until the bucket is
/// drawn from again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoneDraw {
    /// When the bucket was drawn from: [`TokenGrant::at`].
    pub at: u64,
    /// What it owed afterwards.
    pub owed: Ticks,
}

/// A draw from one of many buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketDraw {
    /// Names the bucket, on all nodes alike.
    pub bucket: Arc<str>,
    /// What is asked of it.
    pub draw: TokenDraw,
}

/// What the bucket answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenGrant {
    /// Tokens that are the node's from now on.
    pub granted: u64,
    /// Time until the bucket is full, counted from the answer. The granted tokens are the last that it owes.
    pub owed: Ticks,
    /// Time until it has another token.
    pub retry_after: Ticks,
    /// When that was, in microseconds on the clock that all nodes go by.
    pub at: u64,
}

impl TokenGrant {
    /// The draw, if it was of one token.
    pub fn lone(&self) -> Option<LoneDraw> {
        (self.granted == 1).then_some(LoneDraw { at: self.at, owed: self.owed })
    }
}

/// What is kept of a bucket that nodes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwedTokens {
    /// Ticks in which it fills, counted from `at`.
    owed: u64,
    /// Microseconds on the clock that all nodes go by.
    at: u64,
    rate: TokenRate,
}

impl OwedTokens {
    /// A full bucket.
    pub fn none(rate: TokenRate, now_micros: u64) -> Self {
        Self { owed: 0, at: now_micros, rate }
    }

    /// Gives out what is wanted, or what is there.
    pub fn draw(&mut self, draw: TokenDraw, now_micros: u64) -> TokenGrant {
        let TokenDraw { rate, want, debt, undo } = draw;
        if undo == Some(LoneDraw { at: self.at, owed: Ticks(self.owed) }) {
            self.owed = self.owed.saturating_sub(self.rate.token_time().0);
        }
        let (token, capacity) = (rate.token_time().0, rate.fill_time().0);
        // A clock that was set back stands still for the bucket.
        let passed = now_micros.saturating_sub(self.at).saturating_mul(TICKS_PER_MICRO);
        let mut owed = self.owed.saturating_sub(passed);
        if self.rate != rate {
            owed = rescale(owed.min(self.rate.fill_time().0), self.rate.token_time().0, token);
        }
        let owed = owed.saturating_add(debt.saturating_mul(token)).min(capacity);
        let granted = want.min((capacity - owed) / token);
        let owed = owed + granted * token;
        *self = Self { owed, at: now_micros, rate };
        let retry_after = Ticks((owed + token).saturating_sub(capacity));
        TokenGrant { granted, owed: Ticks(owed), retry_after, at: now_micros }
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
                let grant = shared.draw(TokenDraw { rate, want: 1, debt: 0, undo: None }, now);
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
            let taken = shared.draw(TokenDraw { rate: old, want: taken, debt: 0, undo: None }, 7).granted;
            let left = shared.draw(TokenDraw { rate: new, want: 100, debt: 0, undo: None }, 7).granted;
            prop_assert!(taken + left <= old.burst());
            prop_assert!(taken + left + 1 >= old.burst());
        }
    }

    #[test]
    fn what_a_node_gave_out_by_itself_is_owed() {
        let rate = rate(1.0, 10);
        let mut shared = OwedTokens::none(rate, 0);
        let grant = shared.draw(TokenDraw { rate, want: 9, debt: 4, undo: None }, 0);
        assert_eq!((grant.granted, grant.owed), (6, Ticks(10 * TICKS_PER_SECOND)));
    }

    #[test]
    fn a_draw_of_one_token_can_be_undone_until_the_next() {
        let rate = rate(1.0, 1);
        let draw = |undo| TokenDraw { rate, want: 1, debt: 0, undo };
        let mut shared = OwedTokens::none(rate, 0);
        let first = shared.draw(draw(None), 100).lone();
        assert!(first.is_some());
        let second = shared.draw(draw(first), 200_000);
        assert_eq!(second.granted, 1, "as if the first had never been");
        assert_eq!(shared.draw(draw(first), 300_000).granted, 0, "only once");
        assert_eq!(shared.draw(draw(second.lone()), 300_000).granted, 0, "the bucket was drawn from since");
    }
}
