//! A token bucket in one atomic word.
//!
//! Keeps the promise that over any time `t`, at most `burst + rate * t` tokens are given out, however many threads
//! take them.

use crate::clock::Ticks;
use crate::sync::{AtomicU64, Ordering};
use crate::throttle::{Empty, Taken, TokenRate};

/// The state of a bucket that was closed.
const CLOSED: u64 = u64::MAX;

/// The time at which the bucket is full, in ticks. The settings come with each call, so new ones hold at once.
#[derive(Debug, Default)]
pub struct Bucket {
    full_at: AtomicU64,
}

impl Bucket {
    /// A full bucket.
    pub fn new() -> Self {
        Self { full_at: AtomicU64::new(0) }
    }

    /// Takes one token, or says when to come back.
    pub fn take(&self, rate: TokenRate, now: Ticks) -> Result<Taken, Empty> {
        let mut full_at = self.full_at.load(Ordering::Relaxed);
        loop {
            let outcome = rate.take(full_at, now);
            let next = match outcome {
                Ok((next, _)) => next,
                Err(_) if full_at == CLOSED => CLOSED,
                // Usually what it was, and then nothing is written: only settings that were just raised lower it.
                Err(_) => rate.cap(full_at, now),
            };
            if next == full_at {
                return outcome.map(|(_, taken)| taken);
            }
            match self.full_at.compare_exchange_weak(full_at, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return outcome.map(|(_, taken)| taken),
                Err(current) => full_at = current,
            }
        }
    }

    /// Keeps the tokens that are owed when the settings change from `old` to `new`, so that a raised rate shortens
    /// the wait and a lowered one is no gift.
    pub fn rescale(&self, old: TokenRate, new: TokenRate, now: Ticks) {
        let mut full_at = self.full_at.load(Ordering::Relaxed);
        while full_at > now.0 {
            let next = new.rescale_from(old, full_at, now);
            match self.full_at.compare_exchange_weak(full_at, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(current) => full_at = current,
            }
        }
    }

    /// Says whether [`Self::take`] would give a token now. Like a take, a refusal caps what is owed.
    pub fn peek(&self, rate: TokenRate, now: Ticks) -> Result<(), Empty> {
        match rate.peek(self.full_at.load(Ordering::Relaxed), now) {
            Ok(()) => Ok(()),
            Err(_) => self.take(rate, now).map(|_| self.give_back(rate, now, now)),
        }
    }

    /// Gives back a token taken at `taken_at`, because another level refused the call.
    pub fn give_back(&self, rate: TokenRate, taken_at: Ticks, now: Ticks) {
        let mut full_at = self.full_at.load(Ordering::Relaxed);
        loop {
            let next = rate.give_back(full_at, taken_at, now);
            match self.full_at.compare_exchange_weak(full_at, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(current) => full_at = current,
            }
        }
    }

