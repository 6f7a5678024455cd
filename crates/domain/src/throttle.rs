//! Rate and burst: the settings of a token bucket and its arithmetic.
//!
//! The arithmetic is pure: state in, state out. [`crate::bucket::Bucket`] owns the atomic word.

use serde::{Deserialize, Serialize};

use crate::clock::{TICKS_PER_SECOND, Ticks};

/// Rate and burst as a user sets them.
///
/// A member that is absent, or negative (Terraform's word for "unset"), follows from the other: a burst of one second's
/// tokens (at least one), a rate of one burst a second. With neither, nothing is limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ThrottleSettings {
    /// Tokens added per second. Zero admits nobody.
    pub rate_limit: Option<f64>,
    /// Tokens the bucket holds. Zero admits nobody.
    pub burst_limit: Option<i32>,
}

impl ThrottleSettings {
    /// Both members given.
    pub fn new(rate_limit: f64, burst_limit: i32) -> Self {
        Self { rate_limit: Some(rate_limit), burst_limit: Some(burst_limit) }
    }

    /// The arithmetic of these settings, or `None` when they limit nothing.
    pub fn token_rate(&self) -> Option<TokenRate> {
        let (rate, burst) = (self.rate_limit.filter(|rate| *rate >= 0.0), self.burst_limit.filter(|burst| *burst >= 0));
        let (rate, burst) = match (rate, burst) {
            (None, None) => return None,
            (Some(rate), Some(burst)) => (rate, burst),
            // `as` saturates, which is what a rate beyond i32 needs here.
            (Some(rate), None) => (rate, (rate.ceil() as i32).max(i32::from(rate > 0.0))),
            (None, Some(burst)) => (f64::from(burst), burst),
        };
        Some(TokenRate::new(rate, burst.unsigned_abs()))
    }
}

/// A rate and burst in ticks: what [`ThrottleSettings`] come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRate {
    /// Ticks in which one token is added.
    ticks_per_token: u64,
    /// Ticks in which an empty bucket fills: tokens it holds, times `ticks_per_token`.
    capacity: u64,
}

/// The longest time that is reckoned with. A quarter of the range keeps every sum below in bounds: a rate that adds less
/// than a token in nine years gives out the burst, then nothing.
const LONGEST: u64 = u64::MAX / 4;

/// What a bucket holds after a token was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whole tokens left.
    pub left: u64,
    /// Time until the bucket is full again.
    pub full_in: Ticks,
}

/// Why no token was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Empty {
    /// Time until a token is there, or `None` when these settings admit nobody.
    pub retry_after: Option<Ticks>,
    /// Time until the bucket is full.
    pub full_in: Ticks,
}

impl TokenRate {
    fn new(rate: f64, burst: u32) -> Self {
        const NOBODY: TokenRate = TokenRate { ticks_per_token: 1, capacity: 0 };
        if burst == 0 || rate.is_nan() || rate <= 0.0 {
            return NOBODY;
        }
        // Rounded up, so that rounding never admits more than the rate.
        let ticks = (TICKS_PER_SECOND as f64 / rate).ceil();
        let ticks_per_token = if ticks >= LONGEST as f64 { LONGEST } else { (ticks as u64).max(1) };
        let capacity = ticks_per_token.saturating_mul(u64::from(burst)).min(LONGEST);
        Self { ticks_per_token, capacity }
    }

    /// Tokens the bucket holds when full.
    pub fn burst(self) -> u64 {
        self.capacity / self.ticks_per_token
    }

    /// Whether no token is ever given.
    pub fn admits_nobody(self) -> bool {
        self.capacity < self.ticks_per_token
    }

    /// Time in which one token is added.
    pub fn token_time(self) -> Ticks {
        Ticks(self.ticks_per_token)
    }

    /// What one of so many nodes may give out by itself: its share of the rate, and of the burst in whole tokens, but
    /// at least one.
    #[must_use]
    pub fn share(self, nodes: u64) -> Self {
        if nodes <= 1 || self.admits_nobody() {
            return self;
        }
        let ticks_per_token = self.ticks_per_token.saturating_mul(nodes).min(LONGEST);
        let burst = (self.burst() / nodes).max(1);
        Self { ticks_per_token, capacity: ticks_per_token.saturating_mul(burst).min(LONGEST) }
    }

    /// What a portion of so many whole tokens may give out by itself: the same part of the rate as of the burst.
    #[must_use]
    pub fn portion(self, tokens: u64) -> Self {
        let tokens = tokens.min(self.burst());
        if tokens == 0 {
            return Self { ticks_per_token: 1, capacity: 0 };
        }
        // Rounded up: a portion and what it leaves never add up to more than the whole.
        let ticks = (u128::from(self.ticks_per_token) * u128::from(self.burst())).div_ceil(u128::from(tokens));
        let ticks_per_token = u64::try_from(ticks).unwrap_or(LONGEST).min(LONGEST);
        Self { ticks_per_token, capacity: ticks_per_token.saturating_mul(tokens).min(LONGEST) }
    }

    /// Time in which an empty bucket fills.
    pub fn fill_time(self) -> Ticks {
        Ticks(self.capacity)
    }

    /// Takes one token from a bucket that would be full at `full_at`, or says when to come back.
    ///
    /// This is GCRA with the state of a leaky bucket: what is owed is `full_at - now`, and one token more may be owed
    /// while that stays within the capacity. What is owed is capped at one empty bucket, so that settings that were
    /// just raised free a drained caller at once.
    pub(crate) fn take(self, full_at: u64, now: Ticks) -> Result<(u64, Taken), Empty> {
        let owed = full_at.saturating_sub(now.0).min(self.capacity) + self.ticks_per_token;
        if owed <= self.capacity {
            let left = (self.capacity - owed) / self.ticks_per_token;
            return Ok((now.0 + owed, Taken { left, full_in: Ticks(owed) }));
        }
        let full_in = Ticks(owed - self.ticks_per_token);
        Err(Empty { retry_after: (!self.admits_nobody()).then_some(Ticks(owed - self.capacity)), full_in })
    }

    /// The state of a bucket that owes no more than all its tokens.
    pub(crate) fn cap(self, full_at: u64, now: Ticks) -> u64 {
        full_at.min(now.0.saturating_add(self.capacity))
    }

    /// The state under these settings of a bucket that was filled under `old`, with the same number of tokens owed,
    /// rounded up.
    pub(crate) fn rescale_from(self, old: TokenRate, full_at: u64, now: Ticks) -> u64 {
        let owed = full_at.saturating_sub(now.0).min(old.capacity);
        let owed = (u128::from(owed) * u128::from(self.ticks_per_token)).div_ceil(u128::from(old.ticks_per_token));
        now.0 + u64::try_from(owed).unwrap_or(u64::MAX).min(self.capacity)
    }

    /// Whether a token could be taken, taking none.
    pub(crate) fn peek(self, full_at: u64, now: Ticks) -> Result<(), Empty> {
        self.take(full_at, now).map(|_| ())
    }

    /// Gives back a token taken at `taken_at`.
    ///
    /// Exact while less than one token's time has passed. Later the bucket may have been full in between, and a full
    /// bucket has nothing to be given back; the doubt goes against the caller, since a bucket must never overflow.
    pub(crate) fn give_back(self, full_at: u64, taken_at: Ticks, now: Ticks) -> u64 {
        let passed = now.0.saturating_sub(taken_at.0);
        full_at - self.ticks_per_token.saturating_sub(passed).min(full_at)
    }
}
