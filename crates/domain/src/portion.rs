//! A part of a bucket that nodes share, which one node has for a term and uses as a bucket of its own.
//!
//! Keeps the promise that nodes with portions and those that draw from what is left together admit what one bucket does:
//! a portion has as large a part of the rate as of the burst, and both are missing elsewhere for as long as anybody may
//! use it (see [`crate::owed_tokens`]). Its term is counted from the moment at which it was asked for, which is before
//! the bucket was, so that it ends early rather than late. Under other settings than those of the grant it is void for
//! good.

use crate::bucket::Bucket;
use crate::clock::{TICKS_PER_SECOND, Ticks};
use crate::sync::{AtomicU64, Ordering};
use crate::throttle::{Taken, TokenRate};
use crate::token_draw::{TokenDraw, TokenGrant};

const TICKS_PER_MICRO: u64 = TICKS_PER_SECOND / 1_000_000;

/// The end of a term that was ended.
const VOID: u64 = 0;

/// One portion: its size never changes. Where more is granted, another takes its place and owes what this one does.
#[derive(Debug)]
pub struct Portion {
    /// The settings of the whole bucket.
    whole: TokenRate,
    tokens: u64,
    /// What it may give out.
    rate: TokenRate,
    /// Ticks of this node at which its term is over.
    until: AtomicU64,
    /// Ticks from which on it should be prolonged, if nobody is about to.
    due: AtomicU64,
    bucket: Bucket,
}

/// A token of a portion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortionToken {
    taken: Taken,
    at: Ticks,
}

impl Portion {
    /// What a node has after an answer to a draw that was sent at `sent`, or `None` where it goes on with `before`. One
    /// thread at a time does so.
    pub fn answered(
        before: Option<&Self>,
        draw: &TokenDraw,
        grant: &TokenGrant,
        sent: Ticks,
        now: Ticks,
    ) -> Option<Self> {
        let ask = draw.portion.filter(|_| grant.portion > 0)?;
        let term = ask.term.saturating_mul(TICKS_PER_MICRO);
        let (until, due) = (sent.0.saturating_add(term), sent.0.saturating_add(term / 4 * 3));
        let next = || Self::new(draw.rate, grant.portion, until, due);
        match before {
            // What was prolonged is forgotten here.
            None => (ask.held == 0).then(next),
            Some(before) if ask.held > 0 && (before.whole, before.tokens) == (draw.rate, grant.portion) => {
                before.prolong(until, due);
                None
            }
            // Should it have become void on the way, so is what was added to it.
            Some(before) if before.until.swap(VOID, Ordering::AcqRel) == VOID && ask.held > 0 => None,
            Some(before) => Some(next().owing(before.bucket.close(), before.rate, now)),
        }
    }

    fn new(whole: TokenRate, tokens: u64, until: u64, due: u64) -> Self {
        let (until, due) = (AtomicU64::new(until), AtomicU64::new(due));
        Self { whole, tokens, rate: whole.portion(tokens), until, due, bucket: Bucket::new() }
    }

    /// Owes as many tokens as a bucket that would be full at `full_at`.
    fn owing(self, full_at: Ticks, rate: TokenRate, now: Ticks) -> Self {
        self.bucket.owe_until(full_at);
        self.bucket.rescale(rate, self.rate, now);
        self
    }

    fn prolong(&self, until: u64, due: u64) {
        let later = |now: u64| (now != VOID).then_some(now.max(until));
        self.due.store(due, Ordering::Relaxed);
        // Fails where it has become void on the way, and then it stays so.
        let _ = self.until.fetch_update(Ordering::AcqRel, Ordering::Acquire, later);
    }

    /// Takes a token, if `whole` are the settings of its bucket still.
    pub fn take(&self, whole: TokenRate, now: Ticks) -> Option<PortionToken> {
        if !self.is_valid(whole, now) {
            return None;
        }
        Some(PortionToken { taken: self.bucket.take(self.rate, now).ok()?, at: now })
    }

    /// Gives a token back; `false` when it has given out another since.
    pub fn give_back(&self, token: PortionToken) -> bool {
        self.bucket.undo(self.rate, token.taken, token.at)
    }

