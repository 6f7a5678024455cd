//! A ledger in memory, for tests of what stands on the port. What lasts is the store's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tollgate_domain::{ApiKeyId, Clock, Day, Draw, Grant, KeyDigester, Period, Settlement, UsagePlanId};

use super::ledger::{Ledger, LedgerUnavailable, Settling};
use super::{Admission, Keeper};

/// A ledger that forgets with the process, and fails when told to.
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sequence: u64,
    drawn: HashMap<(UsagePlanId, ApiKeyId, Period), i64>,
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

    /// Units that are out on leases or spent, in all periods.
    pub fn drawn(&self, plan: UsagePlanId, key: ApiKeyId) -> i64 {
        let state = self.state();
        state.drawn.iter().filter(|((p, k, _), _)| (*p, *k) == (plan, key)).map(|(_, units)| units).sum()
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
        let used: u64 = self
            .used
            .iter()
            .filter(|((plan, key, day), _)| (*plan, *key) == (draw.plan, draw.key) && draw.period.contains(*day))
            .map(|(_, calls)| calls)
            .sum();
        let drawn = self.drawn.entry((draw.plan, draw.key, draw.period)).or_default();
        if draw.opening {
            *drawn = (*drawn).max(i64::try_from(used).unwrap_or(i64::MAX));
        }
        let left = i64::from(draw.quota.limit) - *drawn;
        let units = draw.units.clamp(0, left.max(0));
        *drawn += units;
        Grant { units, left: left - units }
    }
}

impl Ledger for MemoryLedger {
    fn settle<'a>(&'a self, settlement: &'a Settlement) -> Settling<'a> {
        Box::pin(async move {
            if self.state().stuck {
                std::future::pending::<()>().await;
            }
            let mut state = self.state();
            if state.away {
                return Err(LedgerUnavailable("away".to_owned()));
            }
            state.rounds += 1;
            if settlement.sequence > state.sequence {
                state.sequence = settlement.sequence;
                for delta in &settlement.usage {
                    *state.used.entry((delta.plan, delta.key, delta.day)).or_default() += delta.calls;
                }
                for back in &settlement.returns {
                    *state.drawn.entry((back.plan, back.key, back.period)).or_default() -= back.units;
                }
            }
            for wish in &settlement.adjustments {
                let drawn = i64::from(wish.quota.limit) - i64::try_from(wish.remaining).unwrap_or(i64::MAX);
                state.drawn.insert((wish.plan, wish.key, wish.period), drawn);
            }
            Ok(settlement.draws.iter().map(|draw| state.draw(draw)).collect())
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
