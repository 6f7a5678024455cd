//! Usage on its way into `usage_day`.
//!
//! Under load nearly each call of a round is of another key, and a row for each costs more than the rest of the call. So
//! a round is appended as one row, as durable as any. When much has come together it is folded into days: a few keys
//! with each round that comes, so that nobody waits long for the writer. What has gone to days is taken off by a row that
//! is appended with it. So what all rows come to is, at any moment, what the days lack.
//!
//! That sum is kept in memory, too, where what a key has of it is found at once.

use std::collections::{BTreeMap, HashMap};
use std::mem;

use foldhash::fast::RandomState;
use rusqlite::{Connection, params};
use tollgate_domain::{ApiKeyId, Day, Period, UsageDelta, UsagePlanId};

use crate::error::StoreError;
use crate::keys::{parse_key_id, parse_plan_id};

/// Keys and days that are folded together where somebody waits for the whole. The writer is held for some milliseconds.
const KEYS_A_STEP: usize = 2048;

/// Keys and days that are folded with a round at least.
const KEYS_A_ROUND: usize = 64;

/// When a fold begins.
#[derive(Clone, Copy, Debug)]
struct Most {
    /// Entries that wait at most. They are read again when the program starts.
    entries: usize,
    /// Rounds that wait at most: some minutes of few calls.
    rounds: usize,
    /// Keys and days in memory at most, and about as many more while they are folded.
    keys: usize,
}

const MOST: Most = Most { entries: 1 << 20, rounds: 1024, keys: 1 << 17 };

/// Whose usage.
type Of = (UsagePlanId, ApiKeyId);

/// The journal, as the writing thread knows it.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// `None` until it is read, and when the database may have undone what is in it.
    recent: Option<Recent>,
    /// Folds that have ended.
    folds: u64,
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

impl Journal {
    /// Brings all of it into days at once.
    pub(super) fn fold(connection: &Connection) -> Result<(), StoreError> {
        Recent::read(connection, MOST)?.begin_fold().step(connection, usize::MAX).map(|_| ())
    }

    /// What is in it, which is read if need be.
    pub(super) fn recent(&mut self, connection: &Connection) -> Result<&mut Recent, StoreError> {
        match &mut self.recent {
            Some(recent) => Ok(recent),
            unknown => Ok(unknown.insert(Recent::read(connection, MOST)?)),
        }
    }

    /// Appends what a round reports, and folds a part of what came before when it is time.
    pub(super) fn append(&mut self, connection: &Connection, usage: &[UsageDelta]) -> Result<(), StoreError> {
        if !usage.is_empty() {
            let recent = self.recent(connection)?;
            recent.append(connection, usage)?;
            if recent.fold_along(connection, usage.len())? {
                self.folds += 1;
            }
        }
        Ok(())
    }

    /// Folds a part of what had come when this was called for the first time, with `None`. Call it again with what it
    /// returns, until that is `None` again.
    pub(super) fn fold_on(&mut self, connection: &Connection, until: Option<u64>) -> Result<Option<u64>, StoreError> {
        let folds = self.folds;
        let recent = self.recent(connection)?;
        // One that has begun does not have what came since.
        let until = until.unwrap_or(folds + 1 + u64::from(recent.fold.is_some()));
        // Others may have ended it.
        if folds < until && recent.begin_fold().step(connection, KEYS_A_STEP)? {
            self.folds += 1;
        }
        Ok((self.folds < until).then_some(until))
    }

    /// Has it read anew: what was written may have been undone.
    pub(super) fn forget(&mut self) {
        self.recent = None;
    }
}

