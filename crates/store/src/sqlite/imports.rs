//! What keys used at another gateway, counted here once.
//!
//! The same two tables that calls are counted in take it, so that what refuses is still what reports. Two more say how
//! much of them came from there: importing again adds what came since, and nothing twice.

use rusqlite::{Connection, OptionalExtension, params};
use tollgate_domain::{ApiKeyId, Day, LeftElsewhere, Period, UsageImport, UsagePlanId};

use super::Database;
use super::journal::Recent;
use super::ledger::{Drawn, drawn_at_least_used, write_drawn};
use crate::error::StoreError;

impl Database {
    /// Whether counting an import would change anything.
    pub(crate) async fn imports_something(&self, import: UsageImport) -> Result<bool, StoreError> {
        self.read(move |connection, _| {
            let UsageImport { plan, key, ref days, left } = import;
            for (day, calls) in days {
                if read_day(connection, plan, key, *day)? != units(*calls) {
                    return Ok(true);
                }
            }
            let extra = left.zip(import.extra());
            extra.map_or(Ok(false), |(left, extra)| Ok(read_extra(connection, plan, key, left.period)? != extra))
        })
        .await
    }
}

/// Counts what was used elsewhere. What is left there is left here, less what was used and stranded here and with what
/// the quota was extended by here.
pub(super) fn count(connection: &Connection, import: &UsageImport, recent: &Recent) -> Result<(), StoreError> {
    let UsageImport { plan, key, ref days, left } = *import;
    // As it was, so that what is stranded stays so.
    let before = left.map(|left| drawn_at_least_used(connection, plan, key, left.period, recent)).transpose()?;
    let mut drawn = before.unwrap_or_default().drawn;
    for (day, calls) in days {
        let calls = units(*calls);
        let fresh = calls - read_day(connection, plan, key, *day)?;
        if fresh != 0 {
            write_day(connection, plan, key, *day, (calls, fresh))?;
        }
        if left.is_some_and(|left| left.period.contains(*day)) {
            drawn += fresh;
        }
    }
    let Some((LeftElsewhere { period, .. }, extra)) = left.zip(import.extra()) else { return Ok(()) };
    let Drawn { extra: extra_before, .. } = before.unwrap_or_default();
    let extra_here = extra_before - read_extra(connection, plan, key, period)?;
    write_drawn(connection, plan, key, period, drawn)?;
    write_extra(connection, (plan, key, period), extra, extra_here + extra)
}

/// Calls as the tables have them.
fn units(calls: u64) -> i64 {
    i64::try_from(calls).unwrap_or(i64::MAX / 2)
}

fn read_day(connection: &Connection, plan: UsagePlanId, key: ApiKeyId, day: Day) -> Result<i64, StoreError> {
    let calls = connection
        .prepare_cached("SELECT calls FROM imported_day WHERE plan = ? AND key = ? AND day = ?")?
        .query_row(params![plan.as_str(), key.as_str(), day.0], |row| row.get(0))
        .optional()?;
    Ok(calls.unwrap_or(0))
}

/// Notes what a day has of the other gateway, and adds what is fresh of it to the day's calls.
fn write_day(
    connection: &Connection,
    plan: UsagePlanId,
    key: ApiKeyId,
    day: Day,
    (calls, fresh): (i64, i64),
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO imported_day (plan, key, day, calls) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (plan, key, day) DO UPDATE SET calls = ?4",
        )?
        .execute(params![plan.as_str(), key.as_str(), day.0, calls])?;
    connection
        .prepare_cached(
            "INSERT INTO usage_day (plan, key, day, calls) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (plan, key, day) DO UPDATE SET calls = calls + ?4",
        )?
        .execute(params![plan.as_str(), key.as_str(), day.0, fresh])?;
    Ok(())
}

fn read_extra(connection: &Connection, plan: UsagePlanId, key: ApiKeyId, period: Period) -> Result<i64, StoreError> {
    let extra = connection
        .prepare_cached("SELECT extra FROM imported_extra WHERE plan = ? AND key = ? AND first = ? AND end = ?")?
        .query_row(params![plan.as_str(), key.as_str(), period.first.0, period.end.0], |row| row.get(0))
        .optional()?;
    Ok(extra.unwrap_or(0))
}

/// Notes what a quota was extended by there, and sets what it is extended by in all.
fn write_extra(
    connection: &Connection,
    (plan, key, period): (UsagePlanId, ApiKeyId, Period),
    imported: i64,
    all: i64,
) -> Result<(), StoreError> {
    let name = params![plan.as_str(), key.as_str(), period.first.0, period.end.0, imported];
    connection
        .prepare_cached(
            "INSERT INTO imported_extra (plan, key, first, end, extra) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (plan, key, first, end) DO UPDATE SET extra = ?5",
        )?
        .execute(name)?;
    connection
        .prepare_cached("UPDATE quota_period SET extra = ?5 WHERE plan = ?1 AND key = ?2 AND first = ?3 AND end = ?4")?
        .execute(params![plan.as_str(), key.as_str(), period.first.0, period.end.0, all])?;
    Ok(())
}