    /// Undoes what was taken at `taken_at`, as if it had never been; `false` when another token was taken since.
    pub fn undo(&self, rate: TokenRate, taken: Taken, taken_at: Ticks) -> bool {
        let full_at = taken_at.0 + taken.full_in.0;
        let before = full_at - rate.token_time().0;
        self.full_at.compare_exchange(full_at, before, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Closes it for good, and says when it would have been full. Whoever takes a token afterwards gets none.
    pub fn close(&self) -> Ticks {
        Ticks(self.full_at.swap(CLOSED, Ordering::Relaxed))
    }

    /// Has it owe at least what makes it full at `full_at`.
    pub fn owe_until(&self, full_at: Ticks) {
        self.full_at.fetch_max(full_at.0, Ordering::Relaxed);
    }

    /// Fills it, and says how many tokens were owed, rounded up.
    pub fn settle(&self, rate: TokenRate, now: Ticks) -> u64 {
        let owed = self.full_at.swap(0, Ordering::Relaxed).saturating_sub(now.0);
        owed.min(rate.fill_time().0).div_ceil(rate.token_time().0)
    }

    /// Whole tokens that it has.
    pub fn left(&self, rate: TokenRate, now: Ticks) -> u64 {
        let owed = self.full_at.load(Ordering::Relaxed).saturating_sub(now.0);
        rate.fill_time().0.saturating_sub(owed) / rate.token_time().0
    }

    /// Whether the bucket is full, so that forgetting it changes nothing.
    pub fn is_full(&self, now: Ticks) -> bool {
        self.full_at.load(Ordering::Relaxed) <= now.0
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::throttle::ThrottleSettings;

    fn rate(rate: f64, burst: i32) -> TokenRate {
        ThrottleSettings::new(rate, burst).token_rate().expect("a limit")
    }

    fn at(seconds: f64) -> Ticks {
        Ticks::from_duration(Duration::from_secs_f64(seconds))
    }

    fn rates() -> impl Strategy<Value = f64> {
        prop_oneof![Just(0.0), Just(0.1), Just(1e6), 0.01..10.0, 1.0..100_000.0]
    }

    proptest! {
        #[test]
        fn never_more_than_burst_plus_rate_times_time(
            r in rates(), burst in 0i32..500, steps in prop::collection::vec(0.0f64..0.5, 1..400),
        ) {
            let (bucket, limit) = (Bucket::new(), rate(r, burst));
            let (mut now, mut admitted) = (0.0, 0u64);
            for step in steps {
                now += step;
                admitted += u64::from(bucket.take(limit, at(now)).is_ok());
                let most = if r == 0.0 { 0.0 } else { f64::from(burst) + r * now };
                prop_assert!(admitted as f64 <= most + 1e-6, "{admitted} > {most}");
            }
        }

        #[test]
        fn waiting_as_told_is_always_enough_and_never_too_long(
            r in 0.1f64..1e6, burst in 1i32..50, before in 0usize..200,
        ) {
            let (bucket, limit) = (Bucket::new(), rate(r, burst));
            let now = at(1.0);
            for _ in 0..before { let _ = bucket.take(limit, now); }
            if let Err(Empty { retry_after, .. }) = bucket.peek(limit, now) {
                let wait = retry_after.expect("these settings admit somebody");
                prop_assert!(bucket.peek(limit, Ticks(now.0 + wait.0 - 1)).is_err());
                prop_assert!(bucket.peek(limit, Ticks(now.0 + wait.0)).is_ok());
            }
        }

        #[test]
        fn a_raised_rate_frees_a_drained_caller(low in 0.01f64..10.0, burst in 1i32..20, factor in 2.0f64..1e4) {
            let bucket = Bucket::new();
            while bucket.take(rate(low, burst), at(0.0)).is_ok() {}
            let raised = rate(low * factor, burst);
            prop_assert!(bucket.peek(raised, at(0.0)).is_err());
            let one_token = at(1.01 / (low * factor));
            prop_assert!(bucket.take(raised, one_token).is_ok());
        }

        #[test]
        fn an_edit_keeps_the_tokens_that_are_owed(
            old in 0.1f64..1e4, new in 0.1f64..1e4, burst in 1i32..50, taken in 0i32..50,
        ) {
            let (bucket, now) = (Bucket::new(), at(1.0));
            let taken = (0..taken.min(burst)).filter(|_| bucket.take(rate(old, burst), now).is_ok()).count();
            bucket.rescale(rate(old, burst), rate(new, burst), now);
            let left = (0..100).filter(|_| bucket.take(rate(new, burst), now).is_ok()).count();
            prop_assert_eq!(taken + left, burst.unsigned_abs() as usize);
        }

        #[test]
        fn an_edit_never_gives_more_than_the_new_burst(
            edits in prop::collection::vec((0.1f64..1000.0, 1i32..50, 0.0f64..0.2, 0usize..80), 1..30),
        ) {
            let (bucket, mut now) = (Bucket::new(), 0.0);
            for (r, burst, pause, calls) in edits {
                now += pause;
                let limit = rate(r, burst);
                let admitted = (0..calls).filter(|_| bucket.take(limit, at(now)).is_ok()).count();
                prop_assert!(admitted <= burst.unsigned_abs() as usize);
            }
        }

        #[test]
        fn a_token_given_back_is_there_again(r in 0.1f64..1e5, burst in 1i32..50, taken in 0i32..50) {
            let (bucket, limit, now) = (Bucket::new(), rate(r, burst), at(3.0));
            for _ in 0..taken.min(burst - 1) { bucket.take(limit, now).expect("a token"); }
            let before = bucket.full_at.load(Ordering::Relaxed).max(now.0);
            bucket.take(limit, now).expect("a token");
            bucket.give_back(limit, now, now);
            prop_assert_eq!(bucket.full_at.load(Ordering::Relaxed), before);
        }
    }

    #[test]
    fn a_token_is_undone_as_if_it_had_never_been_taken_until_the_next_is() {
        let (bucket, limit) = (Bucket::new(), rate(1.0, 1));
        let taken = bucket.take(limit, at(1.0)).expect("a token");
        assert!(bucket.undo(limit, taken, at(1.0)));
        assert!(!bucket.undo(limit, taken, at(1.0)), "only once");
        let taken = bucket.take(limit, at(1.0)).expect("a token");
        bucket.take(limit, at(2.0)).expect("the next");
        assert!(!bucket.undo(limit, taken, at(1.0)), "it has come back by itself");
        assert!(bucket.take(limit, at(2.0)).is_err());
    }

    #[test]
    fn a_bucket_that_was_closed_gives_nothing_ever() {
        let (bucket, limit) = (Bucket::new(), rate(1.0, 1));
        bucket.take(limit, at(1.0)).expect("a token");
        assert_eq!(bucket.close(), at(2.0));
        assert!((1..100).all(|second| bucket.take(limit, at(f64::from(second))).is_err()));
    }

    #[test]
    fn many_threads_share_one_bucket_exactly() {
        let (bucket, limit) = (Bucket::new(), rate(0.1, 1000));
        let admitted = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..500).filter(|_| bucket.take(limit, at(1.0)).is_ok()).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum::<usize>()
        });
        assert_eq!(admitted, 1000);
    }

