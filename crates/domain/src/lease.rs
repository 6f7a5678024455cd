//! Units of a quota that a node drew from the ledger and may spend without asking again: one lease after the other, in
//! one place, of one cache line's half.
//!
//! Keeps the promise that what is spent never exceeds what was drawn: every unit is deposited once, and spent or
//! handed back once, under the quota and in the period that it was drawn for.

mod state;
mod terms;

use crate::calendar::{Day, Period};
use crate::clock::Ticks;
use crate::quota::QuotaSettings;
use crate::sync::{AtomicI64, AtomicU64, Ordering};

use state::{Flag, State};
pub use terms::Terms;
use terms::TermsCell;

/// The lease of one (plan, key) on this node, and its number among those that were open here before.
///
/// Whoever changes the word of the state finds it as they read it, number and all, or starts over. Terms are written
/// between closing one lease and opening the next. So the terms that were read before a unit was spent are those of the
/// lease that it was spent from.
#[derive(Debug)]
pub struct Lease {
    state: AtomicU64,
    /// What the ledger held after the last draw; where it held nothing, and gave nothing, less than zero, by the ticks
    /// at which it said so. Only a hint.
    left_in_ledger: AtomicI64,
    terms: TermsCell,
}

/// What became of an attempt to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spend {
    /// One unit was spent.
    Spent(Unit),
    /// Nothing is left: draw more for the lease of this number.
    Empty {
        /// The lease.
        number: u32,
        /// What it is for.
        terms: Terms,
    },
    /// Somebody opens one at this moment.
    Opening,
    /// There is none, or one for another period: open another.
    Closed,
}

/// A unit that was spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The lease that it was on.
    pub number: u32,
    /// What it is for.
    pub terms: Terms,
    /// Units left after it, on the lease and in the ledger.
    pub remaining: i64,
    /// Whether it is time to draw ahead of need, so that no call has to wait.
    pub is_low: bool,
}

/// A lease that was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Which it was.
    pub number: u32,
    /// The period for which its units were drawn.
    pub period: Period,
    /// What was not spent.
    pub units: i64,
}

impl Default for Lease {
    fn default() -> Self {
        Self::new()
    }
}

impl Lease {
    /// No lease yet.
    pub fn new() -> Self {
        Self { state: AtomicU64::new(0), left_in_ledger: AtomicI64::new(0), terms: TermsCell::new() }
    }

    /// Spends one unit, if the lease is for `day`.
    pub fn spend(&self, day: Day) -> Spend {
        let mut state = self.state();
        loop {
            match (state.is(Flag::Open), state.is(Flag::Opening)) {
                (false, true) => return Spend::Opening,
                (false, false) => return Spend::Closed,
                (true, _) => {}
            }
            let before = self.left_in_ledger();
            let terms = self.terms.load();
            let outcome = match state.spent() {
                _ if !terms.period.contains(day) => Spend::Closed,
                None => Spend::Empty { number: state.number(), terms },
                Some(next) => match self.change(state, next) {
                    Ok(()) => return Spend::Spent(self.unit(next, terms, before)),
                    Err(current) => {
                        state = current;
                        continue;
                    }
                },
            };
            // What was read is believed if it was nobody else's.
            let current = self.state();
            if current == state {
                return outcome;
            }
            state = current;
        }
    }

    fn unit(&self, state: State, terms: Terms, before: i64) -> Unit {
        let (left, after) = (state.units(), self.left_in_ledger());
        // A draw may have landed in between. Then the larger side of the spend tells whether its units were in `left`:
        // draws come when the lease is low, and bring more than was there.
        let drawn = before - after;
        let beside = if drawn > 0 && left < drawn { before } else { after };
        let low = left <= terms.draw(state.growth()).min(terms.most_outstanding()) / 2;
        let is_low = low && after > 0 && !state.is(Flag::Drawing);
        Unit { number: state.number(), terms, remaining: left.saturating_add(beside), is_low }
    }

    /// Opens a lease without units where there is none for `day`, and closes the one that there was. `None` when
    /// another has opened one, or is about to.
    pub fn open(&self, quota: QuotaSettings, day: Day) -> Option<(u32, Option<Closed>)> {
        let mut state = self.state();
        let closed = loop {
            let before = self.terms.load();
            let is_open = state.is(Flag::Open);
            if state.is(Flag::Opening) || (is_open && before.period.contains(day)) {
                let current = self.state();
                if current == state {
                    return None;
                }
                state = current;
                continue;
            }
            match self.change(state, state.closed().with(Flag::Opening)) {
                Ok(()) => break is_open.then(|| closed(state, &before)),
                Err(current) => state = current,
            }
        };
        // Until the next store, nobody else changes the word: it is neither open nor closed.
        self.terms.store(&Terms::new(quota, day));
        self.left_in_ledger.store(i64::from(quota.limit), Ordering::Release);
        let next = state.next();
        self.state.store(next.0, Ordering::Release);
        Some((next.number(), closed))
    }

