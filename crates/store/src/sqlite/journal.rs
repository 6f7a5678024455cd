//! Usage on its way into `usage_day`.
//!
//! Under load nearly each call of a round is of another key, and a row for each costs more than the rest of the call. So
//! a round is appended as one row, as durable as any. When much has come together it is folded into days: some keys with
//! each round that comes, few where the same keys call again and again, so that nobody waits long for the writer. What has
//! gone to days is taken off by a row that is appended with it. So what all rows come to is, at any moment, what the days
//! lack.
//!
//! That sum is kept in memory, too, where what a key has of it is found at once.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::sync::{Mutex, MutexGuard};

use foldhash::fast::RandomState;
use rusqlite::{Connection, params};
use tollgate_domain::breath::breathe;
use tollgate_domain::{ApiKeyId, Day, Period, UsageDelta, UsagePlanId};

use crate::error::StoreError;
use crate::keys::{parse_key_id, parse_plan_id};

/// When a fold begins, and in which steps it goes on.
#[derive(Clone, Copy, Debug)]
struct Most {
    /// Entries that wait at most. They are read again when the program starts.
    entries: usize,
    /// Rounds that wait at most: some minutes of few calls.
    rounds: usize,
    /// Keys and days in memory at most, and about as many more while they are folded.
    keys: usize,
    /// Keys and days that are folded together where somebody waits for the whole. The writer is held for some
    /// milliseconds.
    keys_a_step: usize,
    /// Keys and days that are folded with a round at least.
    keys_a_round: usize,
}

/// Entries that are added up in some 50 µs, and keys that are folded in as much.
const ENTRIES_A_BREATH: usize = 256;
const KEYS_A_BREATH: usize = 8;

const MOST: Most = Most { entries: 1 << 20, rounds: 1024, keys: 1 << 17, keys_a_step: 2048, keys_a_round: 64 };

/// Whose usage.
type Of = (UsagePlanId, ApiKeyId);

/// The journal, as the writing thread knows it.
#[derive(Debug)]
pub(super) struct Journal {
    most: Most,
    /// `None` until it is read, and when the database has undone what is in it.
    recent: Option<Recent>,
    /// Whether the transaction that has begun changes it.
    is_changed: bool,
    /// Folds that have ended since it was read.
    folds: u64,
    /// How often it was to be read anew.
    readings: u64,
}

/// A fold that somebody waits for: how manieth it is since which reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Until {
    fold: u64,
    reading: u64,
}

/// What all rows come to.
#[derive(Debug)]
pub(super) struct Recent {
    most: Most,
    /// What no fold has begun with.
    sums: HashMap<Of, Vec<(Day, i64)>, RandomState>,
    /// Keys and days in `sums`.
    keys: usize,
    /// Entries and rounds that `sums` has come from.
    entries: usize,
    rounds: usize,
    /// The number of the last row.
    last_row: i64,
    fold: Option<Fold>,
}

/// A fold that has begun.
#[derive(Debug)]
struct Fold {
    /// The last of the rows that it takes away in the end.
    last_row: i64,
    /// What is still to be folded, in the order of the table: rows beside each other are written together.
    left: BTreeMap<(Of, Day), i64>,
    /// What it began with, and of how many entries that had come.
    keys: usize,
    entries: usize,
}

impl Default for Journal {
    fn default() -> Self {
        Self::new(MOST)
    }
}

impl Journal {
    fn new(most: Most) -> Self {
        Self { most, recent: None, is_changed: false, folds: 0, readings: 0 }
    }

    /// What is in it, which is read if need be.
    pub(super) fn recent(&mut self, connection: &Connection) -> Result<&mut Recent, StoreError> {
        match &mut self.recent {
            Some(recent) => Ok(recent),
            unknown => Ok(unknown.insert(Recent::read(connection, self.most)?)),
        }
    }

    /// Appends what a round reports, and folds a part of what came before when it is time.
    pub(super) fn append(&mut self, connection: &Connection, usage: &[UsageDelta]) -> Result<(), StoreError> {
        if usage.is_empty() {
            return Ok(());
        }
        let row = self.recent(connection)?.put_row(connection, usage)?;
        self.is_changed = true;
        let recent = self.recent(connection)?;
        recent.add_row(row, usage);
        if recent.fold_along(connection, usage.len())? {
            self.folds += 1;
        }
        Ok(())
    }

