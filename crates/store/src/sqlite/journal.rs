//! Usage on its way into `usage_day`.
//!
//! Under load nearly each call of a round is of another key, and a row for each costs more than the rest of the call.
//! So a round is appended as one row, as durable as any, and many of them are folded into days together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::RandomState;
use rusqlite::{Connection, params};
use tollgate_domain::{ApiKeyId, Day, Period, UsageDelta, UsagePlanId};

use crate::error::StoreError;
use crate::keys::{parse_key_id, parse_plan_id};

/// Entries that wait at most before they are folded, which holds the writer for some tens of milliseconds.
const FOLDED_AT: i64 = 131_072;

/// Rounds that wait at most.
const ROUNDS: i64 = 64;

/// Whose usage.
type Of = (UsagePlanId, ApiKeyId);

/// Appends what a round reports. It is folded when enough has come together.
pub(super) fn append(connection: &Connection, usage: &[UsageDelta]) -> Result<(), StoreError> {
    if usage.is_empty() {
        return Ok(());
    }
    let entries = i64::try_from(usage.len()).unwrap_or(i64::MAX);
    connection
        .prepare_cached("INSERT INTO usage_journal (entries, deltas) VALUES (?, ?)")?
        .execute(params![entries, pack(usage)])?;
    let (rounds, entries): (i64, i64) = connection
        .prepare_cached("SELECT count(*), sum(entries) FROM usage_journal")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if rounds > ROUNDS || entries > FOLDED_AT { fold(connection) } else { Ok(()) }
}

/// Brings all that was appended into days.
pub(super) fn fold(connection: &Connection) -> Result<(), StoreError> {
    let mut sums = HashMap::<(Of, Day), i64, RandomState>::default();
    each(connection, |of, day, calls| *sums.entry((of, day)).or_default() += calls)?;
    // In the order of the table, so that rows beside each other are written together.
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_unstable();
    let mut add = connection.prepare_cached(
        "INSERT INTO usage_day (plan, key, day, calls) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (plan, key, day) DO UPDATE SET calls = calls + ?4",
    )?;
    for (((plan, key), day), calls) in sums {
        add.execute(params![plan.as_str(), key.as_str(), day.0, calls])?;
    }
    connection.execute("DELETE FROM usage_journal", [])?;
    Ok(())
}

/// Whether `usage_day` is all there is.
pub(super) fn is_empty(connection: &Connection) -> Result<bool, StoreError> {
    let found = connection.prepare_cached("SELECT 1 FROM usage_journal LIMIT 1")?.exists([])?;
    Ok(!found)
}

/// What of some keys' usage is not in `usage_day` yet.
#[derive(Debug, Default)]
pub(super) struct Recent(BTreeMap<Of, Vec<(Day, i64)>>);

impl Recent {
    /// Reads it for the keys that are asked for.
    pub(super) fn read(connection: &Connection, keys: impl Iterator<Item = Of>) -> Result<Self, StoreError> {
        let keys: BTreeSet<Of> = keys.collect();
        let mut recent = Self::default();
        if keys.is_empty() {
            return Ok(recent);
        }
        each(connection, |of, day, calls| {
            if keys.contains(&of) {
                recent.0.entry(of).or_default().push((day, calls));
            }
        })?;
        Ok(recent)
    }

    /// Calls of a key in a period.
    pub(super) fn used(&self, plan: UsagePlanId, key: ApiKeyId, period: Period) -> i64 {
        let days = self.0.get(&(plan, key)).into_iter().flatten();
        days.filter(|(day, _)| period.contains(*day)).map(|(_, calls)| calls).sum()
    }
}

/// Shows every entry.
fn each(connection: &Connection, mut show: impl FnMut(Of, Day, i64)) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("SELECT deltas FROM usage_journal ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let deltas: Vec<u8> = row.get(0)?;
        unpack(&deltas, &mut show)?;
    }
    Ok(())
}

/// One entry after the other: plan, key, day and calls. A plan is left out where it is that of the entry before.
fn pack(usage: &[UsageDelta]) -> Vec<u8> {
    let (mut packed, mut plan) = (Vec::with_capacity(usage.len() * 16), None);
    for delta in usage {
        let known = plan.replace(delta.plan) == Some(delta.plan);
        put_text(&mut packed, if known { "" } else { delta.plan.as_str() });
        put_text(&mut packed, delta.key.as_str());
        put_number(&mut packed, u64::from(delta.day.0.cast_unsigned()));
        put_number(&mut packed, delta.calls);
    }
    packed
}