impl Recent {
    fn read(connection: &Connection, most: Most) -> Result<Self, StoreError> {
        let mut recent =
            Self { most, sums: HashMap::default(), keys: 0, entries: 0, rounds: 0, last_row: 0, fold: None };
        let mut statement = connection.prepare_cached("SELECT seq, deltas FROM usage_journal ORDER BY seq")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let deltas: Vec<u8> = row.get(1)?;
            unpack(&deltas, &mut |of, day, calls| recent.add(of, day, calls))?;
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

    fn append(&mut self, connection: &Connection, usage: &[UsageDelta]) -> Result<(), StoreError> {
        let entry = |delta: &UsageDelta| {
            let calls = i64::try_from(delta.calls).unwrap_or(i64::MAX);
            ((delta.plan, delta.key), delta.day, calls)
        };
        let packed = pack(usage.iter().map(entry));
        self.put_row(connection, i64::try_from(usage.len()).unwrap_or(i64::MAX), &packed)?;
        usage.iter().map(entry).for_each(|(of, day, calls)| self.add(of, day, calls));
        self.rounds += 1;
        Ok(())
    }

    /// Appends a row. One that takes off what was folded has entries less than nothing.
    fn put_row(&mut self, connection: &Connection, entries: i64, deltas: &[u8]) -> Result<(), StoreError> {
        self.last_row += 1;
        connection
            .prepare_cached("INSERT INTO usage_journal (seq, entries, deltas) VALUES (?, ?, ?)")?
            .execute(params![self.last_row, entries, deltas])?;
        Ok(())
    }

    /// Folds some keys with a round of so many entries, if it is time. Says whether a fold has ended.
    fn fold_along(&mut self, connection: &Connection, entries: usize) -> Result<bool, StoreError> {
        let Most { entries: most_entries, rounds, keys } = self.most;
        if self.fold.is_none() && self.entries <= most_entries && self.rounds <= rounds && self.keys <= keys {
            return Ok(false);
        }
        let fold = self.begin_fold().fold.as_ref();
        // It ends when half of what it began with has come again.
        let share = fold.map_or(0, |fold| (fold.keys * entries * 2).div_ceil(fold.entries.max(1)));
        self.step(connection, share.max(KEYS_A_ROUND))
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
            folded.push((of, day, -calls));
        }
        if !fold.left.is_empty() {
            let entries = -i64::try_from(folded.len()).unwrap_or(i64::MAX);
            self.put_row(connection, entries, &pack(folded.into_iter()))?;
            return Ok(false);
        }
        // With what takes off from them; of other folds nothing is left.
        connection
            .prepare_cached("DELETE FROM usage_journal WHERE seq <= ? OR entries < 0")?
            .execute([fold.last_row])?;
        self.fold = None;
        Ok(true)
    }
}

/// Whether `usage_day` is all there is.
pub(super) fn is_empty(connection: &Connection) -> Result<bool, StoreError> {
    let found = connection.prepare_cached("SELECT 1 FROM usage_journal LIMIT 1")?.exists([])?;
    Ok(!found)
}

