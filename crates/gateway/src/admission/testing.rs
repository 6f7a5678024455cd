//! A ledger in memory, for tests of what stands on the port. What lasts is the store's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tollgate_domain::{
    Adjustment, ApiKeyId, Clock, Day, Draw, Grant, KeyDigester, Period, Settlement, UsageImport, UsagePlanId,
};

use super::ledger::{Ledger, LedgerUnavailable, Settling};
use super::{Admission, Keeper};

/// A ledger that forgets with the process, and fails when told to.
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The last round of each process, and what it was answered.
    settled: HashMap<u64, (u64, Vec<Grant>)>,
    drawn: HashMap<(UsagePlanId, ApiKeyId, Period), i64>,
    extra: HashMap<(UsagePlanId, ApiKeyId, Period), i64>,
    used: HashMap<(UsagePlanId, ApiKeyId, Day), u64>,
    away: bool,
    stuck: bool,
    rounds: u64,
}

impl MemoryLedger {
    /// Calls reported for a key on all days.
    pub fn used(&self, plan: UsagePlanId, key: ApiKeyId) -> u64 {
        let state = self.state();
        state.used.iter().filter(|((p, k, _), _)| (*p, *k) == (plan, key)).map(|(_, calls)| calls).sum()
    }

    /// Calls reported for a key on one day.
    pub fn used_on(&self, plan: UsagePlanId, key: ApiKeyId, day: Day) -> u64 {
        self.state().used.get(&(plan, key, day)).copied().unwrap_or_default()
    }

    /// Units that are out on leases or spent, in all periods.
    pub fn drawn(&self, plan: UsagePlanId, key: ApiKeyId) -> i64 {
        let state = self.state();
        state.drawn.iter().filter(|((p, k, _), _)| (*p, *k) == (plan, key)).map(|(_, units)| units).sum()
    }

    /// What was drawn for one period and what was added to its limit.
    pub fn period(&self, plan: UsagePlanId, key: ApiKeyId, period: Period) -> (i64, i64) {
        let (state, id) = (self.state(), (plan, key, period));
        let of = |units: &HashMap<_, i64>| units.get(&id).copied().unwrap_or_default();
        (of(&state.drawn), of(&state.extra))
    }

    /// Whether a process's round is written.
    pub fn has_settled(&self, source: u64, sequence: u64) -> bool {
        self.state().settled.get(&source).is_some_and(|(last, _)| *last >= sequence)
    }

    /// Writes a round, whether the ledger is away or not.
    pub fn apply(&self, settlement: &Settlement) -> Vec<Grant> {
        let mut state = self.state();
        state.rounds += 1;
        state.settle(settlement)
    }

    /// Makes every round fail, or succeed again.
    pub fn set_away(&self, away: bool) {
        self.state().away = away;
    }

    /// Makes every round wait forever from now on.
    pub fn set_stuck(&self) {
        self.state().stuck = true;
    }

    /// Rounds written.
    pub fn rounds(&self) -> u64 {
        self.state().rounds
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl State {
    fn draw(&mut self, draw: &Draw) -> Grant {
        let id = (draw.plan, draw.key, draw.period);
        let drawn = match draw.opening {
            true => self.drawn_at_least_used(id),
            false => self.drawn.get(&id).copied().unwrap_or_default(),
        };
        let extra = self.extra.get(&id).copied().unwrap_or_default();
        let left = i64::from(draw.quota.limit).saturating_add(extra).saturating_sub(drawn).max(0);
        let units = draw.units.clamp(0, left);
        self.drawn.insert(id, drawn + units);
        Grant { units, left: left - units, pending: false }
    }

    /// What was drawn for a period, once raised to what was used in it.
    fn drawn_at_least_used(&mut self, id: (UsagePlanId, ApiKeyId, Period)) -> i64 {
        let (plan, key, period) = id;
        let days = self.used.iter().filter(|((p, k, day), _)| (*p, *k) == (plan, key) && period.contains(*day));
        let used: u64 = days.map(|(_, calls)| calls).sum();
        let drawn = self.drawn.entry(id).or_default();
        *drawn = (*drawn).max(i64::try_from(used).unwrap_or(i64::MAX));
        *drawn
    }

    /// Sets what is left: `extra` is what is added to the limit for the period.
    fn adjust(&mut self, wish: &Adjustment) {
        let id = (wish.plan, wish.key, wish.period);
        let left = i64::from(wish.quota.limit) - self.drawn_at_least_used(id);
        self.extra.insert(id, i64::try_from(wish.remaining).unwrap_or(i64::MAX / 2) - left);
    }

    /// Counts what was used elsewhere, once: what is left there is left here, less what was used here.
    fn import(&mut self, import: &UsageImport) {
        let UsageImport { plan, key, .. } = *import;
        let period = import.left.map(|left| left.period);
        if let Some(period) = period {
            self.drawn_at_least_used((plan, key, period));
        }
        for (day, calls) in &import.days {
            *self.used.entry((plan, key, *day)).or_default() += calls;
            if let Some(period) = period.filter(|period| period.contains(*day)) {
                *self.drawn.entry((plan, key, period)).or_default() += i64::try_from(*calls).unwrap_or(i64::MAX / 2);
            }
        }
        if let Some((period, extra)) = period.zip(import.extra()) {
            *self.extra.entry((plan, key, period)).or_default() += extra;
        }
    }

    fn settle(&mut self, settlement: &Settlement) -> Vec<Grant> {
        let Settlement { source, sequence, .. } = *settlement;
        if let Some((settled, grants)) = self.settled.get(&source)
            && *settled >= sequence
        {
            return grants.clone();
        }
        for delta in &settlement.usage {
            *self.used.entry((delta.plan, delta.key, delta.day)).or_default() += delta.calls;
        }
        for back in &settlement.returns {
            *self.drawn.entry((back.plan, back.key, back.period)).or_default() -= back.units;
        }
        settlement.adjustments.iter().for_each(|wish| self.adjust(wish));
        settlement.imports.iter().for_each(|import| self.import(import));
        let grants: Vec<Grant> = settlement.draws.iter().map(|draw| self.draw(draw)).collect();
        self.settled.insert(source, (sequence, grants.clone()));
        grants
    }
}

impl Ledger for MemoryLedger {
    fn settle<'a>(&'a self, settlement: &'a Settlement) -> Settling<'a> {
        Box::pin(async move {
            if self.state().stuck {
                std::future::pending::<()>().await;
            }
            if self.state().away {
                return Err(LedgerUnavailable("away".to_owned()));
            }
            Ok(self.apply(settlement))
        })
    }
}

/// An admission over a [`MemoryLedger`], with its keeper running on the current runtime.
pub fn admission(digester: KeyDigester, clock: Arc<dyn Clock>) -> (Arc<Admission>, Arc<MemoryLedger>) {
    let (admission, inbox) = Admission::new(digester);
    let (admission, ledger) = (Arc::new(admission), Arc::new(MemoryLedger::default()));
    let keeper = Keeper::new(Arc::clone(&admission), inbox, Arc::clone(&ledger) as Arc<dyn Ledger>, clock, 1);
    tokio::spawn(keeper.run());
    (admission, ledger)
}