    /// Adds units to the lease of this number, or hands them back when it is closed.
    pub fn deposit(&self, number: u32, units: i64) -> Result<(), i64> {
        let add = |state: State| state.with_units(state.units() + units);
        self.update(number, add).map(|_| ()).ok_or(units)
    }

    /// Closes the lease that is open.
    pub fn close(&self) -> Option<Closed> {
        self.close_if(|_| true)
    }

    /// Closes the lease of this number, if it is open.
    pub fn close_number(&self, number: u32) -> Option<Closed> {
        self.close_if(|state| state.number() == number)
    }

    fn close_if(&self, wanted: impl Fn(State) -> bool) -> Option<Closed> {
        let mut state = self.state();
        while state.is(Flag::Open) && wanted(state) {
            let terms = self.terms.load();
            match self.change(state, state.closed()) {
                Ok(()) => return Some(closed(state, &terms)),
                Err(current) => state = current,
            }
        }
        None
    }

    /// The open lease: its number, its terms and its unspent units.
    pub fn current(&self) -> Option<(u32, Terms, i64)> {
        let mut state = self.state();
        while state.is(Flag::Open) {
            let terms = self.terms.load();
            let current = self.state();
            if current == state {
                return Some((state.number(), terms, state.units()));
            }
            state = current;
        }
        None
    }

    /// Whether a lease is open, or about to be.
    pub fn is_open(&self) -> bool {
        self.state().is(Flag::Open) || self.state().is(Flag::Opening)
    }

    /// Claims the one draw that may be on its way for a lease, so that what is outstanding stays bounded. False when
    /// another has it, or the lease is closed.
    pub fn start_drawing(&self, number: u32) -> bool {
        self.update(number, |state| (!state.is(Flag::Drawing)).then(|| state.with(Flag::Drawing))).is_some()
    }

    /// Lets another draw be made. Then wake who waits.
    pub fn stop_drawing(&self, number: u32) {
        self.update(number, |state| Some(state.without(Flag::Drawing)));
    }

    /// Whether whoever waits for a draw of this lease has to go on waiting.
    pub fn is_drawing(&self, number: u32) -> bool {
        let state = self.state();
        state.has_open(number) && state.is(Flag::Drawing) && state.units() == 0
    }

    /// Notes that the draw is not answered yet. It stays on its way.
    pub fn fail_draw(&self, number: u32) {
        self.update(number, |state| Some(state.with(Flag::Failed)));
    }

    /// Whether the last draw of this lease failed.
    pub fn has_failed(&self, number: u32) -> bool {
        let state = self.state();
        state.has_open(number) && state.is(Flag::Failed)
    }

    /// The size of the next draw, so that what is outstanding stays within its bound, and whether it is the first.
    /// Draws double while traffic lasts. `None` when the lease is closed.
    pub fn next_draw(&self, number: u32) -> Option<(i64, bool)> {
        let terms = self.terms.load();
        let (before, _) = self.update(number, |state| {
            let grows = terms.draw(state.growth() + 1) > terms.draw(state.growth());
            Some(if grows { state.grown() } else { state })
        })?;
        let units = terms.draw(before.growth()).min(terms.most_outstanding() - before.units());
        Some((units, !before.is(Flag::Answered)))
    }

    /// Notes what the ledger holds after an answer, and whether it had nothing at all to give at `exhausted`.
    pub fn answered(&self, number: u32, left: i64, exhausted: Option<Ticks>) {
        let mark = |state: State| Some(state.with(Flag::Answered).without(Flag::Failed));
        if self.update(number, mark).is_some() {
            let since = exhausted.map(|at| -i64::try_from(at.0).unwrap_or(i64::MAX - 1) - 1);
            self.left_in_ledger.store(since.unwrap_or(left.max(0)), Ordering::Release);
        }
    }

    /// When the ledger said that nothing is left, if that was its last word.
    pub fn exhausted_at(&self) -> Option<Ticks> {
        let word = self.left_in_ledger.load(Ordering::Acquire);
        (word < 0).then(|| Ticks((word + 1).unsigned_abs()))
    }

    fn left_in_ledger(&self) -> i64 {
        self.left_in_ledger.load(Ordering::Acquire).max(0)
    }

    fn state(&self) -> State {
        State(self.state.load(Ordering::Acquire))
    }

    /// Changes the word of the lease of this number. `None` when it is not open, or `next` does not want to.
    fn update(&self, number: u32, next: impl Fn(State) -> Option<State>) -> Option<(State, State)> {
        let mut state = self.state();
        loop {
            let next = Some(state).filter(|state| state.has_open(number)).and_then(&next)?;
            match self.change(state, next) {
                Ok(()) => return Some((state, next)),
                Err(current) => state = current,
            }
        }
    }

    fn change(&self, from: State, to: State) -> Result<(), State> {
        let changed = self.state.compare_exchange_weak(from.0, to.0, Ordering::AcqRel, Ordering::Acquire);
        changed.map(|_| ()).map_err(State)
    }
}

fn closed(state: State, terms: &Terms) -> Closed {
    Closed { number: state.number(), period: terms.period, units: state.units() }
}

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod model;