/// One entry after the other: plan, key, day and calls. A plan is left out where it is that of the entry before.
fn pack(entries: impl Iterator<Item = (Of, Day, i64)>) -> Vec<u8> {
    let (mut packed, mut before) = (Vec::with_capacity(entries.size_hint().0 * 16), None);
    for ((plan, key), day, calls) in entries {
        let known = before.replace(plan) == Some(plan);
        put_text(&mut packed, if known { "" } else { plan.as_str() });
        put_text(&mut packed, key.as_str());
        put_number(&mut packed, u64::from(day.0.cast_unsigned()));
        put_number(&mut packed, calls.cast_unsigned());
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
        show((plan, parse_key_id(key)?), day, calls.cast_signed());
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

    /// A journal that folds early.
    fn journal(connection: &Connection, most: Most) -> Journal {
        Journal { recent: Some(Recent::read(connection, most).expect("a journal")), folds: 0 }
    }

    /// All that was counted: what the days and the journal have of each key.
    fn counted(connection: &Connection, recent: &Recent) -> BTreeMap<(String, i32), i64> {
        let mut all = BTreeMap::new();
        days(connection).into_iter().for_each(|(key, day, calls)| *all.entry((key, day)).or_default() += calls);
        for (name, first) in (0..20).flat_map(|key| (0..3).map(move |day| (format!("k{key}"), day))) {
            let of = delta(&name, 0, 0);
            let period = Period { first: Day(first), end: Day(first + 1) };
            *all.entry((name, first)).or_default() += recent.used(of.plan, of.key, period);
        }
        all.retain(|_, calls| *calls != 0);
        all
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
        /// An append whose transaction is rolled back.
        Undone(Vec<(u8, i32, u64)>),
        FoldSome,
        Forget,
        Restart,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let usage = || prop::collection::vec((0u8..20, 0i32..3, 1u64..100), 1..12);
        let step = prop_oneof![
            6 => usage().prop_map(Step::Append),
            1 => usage().prop_map(Step::Undone),
            1 => Just(Step::FoldSome),
            1 => Just(Step::Forget),
            1 => Just(Step::Restart),
        ];
        prop::collection::vec(step, 1..60)
    }

    fn deltas(usage: &[(u8, i32, u64)]) -> Vec<UsageDelta> {
        usage.iter().map(|(key, day, calls)| delta(&format!("k{key}"), *day, *calls)).collect()
    }

    /// Appends with folds of one key at a time.
    fn append_slowly(connection: &Connection, recent: &mut Recent, usage: &[UsageDelta]) {
        recent.append(connection, usage).expect("an append");
        if recent.fold.is_some() || recent.entries > recent.most.entries {
            recent.begin_fold().step(connection, 1).expect("a step");
        }
    }

    proptest! {
        #[test]
        fn days_and_journal_have_each_call_once_whatever_is_undone_or_read_anew(steps in steps()) {
            let connection = database();
            let most = Most { entries: 10, ..MOST };
            let mut recent = Recent::read(&connection, most).expect("a journal");
            let mut expected = BTreeMap::<(String, i32), i64>::new();
            for step in steps {
                match step {
                    Step::Append(usage) => {
                        append_slowly(&connection, &mut recent, &deltas(&usage));
                        for (key, day, calls) in usage {
                            *expected.entry((format!("k{key}"), day)).or_default() += calls.cast_signed();
                        }
                    }
                    Step::Undone(usage) => {
                        connection.execute_batch("BEGIN").expect("a transaction");
                        append_slowly(&connection, &mut recent, &deltas(&usage));
                        connection.execute_batch("ROLLBACK").expect("rolled back");
                        recent = Recent::read(&connection, most).expect("a journal");
                    }
                    Step::FoldSome => {
                        recent.begin_fold().step(&connection, 3).expect("a step");
                    }
                    Step::Forget => recent = Recent::read(&connection, most).expect("a journal"),
                    Step::Restart => {
                        Journal::fold(&connection).expect("a fold");
                        prop_assert!(is_empty(&connection).expect("an answer"));
                        recent = Recent::read(&connection, most).expect("a journal");
                    }
                }
                prop_assert_eq!(counted(&connection, &recent), expected.clone());
                let anew = Recent::read(&connection, most).expect("a journal");
                prop_assert_eq!(counted(&connection, &anew), expected.clone());
            }
            Journal::fold(&connection).expect("a fold");
            let folded: BTreeMap<_, _> = days(&connection).into_iter().map(|(key, day, sum)| ((key, day), sum)).collect();
            prop_assert_eq!(folded, expected);
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
        let mut journal = journal(&connection, Most { rounds: 8, ..MOST });
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
        let mut journal = journal(&connection, Most { entries: 4000, ..MOST });
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
        assert!(most_folded == KEYS_A_ROUND, "{most_folded}");
        // 40 rounds until a fold begins, and at most as many again until it ends, half of which take off.
        assert!(most_rows <= 100, "{most_rows}");
        assert!(in_days > appended / 2, "{in_days} of {appended}");
        fold_all(&connection, &mut journal);
        assert_eq!(days(&connection).iter().map(|(.., calls)| calls).sum::<i64>(), appended);
    }

    #[test]
    fn who_waits_for_a_fold_has_what_came_before_and_not_what_comes_meanwhile() {
        let (connection, mut journal) = (database(), Journal::default());
        let usage: Vec<_> = (0..2 * KEYS_A_STEP).map(|key| delta(&format!("k{key}"), 1, 1)).collect();
        journal.append(&connection, &usage).expect("an append");
        let first = journal.fold_on(&connection, None).expect("a step");
        assert!(first.is_some());
        journal.append(&connection, &[delta("late", 1, 1)]).expect("an append");
        let second = journal.fold_on(&connection, None).expect("a step");
        assert_eq!(journal.fold_on(&connection, first).expect("a step"), None);
        let has_late = |connection| days(connection).iter().any(|(key, ..)| key == "late");
        assert_eq!((days(&connection).len(), has_late(&connection)), (2 * KEYS_A_STEP, false));
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
        let entries = [(abc, 20_000, 2), (d, -1, 127), (b, i32::MIN, 1 << 40), (abc, i32::MAX, 128), (d, 1, -3)];
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