    /// Time until it has a token, if that is within its term.
    pub fn wait(&self, whole: TokenRate, now: Ticks) -> Option<Ticks> {
        if !self.is_valid(whole, now) {
            return None;
        }
        let wait = self.bucket.peek(self.rate, now).map_or_else(|empty| empty.retry_after, |()| Some(Ticks(0)))?;
        (now.0.saturating_add(wait.0) < self.until.load(Ordering::Acquire)).then_some(wait)
    }

    /// Tokens that it has when it is full, and those that it has now; none where its term is over.
    pub fn standing(&self, whole: TokenRate, now: Ticks) -> (u64, u64) {
        if self.is_valid(whole, now) { (self.tokens, self.bucket.left(self.rate, now)) } else { (0, 0) }
    }

    /// Whether it should be prolonged, which is in the last quarter of its term. It is told once.
    pub fn is_due(&self, now: Ticks) -> bool {
        let due = self.due.load(Ordering::Relaxed);
        due <= now.0
            && self.lasts(now)
            && self.due.compare_exchange(due, u64::MAX, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Whether its term is not over.
    pub fn lasts(&self, now: Ticks) -> bool {
        now.0 < self.until.load(Ordering::Acquire)
    }

    /// Makes it void; says how many tokens it had, if its term was not over.
    pub fn end(&self, now: Ticks) -> u64 {
        let until = self.until.swap(VOID, Ordering::AcqRel);
        if now.0 < until { self.tokens } else { 0 }
    }

    fn is_valid(&self, whole: TokenRate, now: Ticks) -> bool {
        if self.whole != whole {
            // Settings that are changed and changed back do not bring it back.
            self.end(now);
        }
        self.lasts(now)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::owed_tokens::OwedTokens;
    use crate::throttle::ThrottleSettings;
    use crate::token_draw::PortionAsk;

    const TERM: u64 = 10_000_000;

    fn rate(rate: f64, burst: i32) -> TokenRate {
        ThrottleSettings::new(rate, burst).token_rate().expect("a limit")
    }

    fn seconds(seconds: f64) -> Ticks {
        Ticks((seconds * TICKS_PER_SECOND as f64) as u64)
    }

    fn ask(rate: TokenRate, held: u64, want: u64) -> TokenDraw {
        TokenDraw { portion: Some(PortionAsk { node: 1, held, want, term: TERM }), ..TokenDraw::of(rate, 0) }
    }

    /// A portion of so many tokens out of a bucket of a hundred, at ten a second, asked for at the first second.
    fn portion(tokens: u64) -> (Portion, TokenRate) {
        let (rate, at) = (rate(10.0, 100), seconds(1.0));
        let draw = ask(rate, 0, tokens);
        let grant = OwedTokens::none(rate, 0).draw(draw, 0);
        (Portion::answered(None, &draw, &grant, at, at).expect("granted"), rate)
    }

    fn taken(portion: &Portion, rate: TokenRate, now: Ticks) -> usize {
        std::iter::from_fn(|| portion.take(rate, now)).count()
    }

    #[test]
    fn it_gives_out_its_part_of_burst_and_rate_until_its_term_is_over() {
        let (portion, rate) = portion(5);
        let at = [1.0, 1.9, 3.0, 10.9, 11.0].map(seconds);
        assert_eq!(at.map(|now| taken(&portion, rate, now)), [5, 0, 1, 3, 0]);
    }

    #[test]
    fn other_settings_make_it_void_for_good() {
        let (portion, granted) = portion(5);
        assert_eq!(portion.take(rate(20.0, 100), seconds(1.0)), None);
        assert_eq!(portion.take(granted, seconds(1.0)), None);
        let prolonged = TokenGrant { portion: 5, ..OwedTokens::none(granted, 0).draw(TokenDraw::of(granted, 0), 0) };
        let draw = ask(granted, 5, 5);
        assert!(Portion::answered(Some(&portion), &draw, &prolonged, seconds(1.0), seconds(1.0)).is_none());
        assert_eq!(portion.take(granted, seconds(1.0)), None);
    }

    #[test]
    fn where_more_is_granted_it_owes_what_it_did() {
        let (small, rate) = portion(5);
        assert_eq!((0..3).filter(|_| small.take(rate, seconds(1.0)).is_some()).count(), 3);
        let grant = TokenGrant { portion: 8, ..OwedTokens::none(rate, 0).draw(TokenDraw::of(rate, 0), 0) };
        let draw = ask(rate, 5, 8);
        let large = Portion::answered(Some(&small), &draw, &grant, seconds(1.0), seconds(1.0)).expect("another");
        assert_eq!(large.standing(rate, seconds(1.0)), (8, 5));
        assert_eq!((taken(&small, rate, seconds(1.0)), taken(&large, rate, seconds(1.0))), (0, 5));
    }

    #[test]
    fn a_token_is_waited_for_within_the_term_only() {
        let (portion, rate) = portion(5);
        assert_eq!(portion.wait(rate, seconds(1.0)), Some(Ticks(0)));
        assert_eq!(taken(&portion, rate, seconds(1.0)), 5);
        assert_eq!(portion.wait(rate, seconds(2.0)), Some(seconds(1.0)));
        assert_eq!(taken(&portion, rate, seconds(9.5)), 4);
        assert_eq!(portion.wait(rate, seconds(9.5)), None, "a token is there at the eleventh second, when it is over");
    }

    #[test]
    fn a_token_that_is_given_back_is_there_again() {
        let (portion, rate) = portion(5);
        let token = portion.take(rate, seconds(1.0)).expect("a token");
        assert!(portion.give_back(token));
        assert_eq!(taken(&portion, rate, seconds(1.0)), 5);
    }

    #[test]
    fn it_is_due_in_the_last_quarter_of_its_term_and_once_unless_it_is_prolonged() {
        let (portion, rate) = portion(5);
        assert_eq!([8.4, 8.5, 8.6].map(|now| portion.is_due(seconds(now))), [false, true, false]);
        let refused = OwedTokens::none(rate, 0).draw(TokenDraw::of(rate, 0), 0);
        let draw = ask(rate, 5, 5);
        assert!(Portion::answered(Some(&portion), &draw, &refused, seconds(8.5), seconds(8.6)).is_none());
        assert!(!portion.is_due(seconds(8.7)) && portion.lasts(seconds(8.7)));
        let granted = TokenGrant { portion: 5, ..refused };
        assert!(Portion::answered(Some(&portion), &draw, &granted, seconds(9.0), seconds(9.1)).is_none());
        assert!(!portion.is_due(seconds(16.4)) && portion.is_due(seconds(16.5)));
        assert!(portion.lasts(seconds(18.9)) && !portion.lasts(seconds(19.0)));
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;

    use super::*;
    use crate::owed_tokens::OwedTokens;
    use crate::throttle::ThrottleSettings;
    use crate::token_draw::PortionAsk;

    fn answered(before: Option<&Portion>, shared: &mut OwedTokens, rate: TokenRate, held: u64, want: u64) -> Portion {
        let portion = Some(PortionAsk { node: 1, held, want, term: 10_000_000 });
        let draw = TokenDraw { portion, ..TokenDraw::of(rate, 0) };
        let grant = shared.draw(draw, 0);
        Portion::answered(before, &draw, &grant, Ticks(100), Ticks(100)).expect("granted")
    }

    #[test]
    fn no_token_is_given_out_twice_while_another_portion_takes_the_place() {
        loom::model(|| {
            let rate = ThrottleSettings::new(1.0, 20).token_rate().expect("a limit");
            let mut shared = OwedTokens::none(rate, 0);
            let small = Arc::new(answered(None, &mut shared, rate, 0, 1));
            let other = Arc::clone(&small);
            let caller = loom::thread::spawn(move || (0..2).filter(|_| other.take(rate, Ticks(100)).is_some()).count());
            let large = answered(Some(&small), &mut shared, rate, 1, 2);
            let here = (0..3).filter(|_| large.take(rate, Ticks(100)).is_some()).count();
            assert_eq!(caller.join().expect("no panic") + here, 2);
        });
    }

    #[test]
    fn a_portion_that_becomes_void_while_it_is_prolonged_stays_void() {
        loom::model(|| {
            let rates = [1.0, 2.0].map(|rate| ThrottleSettings::new(rate, 10).token_rate().expect("a limit"));
            let portion = Arc::new(answered(None, &mut OwedTokens::none(rates[0], 0), rates[0], 0, 1));
            let other = Arc::clone(&portion);
            let edit = loom::thread::spawn(move || other.take(rates[1], Ticks(100)).is_some());
            portion.prolong(1_000_000, 0);
            assert!(!edit.join().expect("no panic"));
            assert_eq!(portion.take(rates[0], Ticks(200)), None);
        });
    }
}