    /// Folds a part of what had come when this was called for the first time, with `None`. Call it again with what it
    /// returns, until that is `None` again.
    pub(super) fn fold_on(
        &mut self,
        connection: &Connection,
        until: Option<Until>,
    ) -> Result<Option<Until>, StoreError> {
        let (folds, reading, keys) = (self.folds, self.readings, self.most.keys_a_step);
        let recent = self.recent(connection)?;
        // One that has begun does not have what came since. One that was undone is begun anew.
        let until = until.filter(|until| until.reading == reading);
        let until = until.unwrap_or(Until { fold: folds + 1 + u64::from(recent.fold.is_some()), reading });
        // Others may have ended it.
        if folds < until.fold {
            self.is_changed = true;
            if self.recent(connection)?.begin_fold().step(connection, keys)? {
                self.folds += 1;
            }
        }
        Ok((self.folds < until.fold).then_some(until))
    }

    /// Notes how a transaction ended. What was written in one that was undone is to be read anew.
    pub(super) fn ended(&mut self, is_committed: bool) {
        if mem::take(&mut self.is_changed) && !is_committed {
            self.forget();
        }
    }

    /// Notes that a job was undone, and the transaction goes on.
    pub(super) fn failed(&mut self) {
        if self.is_changed {
            self.forget();
        }
    }

    /// Has it read anew.
    fn forget(&mut self) {
        self.recent = None;
        self.folds = 0;
        self.readings += 1;
    }
}

/// The journal, to be used on the writing thread alone. After a job that panicked, and was undone, it is read anew.
pub(super) fn lock(journal: &Mutex<Journal>) -> MutexGuard<'_, Journal> {
    journal.lock().unwrap_or_else(|poisoned| {
        journal.clear_poison();
        let mut journal = poisoned.into_inner();
        journal.forget();
        journal
    })
}

impl Recent {
    fn read(connection: &Connection, most: Most) -> Result<Self, StoreError> {
        let mut recent =
            Self { most, sums: HashMap::default(), keys: 0, entries: 0, rounds: 0, last_row: 0, fold: None };
        let mut statement =
            connection.prepare_cached("SELECT seq, deltas, takes_off FROM usage_journal ORDER BY seq")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (deltas, sign): (Vec<u8>, i64) = (row.get(1)?, if row.get(2)? { -1 } else { 1 });
            unpack(&deltas, &mut |of, day, calls| recent.add(of, day, sign * calls))?;
            recent.rounds += 1;
            recent.last_row = row.get(0)?;
        }
        Ok(recent)
    }

    fn add(&mut self, of: Of, day: Day, calls: i64) {
        let days = self.sums.entry(of).or_default();
        match days.iter_mut().find(|(known, _)| *known == day) {
            Some((_, sum)) => *sum += calls,
            None => {
                days.push((day, calls));
                self.keys += 1;
            }
        }
        self.entries += 1;
    }

    /// Calls of a key in a period.
    pub(super) fn used(&self, plan: UsagePlanId, key: ApiKeyId, period: Period) -> i64 {
        let of = (plan, key);
        let days = self.sums.get(&of).into_iter().flatten();
        let fresh: i64 = days.filter(|(day, _)| period.contains(*day)).map(|(_, calls)| calls).sum();
        let left = self.fold.iter().flat_map(|fold| fold.left.range((of, period.first)..(of, period.end)));
        fresh + left.map(|(_, calls)| calls).sum::<i64>()
    }

    /// Appends a row of what a round reports, and returns its number.
    fn put_row(&self, connection: &Connection, usage: &[UsageDelta]) -> Result<i64, StoreError> {
        let row = self.last_row + 1;
        insert(connection, row, &pack(usage.iter().map(entry)), false)?;
        Ok(row)
    }

    /// Has what was appended.
    fn add_row(&mut self, row: i64, usage: &[UsageDelta]) {
        for (index, (of, day, calls)) in usage.iter().map(entry).enumerate() {
            self.add(of, day, calls);
            breathe(index, ENTRIES_A_BREATH);
        }
        self.rounds += 1;
        self.last_row = row;
    }

    /// Folds some keys with a round of so many entries, if it is time. Says whether a fold has ended.
    fn fold_along(&mut self, connection: &Connection, entries: usize) -> Result<bool, StoreError> {
        let most = self.most;
        let is_time = self.entries > most.entries || self.rounds > most.rounds || self.keys > most.keys;
        if self.fold.is_none() && !is_time {
            return Ok(false);
        }
        let fold = self.begin_fold().fold.as_ref();
        // It ends when half of what it began with has come again.
        let share = fold.map_or(0, |fold| (fold.keys * entries * 2).div_ceil(fold.entries.max(1)));
        self.step(connection, share.max(most.keys_a_round))
    }

    /// Begins a fold, unless one has begun.
    fn begin_fold(&mut self) -> &mut Self {
        if self.fold.is_none() {
            let sums = mem::take(&mut self.sums);
            let days = sums.into_iter().flat_map(|(of, days)| days.into_iter().map(move |(day, sum)| ((of, day), sum)));
            let left = days.filter(|(_, calls)| *calls != 0).collect();
            self.fold = Some(Fold { last_row: self.last_row, left, keys: self.keys, entries: self.entries });
            (self.keys, self.entries, self.rounds) = (0, 0, 0);
        }
        self
    }

    /// Brings at most so many keys and days of the fold that has begun into `usage_day`, and says whether it has ended.
    fn step(&mut self, connection: &Connection, keys: usize) -> Result<bool, StoreError> {
        let Some(fold) = &mut self.fold else { return Ok(false) };
        let mut add = connection.prepare_cached(
            "INSERT INTO usage_day (plan, key, day, calls) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (plan, key, day) DO UPDATE SET calls = calls + ?4",
        )?;
        let mut folded = Vec::new();
        while folded.len() < keys
            && let Some(((of, day), calls)) = fold.left.pop_first()
        {
            add.execute(params![of.0.as_str(), of.1.as_str(), day.0, calls])?;
            breathe(folded.len(), KEYS_A_BREATH);
            folded.push((of, day, calls));
        }
        if !fold.left.is_empty() {
            self.last_row += 1;
            insert(connection, self.last_row, &pack(folded.into_iter()), true)?;
            return Ok(false);
        }
        // With what takes off from them; of other folds nothing is left.
        connection.prepare_cached("DELETE FROM usage_journal WHERE seq <= ? OR takes_off")?.execute([fold.last_row])?;
        self.fold = None;
        Ok(true)
    }
}