fn unpack(mut packed: &[u8], show: &mut impl FnMut(Of, Day, i64)) -> Result<(), StoreError> {
    let mut plan = None;
    while !packed.is_empty() {
        match take_text(&mut packed).ok_or_else(corrupt)? {
            "" => {}
            named => plan = Some(parse_plan_id(named)?),
        }
        let (plan, key) = plan.zip(take_text(&mut packed)).ok_or_else(corrupt)?;
        let (day, calls) = take_number(&mut packed).zip(take_number(&mut packed)).ok_or_else(corrupt)?;
        let day = Day(u32::try_from(day).map_err(|_| corrupt())?.cast_signed());
        show((plan, parse_key_id(key)?), day, i64::try_from(calls).unwrap_or(i64::MAX));
    }
    Ok(())
}

/// Puts a text behind its length, which is a byte: ids are short.
fn put_text(packed: &mut Vec<u8>, text: &str) {
    packed.push(u8::try_from(text.len()).unwrap_or(0));
    packed.extend_from_slice(text.as_bytes());
}

fn take_text<'a>(packed: &mut &'a [u8]) -> Option<&'a str> {
    let (length, rest) = packed.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*length))?;
    *packed = rest;
    std::str::from_utf8(text).ok()
}

/// Puts seven bits in a byte, the lowest first; the eighth says that others follow (LEB128).
fn put_number(packed: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        packed.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    packed.push(u8::try_from(number).unwrap_or(0));
}

fn take_number(packed: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = packed.split_first()?;
        *packed = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn corrupt() -> StoreError {
    StoreError::Corrupt("an entry of the usage journal".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::schema::migrate;

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate(&mut connection).expect("tables");
        connection
    }

    fn delta(key: &str, day: i32, calls: u64) -> UsageDelta {
        let (plan, key) = (UsagePlanId::parse("plan1").expect("an id"), ApiKeyId::parse(key).expect("an id"));
        UsageDelta { plan, key, day: Day(day), calls }
    }

    fn days(connection: &Connection) -> Vec<(String, i32, i64)> {
        let mut statement = connection.prepare("SELECT key, day, calls FROM usage_day ORDER BY key, day").expect("sql");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("rows");
        rows.collect::<Result<_, _>>().expect("rows")
    }

    #[test]
    fn what_was_appended_is_folded_into_what_was_there() {
        let connection = database();
        for round in [&[delta("a", 1, 2), delta("b", 1, 3)][..], &[delta("a", 1, 5), delta("a", -2, 1)]] {
            append(&connection, round).expect("an append");
            assert!(!is_empty(&connection).expect("an answer"));
        }
        fold(&connection).expect("a fold");
        append(&connection, &[delta("b", 1, 1)]).expect("an append");
        fold(&connection).expect("a fold");
        fold(&connection).expect("a fold of nothing");
        assert!(is_empty(&connection).expect("an answer"));
        let expected = [("a", -2, 1), ("a", 1, 7), ("b", 1, 4)];
        assert_eq!(days(&connection), expected.map(|(key, day, calls)| (key.to_owned(), day, calls)));
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let connection = database();
        for _ in 0..=ROUNDS {
            append(&connection, &[delta("a", 1, 1)]).expect("an append");
        }
        assert!(is_empty(&connection).expect("an answer"));
        assert_eq!(days(&connection), [("a".to_owned(), 1, ROUNDS + 1)]);
    }

    #[test]
    fn what_is_recent_is_told_of_the_keys_that_were_asked_for() {
        let connection = database();
        append(&connection, &[delta("a", 1, 2), delta("b", 1, 3), delta("a", 2, 4), delta("a", 9, 8)])
            .expect("an append");
        let (a, b) = (delta("a", 0, 0), delta("b", 0, 0));
        let recent = Recent::read(&connection, std::iter::once((a.plan, a.key))).expect("entries");
        let period = Period { first: Day(1), end: Day(3) };
        assert_eq!(recent.used(a.plan, a.key, period), 6);
        assert_eq!(recent.used(b.plan, b.key, period), 0, "nobody asked");
    }

    #[test]
    fn what_was_packed_is_unpacked_and_a_part_of_it_is_told() {
        let other = UsageDelta { plan: UsagePlanId::parse("plan2").expect("an id"), ..delta("b", i32::MIN, 1 << 40) };
        let usage = [delta("abc", 20_000, 2), delta("d", -1, 127), other, delta("abc", i32::MAX, 128)];
        let packed = pack(&usage);
        let mut unpacked = Vec::new();
        let mut show =
            |(plan, key), day, calls: i64| unpacked.push(UsageDelta { plan, key, day, calls: calls.unsigned_abs() });
        unpack(&packed, &mut show).expect("entries");
        assert_eq!(unpacked, usage);
        let first = pack(&usage[..1]);
        for end in 1..first.len() {
            assert!(unpack(&first[..end], &mut |_, _, _| {}).is_err(), "{end}");
        }
        assert!(unpack(&[0, 1, b'k', 1, 1], &mut |_, _, _| {}).is_err(), "there is no plan before");
        assert!(unpack(&[1, b'p', 1, b'k', 1, 0xff, 0xff], &mut |_, _, _| {}).is_err(), "a number has no end");
    }
}
