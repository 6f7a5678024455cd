//! Usage on its way into `usage_day`.
//!
//! Under load nearly each call of a round is of another key, and a row for each costs more than the rest of the call.
//! So a round is appended as one row, as durable as any, and many of them are folded into days together.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, params};
use tollgate_domain::{ApiKeyId, Day, Period, UsageDelta, UsagePlanId};

use super::keys::{parse_key_id, parse_plan_id};
use crate::error::StoreError;

/// Entries that wait at most before they are folded, which holds the writer for some tens of milliseconds.
const FOLDED_AT: i64 = 65_536;

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
    // In the order of the table, so that rows beside each other are written together.
    let mut sums = BTreeMap::<(Of, Day), i64>::new();
    each(connection, |of, day, calls| *sums.entry((of, day)).or_default() += calls)?;
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
pub(super) struct Recent(HashMap<Of, Vec<(Day, i64)>>);

impl Recent {
    /// Reads it for the keys that are asked for.
    pub(super) fn read(connection: &Connection, keys: impl Iterator<Item = Of>) -> Result<Self, StoreError> {
        let keys: HashSet<Of> = keys.collect();
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

/// One entry after the other: the ids, each behind its length in a byte; the day and the calls, eight bytes each, the
/// lowest first.
fn pack(usage: &[UsageDelta]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(usage.len() * 40);
    for delta in usage {
        for id in [delta.plan.as_str(), delta.key.as_str()] {
            packed.push(u8::try_from(id.len()).unwrap_or(0));
            packed.extend_from_slice(id.as_bytes());
        }
        packed.extend_from_slice(&i64::from(delta.day.0).to_le_bytes());
        packed.extend_from_slice(&i64::try_from(delta.calls).unwrap_or(i64::MAX).to_le_bytes());
    }
    packed
}

fn unpack(mut packed: &[u8], show: &mut impl FnMut(Of, Day, i64)) -> Result<(), StoreError> {
    while !packed.is_empty() {
        let (Some(plan), Some(key)) = (take_text(&mut packed), take_text(&mut packed)) else { return Err(corrupt()) };
        let (Some(day), Some(calls)) = (take_word(&mut packed), take_word(&mut packed)) else { return Err(corrupt()) };
        let day = Day(day.try_into().map_err(|_| corrupt())?);
        show((parse_plan_id(plan)?, parse_key_id(key)?), day, calls);
    }
    Ok(())
}

fn take_text<'a>(packed: &mut &'a [u8]) -> Option<&'a str> {
    let (length, rest) = packed.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*length))?;
    *packed = rest;
    std::str::from_utf8(text).ok()
}

fn take_word(packed: &mut &[u8]) -> Option<i64> {
    let (word, rest) = packed.split_first_chunk()?;
    *packed = rest;
    Some(i64::from_le_bytes(*word))
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
    fn what_cannot_be_read_is_told() {
        let packed = pack(&[delta("abc", 1, 2)]);
        for end in 1..packed.len() {
            assert!(unpack(&packed[..end], &mut |_, _, _| {}).is_err(), "{end}");
        }
        assert!(unpack(&packed, &mut |_, _, _| {}).is_ok());
    }
}