fn entry(delta: &UsageDelta) -> (Of, Day, i64) {
    ((delta.plan, delta.key), delta.day, i64::try_from(delta.calls).unwrap_or(i64::MAX))
}

fn insert(connection: &Connection, row: i64, deltas: &[u8], takes_off: bool) -> Result<(), StoreError> {
    // The number of entries was asked for by versions before.
    connection
        .prepare_cached("INSERT INTO usage_journal (seq, entries, deltas, takes_off) VALUES (?, 0, ?, ?)")?
        .execute(params![row, deltas, takes_off])?;
    Ok(())
}

/// Whether `usage_day` is all there is.
pub(super) fn is_empty(connection: &Connection) -> Result<bool, StoreError> {
    let found = connection.prepare_cached("SELECT 1 FROM usage_journal LIMIT 1")?.exists([])?;
    Ok(!found)
}

/// One entry after the other: plan, key, day and calls. A plan is left out where it is that of the entry before.
fn pack(entries: impl Iterator<Item = (Of, Day, i64)>) -> Vec<u8> {
    let (mut packed, mut before) = (Vec::with_capacity(entries.size_hint().0 * 16), None);
    for (index, ((plan, key), day, calls)) in entries.enumerate() {
        breathe(index, ENTRIES_A_BREATH);
        let known = before.replace(plan) == Some(plan);
        put_text(&mut packed, if known { "" } else { plan.as_str() });
        put_text(&mut packed, key.as_str());
        put_number(&mut packed, u64::from(day.0.cast_unsigned()));
        put_number(&mut packed, u64::try_from(calls).unwrap_or(0));
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
    use proptest::prelude::*;

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

    fn rows(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM usage_journal", [], |row| row.get(0)).expect("a count")
    }

    /// Calls by key and day.
    type Counts = BTreeMap<(String, i32), i64>;

    /// What days and journal have.
    fn counted(connection: &Connection, recent: &Recent) -> Counts {
        let mut all = in_days(connection);
        for (name, first) in (0..20).flat_map(|key| (0..3).map(move |day| (format!("k{key}"), day))) {
            let of = delta(&name, 0, 0);
            let period = Period { first: Day(first), end: Day(first + 1) };
            *all.entry((name, first)).or_default() += recent.used(of.plan, of.key, period);
        }
        all.retain(|_, calls| *calls != 0);
        all
    }

    fn in_days(connection: &Connection) -> Counts {
        days(connection).into_iter().map(|(key, day, calls)| ((key, day), calls)).collect()
    }

    fn fold_all(connection: &Connection, journal: &mut Journal) {
        let mut until = None;
        loop {
            until = journal.fold_on(connection, until).expect("a fold");
            if until.is_none() {
                return;
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Append(Vec<(u8, i32, u64)>),
        /// Somebody begins to wait for a fold, or goes on.
        Fold,
        /// The process ends, and another begins.
        Restart,
    }

    /// Steps, and whether each one's job fails, or the transaction after it.
    fn steps() -> impl Strategy<Value = Vec<(Step, Option<bool>)>> {
        let usage = prop::collection::vec((0u8..20, 0i32..3, 1u64..100), 1..12);
        let step = prop_oneof![6 => usage.prop_map(Step::Append), 4 => Just(Step::Fold), 1 => Just(Step::Restart)];
        let fails = prop_oneof![4 => Just(None), 1 => any::<bool>().prop_map(Some)];
        prop::collection::vec((step, fails), 1..80)
    }

    proptest! {
        #[test]
        fn days_and_journal_have_each_call_once_whatever_is_undone(steps in steps()) {
            let connection = database();
            let most = Most { entries: 10, keys_a_step: 3, keys_a_round: 1, ..MOST };
            let mut journal = Journal::new(most);
            let mut expected = Counts::new();
            // What somebody waits for, with all that had come before.
            let mut waiting: Option<(Option<Until>, Counts)> = None;
            for (step, fails) in steps {
                connection.execute_batch("BEGIN; SAVEPOINT job").expect("a transaction");
                let mut after = expected.clone();
                let mut waits = waiting.clone();
                match step {
                    Step::Append(usage) => {
                        let deltas: Vec<_> =
                            usage.iter().map(|(key, day, calls)| delta(&format!("k{key}"), *day, *calls)).collect();
                        journal.append(&connection, &deltas).expect("an append");
                        for (key, day, calls) in usage {
                            *after.entry((format!("k{key}"), day)).or_default() += calls.cast_signed();
                        }
                    }
                    Step::Fold => {
                        let (until, before) = waits.take().unwrap_or((None, expected.clone()));
                        let until = journal.fold_on(&connection, until).expect("a step");
                        match until {
                            Some(_) => waits = Some((until, before)),
                            None => for (of, calls) in before {
                                let folded = in_days(&connection).get(&of).copied().unwrap_or_default();
                                prop_assert!(folded >= calls, "{of:?}: {folded} of {calls}");
                            },
                        }
                    }
                    Step::Restart => (journal, waits) = (Journal::new(most), None),
                }
                if fails == Some(true) {
                    connection.execute_batch("ROLLBACK TO job").expect("undone");
                    journal.failed();
                }
                let is_committed = fails != Some(false);
                connection.execute_batch(if is_committed { "COMMIT" } else { "ROLLBACK" }).expect("an end");
                journal.ended(is_committed);
                if fails.is_none() {
                    (expected, waiting) = (after, waits);
                }
                prop_assert_eq!(counted(&connection, journal.recent(&connection).expect("known")), expected.clone());
                let anew = Recent::read(&connection, most).expect("a journal");
                prop_assert_eq!(counted(&connection, &anew), expected.clone());
            }
            fold_all(&connection, &mut journal);
            prop_assert_eq!(in_days(&connection), expected);
            prop_assert!(is_empty(&connection).expect("an answer"));
        }
    }

    #[test]
    fn what_was_appended_is_folded_into_what_was_there() {
        let (connection, mut journal) = (database(), Journal::default());
        for round in [&[delta("a", 1, 2), delta("b", 1, 3)][..], &[delta("a", 1, 5), delta("a", -2, 1)]] {
            journal.append(&connection, round).expect("an append");
            assert!(!is_empty(&connection).expect("an answer"));
        }
        fold_all(&connection, &mut journal);
        journal.append(&connection, &[delta("b", 1, 1)]).expect("an append");
        fold_all(&connection, &mut journal);
        fold_all(&connection, &mut journal);
        assert!(is_empty(&connection).expect("an answer"));
        let expected = [("a", -2, 1), ("a", 1, 7), ("b", 1, 4)];
        assert_eq!(days(&connection), expected.map(|(key, day, calls)| (key.to_owned(), day, calls)));
    }

    #[test]
    fn few_calls_are_folded_after_some_time() {
        let connection = database();
        let mut journal = Journal::new(Most { rounds: 8, ..MOST });
        for _ in 0..9 {
            assert!(days(&connection).is_empty());
            journal.append(&connection, &[delta("a", 1, 1)]).expect("an append");
        }
        assert!(is_empty(&connection).expect("an answer"));
        assert_eq!(days(&connection), [("a".to_owned(), 1, 9)]);
    }

    #[test]
    fn many_keys_are_folded_with_the_rounds_that_come_and_rows_do_not_grow_for_ever() {
        let connection = database();
        let mut journal = Journal::new(Most { entries: 4000, ..MOST });
        let (mut appended, mut most_folded, mut most_rows) = (0, 0, 0);
        for round in 0..200 {
            let folded = days(&connection).len();
            let usage: Vec<_> = (0..100).map(|key| delta(&format!("k{}", (round * 100 + key) % 1000), 1, 1)).collect();
            journal.append(&connection, &usage).expect("an append");
            appended += 100;
            most_folded = most_folded.max(days(&connection).len() - folded);
            most_rows = most_rows.max(rows(&connection));
        }
        let in_days: i64 = days(&connection).iter().map(|(.., calls)| calls).sum();
        assert!(most_folded == MOST.keys_a_round, "{most_folded}");
        // 40 rounds until a fold begins, and at most as many again until it ends, half of which take off.
        assert!(most_rows <= 100, "{most_rows}");
        assert!(in_days > appended / 2, "{in_days} of {appended}");
        fold_all(&connection, &mut journal);
        assert_eq!(days(&connection).iter().map(|(.., calls)| calls).sum::<i64>(), appended);
    }

    #[test]
    fn who_waits_for_a_fold_has_what_came_before_and_not_what_comes_meanwhile() {
        let (connection, mut journal) = (database(), Journal::default());
        let usage: Vec<_> = (0..2 * MOST.keys_a_step).map(|key| delta(&format!("k{key}"), 1, 1)).collect();
        journal.append(&connection, &usage).expect("an append");
        let first = journal.fold_on(&connection, None).expect("a step");
        assert!(first.is_some());
        journal.append(&connection, &[delta("late", 1, 1)]).expect("an append");
        let second = journal.fold_on(&connection, None).expect("a step");
        assert_eq!(journal.fold_on(&connection, first).expect("a step"), None);
        let has_late = |connection| days(connection).iter().any(|(key, ..)| key == "late");
        assert_eq!((days(&connection).len(), has_late(&connection)), (2 * MOST.keys_a_step, false));
        assert_eq!(journal.fold_on(&connection, second).expect("a step"), None);
        assert!(has_late(&connection));
    }

    #[test]
    fn what_is_recent_is_told_of_the_key_and_the_period_that_are_asked_for() {
        let (connection, mut journal) = (database(), Journal::default());
        let usage = [delta("a", 1, 2), delta("b", 1, 3), delta("a", 2, 4), delta("a", 9, 8)];
        journal.append(&connection, &usage).expect("an append");
        let (a, period) = (delta("a", 0, 0), Period { first: Day(1), end: Day(3) });
        let recent = journal.recent(&connection).expect("it is known");
        assert_eq!(recent.used(a.plan, a.key, period), 6);
        recent.begin_fold();
        assert_eq!(recent.used(a.plan, a.key, period), 6);
        recent.step(&connection, 1).expect("a step");
        assert_eq!(recent.used(a.plan, a.key, period), 4, "a day was folded");
    }

    #[test]
    fn what_was_packed_is_unpacked_and_a_part_of_it_is_told() {
        let of = |delta: UsageDelta| (delta.plan, delta.key);
        let plan2 = UsagePlanId::parse("plan2").expect("an id");
        let (abc, b, d) = (of(delta("abc", 0, 0)), (plan2, of(delta("b", 0, 0)).1), of(delta("d", 0, 0)));
        let entries = [(abc, 20_000, 2), (d, -1, 127), (b, i32::MIN, 1 << 40), (abc, i32::MAX, 128), (d, 1, 0)];
        let entries = entries.map(|(of, day, calls)| (of, Day(day), calls));
        let mut unpacked = Vec::new();
        unpack(&pack(entries.into_iter()), &mut |of, day, calls| unpacked.push((of, day, calls))).expect("entries");
        assert_eq!(unpacked, entries);
        let first = pack(entries.into_iter().take(1));
        for end in 1..first.len() {
            assert!(unpack(&first[..end], &mut |_, _, _| {}).is_err(), "{end}");
        }
        assert!(unpack(&[0, 1, b'k', 1, 1], &mut |_, _, _| {}).is_err(), "there is no plan before");
        assert!(unpack(&[1, b'p', 1, b'k', 1, 0xff, 0xff], &mut |_, _, _| {}).is_err(), "a number has no end");
    }
}