    #[test]
    fn zero_admits_nobody_and_never_promises_a_time() {
        for limit in [rate(0.0, 10), rate(10.0, 0), rate(0.0, 0)] {
            let empty = Bucket::new().take(limit, at(5.0)).expect_err("nobody is admitted");
            assert_eq!(empty.retry_after, None);
        }
    }

    #[test]
    fn a_member_that_is_absent_follows_from_the_other() {
        let burst = |settings: ThrottleSettings| settings.token_rate().map(TokenRate::burst);
        assert_eq!(burst(ThrottleSettings { rate_limit: Some(2.5), burst_limit: None }), Some(3));
        assert_eq!(burst(ThrottleSettings { rate_limit: Some(0.1), burst_limit: None }), Some(1));
        assert_eq!(burst(ThrottleSettings { rate_limit: None, burst_limit: Some(7) }), Some(7));
        assert_eq!(burst(ThrottleSettings::default()), None);
        assert_eq!(burst(ThrottleSettings::new(-1.0, -1)), None);
        assert_eq!(burst(ThrottleSettings::new(4.0, -1)), Some(4));
        assert_eq!(burst(ThrottleSettings::new(-1.0, 9)), Some(9));
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;

    use super::*;
    use crate::throttle::ThrottleSettings;

    #[test]
    fn two_threads_never_share_one_token() {
        loom::model(|| {
            let bucket = Arc::new(Bucket::new());
            let limit = ThrottleSettings::new(1.0, 1).token_rate().expect("a limit");
            let other = Arc::clone(&bucket);
            let thread = loom::thread::spawn(move || other.take(limit, Ticks(100)).is_ok());
            let here = bucket.take(limit, Ticks(100)).is_ok();
            assert!(here ^ thread.join().expect("no panic"));
        });
    }

    #[test]
    fn a_token_given_back_can_be_taken_by_another_thread_once() {
        loom::model(|| {
            let bucket = Arc::new(Bucket::new());
            let limit = ThrottleSettings::new(1.0, 1).token_rate().expect("a limit");
            let other = Arc::clone(&bucket);
            let thread = loom::thread::spawn(move || {
                let taken = other.take(limit, Ticks(100)).is_ok();
                if taken {
                    other.give_back(limit, Ticks(100), Ticks(100));
                }
            });
            let here = bucket.take(limit, Ticks(100)).is_ok();
            thread.join().expect("no panic");
            assert_eq!(bucket.take(limit, Ticks(100)).is_ok(), !here);
        });
    }

    #[test]
    fn an_edit_while_a_token_is_taken_is_no_gift() {
        loom::model(|| {
            let bucket = Arc::new(Bucket::new());
            let settings = |rate| ThrottleSettings::new(rate, 2).token_rate().expect("a limit");
            let (old, new) = (settings(1.0), settings(2.0));
            bucket.take(old, Ticks(100)).expect("a token");
            let caller = {
                let bucket = Arc::clone(&bucket);
                loom::thread::spawn(move || bucket.take(old, Ticks(100)).is_ok())
            };
            bucket.rescale(old, new, Ticks(100));
            let there = caller.join().expect("no panic");
            let here = bucket.take(new, Ticks(100)).is_ok();
            assert_eq!(1 + u8::from(there) + u8::from(here), 2, "not what the burst says");
        });
    }
}
