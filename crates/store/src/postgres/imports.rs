//! What keys used at another gateway, counted here once.
//!
//! The same two tables that calls are counted in take it, so that what refuses is still what reports. Two more say how
//! much of them came from there: importing again adds what came since, and nothing twice.

use std::collections::HashMap;

use deadpool_postgres::Transaction;
use tollgate_domain::{Day, LeftElsewhere, UsageImport};

use super::ledger::Books;
use super::session::Session;
use super::{Database, execute, one_or_none, rows};
use crate::error::StoreError;

impl Database {
    pub(crate) async fn imports_something(&self, import: UsageImport) -> Result<bool, StoreError> {
        let client = self.client().await?;
        let known = days(&client, &import).await?;
        let is_fresh = |(day, calls): &(Day, u64)| known.get(day).copied().unwrap_or(0) != units(*calls);
        if import.days.iter().any(is_fresh) {
            return Ok(true);
        }
        let Some((left, extra)) = import.left.zip(import.extra()) else { return Ok(false) };
        Ok(extra_of(&client, &import, left).await? != extra)
    }
}

/// Counts what was used elsewhere. What is left there is left here, less what was used and stranded here and with what
/// the quota was extended by here.
pub(super) async fn count(
    transaction: &Transaction<'_>,
    books: &mut Books,
    import: &UsageImport,
) -> Result<(), StoreError> {
    let UsageImport { plan, key, left, .. } = *import;
    // As it was, so that what is stranded stays so.
    let before = left.map(|left| {
        let standing = books.of(plan, key, left.period);
        standing.raise_to_used();
        (standing.drawn, standing.extra)
    });
    let (mut drawn, extra_before) = before.unwrap_or_default();
    let known = days(transaction, import).await?;
    for (day, calls) in &import.days {
        let calls = units(*calls);
        let fresh = calls - known.get(day).copied().unwrap_or(0);
        if fresh != 0 {
            write_day(transaction, import, *day, (calls, fresh)).await?;
            books.count(plan, key, *day, fresh);
        }
        if left.is_some_and(|left| left.period.contains(*day)) {
            drawn += fresh;
        }
    }
    let Some((left, extra)) = left.zip(import.extra()) else { return Ok(()) };
    let extra_here = extra_before - extra_of(transaction, import, left).await?;
    let standing = books.of(plan, key, left.period);
    standing.set_drawn(drawn);
    (standing.extra, standing.changed) = (extra_here + extra, true);
    let sql = "INSERT INTO imported_extra (plan, key, first, until, extra) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (plan, key, first, until) DO UPDATE SET extra = $5";
    let (first, until) = (left.period.first.0, left.period.end.0);
    execute(transaction, sql, &[&plan.as_str(), &key.as_str(), &first, &until, &extra]).await?;
    Ok(())
}

/// Calls as the tables have them.
fn units(calls: u64) -> i64 {
    i64::try_from(calls).unwrap_or(i64::MAX / 2)
}

/// What the days of an import have of the other gateway already.
async fn days(on: &impl Session, import: &UsageImport) -> Result<HashMap<Day, i64>, StoreError> {
    let days: Vec<i32> = import.days.iter().map(|(day, _)| day.0).collect();
    let sql = "SELECT day, calls FROM imported_day WHERE plan = $1 AND key = $2 AND day = ANY($3)";
    let found = rows(on, sql, &[&import.plan.as_str(), &import.key.as_str(), &days]).await?;
    found.iter().map(|row| Ok((Day(row.try_get(0)?), row.try_get(1)?))).collect()
}

/// What a quota is extended by because it was there.
async fn extra_of(on: &impl Session, import: &UsageImport, left: LeftElsewhere) -> Result<i64, StoreError> {
    let sql = "SELECT extra FROM imported_extra WHERE plan = $1 AND key = $2 AND first = $3 AND until = $4";
    let (first, until) = (left.period.first.0, left.period.end.0);
    let row = one_or_none(on, sql, &[&import.plan.as_str(), &import.key.as_str(), &first, &until]).await?;
    row.map_or(Ok(0), |row| Ok(row.try_get(0)?))
}

/// Notes what a day has of the other gateway, and adds what is fresh of it to the day's calls.
async fn write_day(
    transaction: &Transaction<'_>,
    import: &UsageImport,
    day: Day,
    (calls, fresh): (i64, i64),
) -> Result<(), StoreError> {
    let (plan, key) = (import.plan.as_str(), import.key.as_str());
    let note = "INSERT INTO imported_day (plan, key, day, calls) VALUES ($1, $2, $3, $4)
                ON CONFLICT (plan, key, day) DO UPDATE SET calls = $4";
    execute(transaction, note, &[&plan, &key, &day.0, &calls]).await?;
    let add = "INSERT INTO usage_day (plan, key, day, calls) VALUES ($1, $2, $3, $4)
               ON CONFLICT (plan, key, day) DO UPDATE SET calls = usage_day.calls + $4";
    execute(transaction, add, &[&plan, &key, &day.0, &fresh]).await?;
    Ok(())
}
