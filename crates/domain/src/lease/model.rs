use loom::sync::{Arc, Condvar, Mutex};

use super::*;
use crate::quota::QuotaPeriod;

const TODAY: Day = Day(20_000);
const TOMORROW: Day = Day(20_001);

fn quota() -> QuotaSettings {
    QuotaSettings { limit: 1000, offset: 0, period: QuotaPeriod::Day }
}

/// A lease for today, with units.
fn lease(units: i64) -> (Arc<Lease>, u32) {
    let lease = Lease::new();
    let (number, _) = lease.open(quota(), TODAY).expect("there was none");
    lease.deposit(number, units).expect("open");
    (Arc::new(lease), number)
}

fn units(closed: Option<Closed>) -> i64 {
    closed.map_or(0, |closed| closed.units)
}

#[test]
fn units_are_neither_lost_nor_made_when_spend_deposit_and_close_meet() {
    loom::model(|| {
        let (lease, number) = lease(1);
        let spender = {
            let lease = Arc::clone(&lease);
            loom::thread::spawn(move || i64::from(matches!(lease.spend(TODAY), Spend::Spent(_))))
        };
        let drawer = {
            let lease = Arc::clone(&lease);
            loom::thread::spawn(move || lease.deposit(number, 2).err().unwrap_or(0))
        };
        let closed = units(lease.close());
        let spent = spender.join().expect("no panic");
        let refused = drawer.join().expect("no panic");
        assert_eq!(spent + refused + closed, 3);
    });
}

#[test]
fn a_unit_put_back_while_the_lease_is_closed_is_handed_back_once() {
    loom::model(|| {
        let (lease, number) = lease(2);
        // A call that another level refuses puts its unit back.
        let refused = {
            let lease = Arc::clone(&lease);
            loom::thread::spawn(move || match lease.spend(TODAY) {
                Spend::Spent(_) => lease.deposit(number, 1).err().unwrap_or(0),
                _ => 0,
            })
        };
        let sweep = {
            let lease = Arc::clone(&lease);
            loom::thread::spawn(move || units(lease.close()))
        };
        let recalled = units(lease.close());
        let swept = sweep.join().expect("no panic");
        assert_eq!(recalled + swept + refused.join().expect("no panic"), 2);
    });
}

#[test]
fn a_unit_is_spent_in_its_period_or_handed_back_when_the_next_begins() {
    loom::model(|| {
        let (lease, _) = lease(1);
        let late = {
            let lease = Arc::clone(&lease);
            loom::thread::spawn(move || matches!(lease.spend(TODAY), Spend::Spent(_)))
        };
        let (_, closed) = lease.open(quota(), TOMORROW).expect("nobody else opens one");
        let spent = late.join().expect("no panic");
        assert_eq!(units(closed) + i64::from(spent), 1);
    });
}

#[test]
fn a_unit_of_one_period_is_never_spent_in_the_next() {
    loom::model(|| {
        let (lease, old) = lease(1);
        let early = {
            let lease = Arc::clone(&lease);
            loom::thread::spawn(move || match lease.spend(TOMORROW) {
                Spend::Spent(unit) => Some((unit.number, unit.terms.period.first)),
                Spend::Empty { number, terms } => {
                    assert_eq!((number == old, terms.period.first), (false, TOMORROW));
                    None
                }
                Spend::Opening | Spend::Closed => None,
            })
        };
        let (number, _) = lease.open(quota(), TOMORROW).expect("nobody else opens one");
        lease.deposit(number, 1).expect("open");
        let found = early.join().expect("no panic");
        assert!(found.is_none_or(|found| found == (number, TOMORROW)), "spent {found:?}");
        assert_eq!(units(lease.close()) + i64::from(found.is_some()), 1);
    });
}

#[test]
fn of_two_who_open_a_lease_one_does_and_its_draw_goes_to_no_other() {
    loom::model(|| {
        let (lease, old) = lease(1);
        let other = {
            let lease = Arc::clone(&lease);
            loom::thread::spawn(move || lease.open(quota(), TOMORROW).map(|(_, closed)| units(closed)))
        };
        let here = lease.open(quota(), TOMORROW).map(|(_, closed)| units(closed));
        let there = other.join().expect("no panic");
        assert_eq!(here.or(there), Some(1));
        assert!(here.is_none() || there.is_none());
        assert_eq!(lease.deposit(old, 3), Err(3));
    });
}

/// Counts wake-ups: who got ready before one is woken by it, as with tokio's `Notify::notify_waiters`.
#[derive(Default)]
struct Bell {
    rung: Mutex<usize>,
    changed: Condvar,
}

impl Bell {
    fn get_ready(&self) -> usize {
        *self.rung.lock().expect("no panic")
    }

    fn ring(&self) {
        *self.rung.lock().expect("no panic") += 1;
        self.changed.notify_all();
    }

    fn wait(&self, ready: usize) {
        let mut rung = self.rung.lock().expect("no panic");
        while *rung == ready {
            rung = self.changed.wait(rung).expect("no panic");
        }
    }
}

#[test]
fn whoever_leaves_the_draw_to_another_is_woken_and_one_draws_at_a_time() {
    loom::model(|| {
        let (lease, number) = lease(0);
        let shared = Arc::new((lease, Bell::default()));
        let call = move |(lease, bell): &(Arc<Lease>, Bell)| {
            let ready = bell.get_ready();
            if lease.start_drawing(number) {
                lease.deposit(number, 1).expect("open");
                lease.stop_drawing(number);
                bell.ring();
            } else if lease.is_drawing(number) {
                // A wake-up that was lost would leave this thread here for ever, which loom reports.
                bell.wait(ready);
            }
        };
        let other = {
            let shared = Arc::clone(&shared);
            loom::thread::spawn(move || call(&shared))
        };
        call(&shared);
        other.join().expect("no panic");
    });
}
