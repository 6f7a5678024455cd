use super::*;
use crate::quota::QuotaPeriod;

const TODAY: Day = Day(20_000);

fn quota(limit: u32) -> QuotaSettings {
    QuotaSettings { limit, offset: 0, period: QuotaPeriod::Day }
}

/// A lease for today, with units.
fn lease(units: i64) -> (Lease, u32) {
    let lease = Lease::new();
    let (number, _) = lease.open(quota(1000), TODAY).expect("there was none");
    lease.deposit(number, units).expect("it is open");
    (lease, number)
}

fn left(spend: Spend) -> Option<i64> {
    match spend {
        Spend::Spent(unit) => Some(unit.remaining - 1000),
        _ => None,
    }
}

#[test]
fn what_was_drawn_is_spent_once_or_handed_back_once() {
    let (lease, number) = lease(3);
    assert_eq!(left(lease.spend(TODAY)), Some(2));
    let period = quota(1000).period_at(TODAY);
    assert_eq!(lease.close(), Some(Closed { number, period, units: 2 }));
    assert_eq!((lease.close(), lease.spend(TODAY), lease.deposit(number, 5)), (None, Spend::Closed, Err(5)));
}

#[test]
fn nothing_is_spent_or_deposited_under_another_period_or_another_lease() {
    let (lease, old) = lease(3);
    let tomorrow = TODAY.plus(1);
    assert_eq!(lease.spend(tomorrow), Spend::Closed);
    let (number, closed) = lease.open(quota(1000), tomorrow).expect("it was for today");
    assert_eq!(closed.map(|closed| (closed.number, closed.units)), Some((old, 3)));
    assert_eq!(lease.deposit(old, 1), Err(1));
    assert_eq!(lease.close_number(old), None);
    assert!(matches!(lease.spend(tomorrow), Spend::Empty { number: empty, .. } if empty == number));
}

#[test]
fn one_draw_is_on_its_way_at_a_time() {
    let (lease, number) = lease(0);
    assert!(lease.start_drawing(number));
    assert!(!lease.start_drawing(number));
    assert!(lease.is_drawing(number));
    lease.stop_drawing(number);
    assert!(lease.start_drawing(number));
    lease.close();
    assert!(!lease.is_drawing(number) && !lease.start_drawing(number));
}

#[test]
fn draws_double_up_to_what_may_be_outstanding() {
    let (lease, number) = lease(0);
    let sizes: Vec<_> = (0..4).filter_map(|_| lease.next_draw(number)).collect();
    assert_eq!(sizes, [(4, true), (8, true), (10, true), (10, true)]);
    lease.answered(number, 7, None);
    lease.deposit(number, 6).expect("it is open");
    assert_eq!(lease.next_draw(number), Some((4, false)));
}

#[test]
fn a_ledger_that_has_nothing_left_is_remembered_until_it_has() {
    let (lease, number) = lease(0);
    assert_eq!(lease.exhausted_at(), None);
    lease.answered(number, 0, Some(Ticks(0)));
    assert_eq!(lease.exhausted_at(), Some(Ticks(0)));
    lease.answered(number, 5, None);
    assert_eq!(lease.exhausted_at(), None);
}
