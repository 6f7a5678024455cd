//! Units of a quota that a node drew from the ledger and may spend without asking again.
//!
//! Keeps the promise that what is spent never exceeds what was drawn: every unit is deposited once, and spent or
//! handed back once.

use crate::sync::{AtomicI64, Ordering};

/// A lease that was closed. No number of deposits and spends comes near it.
const CLOSED: i64 = i64::MIN;

/// Unspent units of one (plan, key, period) on this node.
#[derive(Debug)]
pub struct Lease {
    units: AtomicI64,
}

/// What became of an attempt to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spend {
    /// One unit was spent; so many are left.
    Spent(i64),
    /// Nothing is left: draw more.
    Empty,
    /// The lease was called back: open another.
    Closed,
}

impl Default for Lease {
    fn default() -> Self {
        Self::new()
    }
}

impl Lease {
    /// An open lease without units.
    pub fn new() -> Self {
        Self { units: AtomicI64::new(0) }
    }

    /// Spends one unit.
    pub fn spend(&self) -> Spend {
        let mut units = self.units.load(Ordering::Acquire);
        loop {
            match units {
                CLOSED => return Spend::Closed,
                0 => return Spend::Empty,
                _ => {}
            }
            match self.units.compare_exchange_weak(units, units - 1, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Spend::Spent(units - 1),
                Err(current) => units = current,
            }
        }
    }

    /// Adds drawn units, or hands them back when the lease is closed.
    pub fn deposit(&self, drawn: i64) -> Result<(), i64> {
        let mut units = self.units.load(Ordering::Acquire);
        loop {
            if units == CLOSED {
                return Err(drawn);
            }
            match self.units.compare_exchange_weak(units, units + drawn, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok(()),
                Err(current) => units = current,
            }
        }
    }

    /// Closes the lease and hands back what was not spent. A second close hands back nothing.
    pub fn close(&self) -> i64 {
        match self.units.swap(CLOSED, Ordering::AcqRel) {
            CLOSED => 0,
            units => units,
        }
    }

    /// Unspent units; none once closed.
    pub fn unspent(&self) -> i64 {
        self.units.load(Ordering::Acquire).max(0)
    }

    /// Whether the lease was called back.
    pub fn is_closed(&self) -> bool {
        self.units.load(Ordering::Acquire) == CLOSED
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_was_drawn_is_spent_once_or_handed_back_once() {
        let lease = Lease::new();
        assert_eq!(lease.spend(), Spend::Empty);
        assert_eq!(lease.deposit(3), Ok(()));
        assert_eq!(lease.spend(), Spend::Spent(2));
        assert_eq!(lease.close(), 2);
        assert_eq!((lease.close(), lease.spend(), lease.deposit(5)), (0, Spend::Closed, Err(5)));
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;

    use super::*;

    #[test]
    fn units_are_neither_lost_nor_made_when_spend_deposit_and_close_meet() {
        loom::model(|| {
            let lease = Arc::new(Lease::new());
            lease.deposit(1).expect("open");
            let spender = {
                let lease = Arc::clone(&lease);
                loom::thread::spawn(move || i64::from(matches!(lease.spend(), Spend::Spent(_))))
            };
            let drawer = {
                let lease = Arc::clone(&lease);
                loom::thread::spawn(move || lease.deposit(2).err().unwrap_or(0))
            };
            let closed = lease.close();
            let spent = spender.join().expect("no panic");
            let refused = drawer.join().expect("no panic");
            assert_eq!(spent + refused + closed, 3);
        });
    }

    #[test]
    fn a_unit_put_back_while_the_lease_is_closed_is_handed_back_once() {
        loom::model(|| {
            let lease = Arc::new(Lease::new());
            lease.deposit(2).expect("open");
            // A call that another level refuses puts its unit back.
            let refused = {
                let lease = Arc::clone(&lease);
                loom::thread::spawn(move || match lease.spend() {
                    Spend::Spent(_) => lease.deposit(1).err().unwrap_or(0),
                    _ => 0,
                })
            };
            let sweep = {
                let lease = Arc::clone(&lease);
                loom::thread::spawn(move || lease.close())
            };
            let recalled = lease.close();
            let swept = sweep.join().expect("no panic");
            assert_eq!(recalled + swept + refused.join().expect("no panic"), 2);
        });
    }
}
