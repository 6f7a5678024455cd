//! Usage by day and quota by period.
//!
//! What refuses is what reports: a draw and a report read the same two tables, and what is on its way into them.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use tollgate_domain::{Adjustment, ApiKeyId, Day, Draw, Grant, Period, Settlement, UsagePlanId};

use super::journal::{self, Journal, Recent};
use super::{Database, imports};
use crate::error::StoreError;
use crate::ledger::{Balance, KeyUsage, UsagePage, UsageQuery};

impl Database {
    /// Writes a round of a node durably, and answers each of its draws in order.
    pub(crate) async fn settle(&self, settlement: Settlement) -> Result<Vec<Grant>, StoreError> {
        self.write_usage(move |connection, journal| settle(connection, &settlement, journal)).await
    }

    /// Forgets the rounds of processes that have ended; call it before the first round of a new one.
    pub(crate) async fn forget_settled(&self) -> Result<(), StoreError> {
        self.write(|connection, _| {
            connection.execute("DELETE FROM settled", [])?;
            Ok(())
        })
        .await
    }

    /// Reports usage by key and day.
    pub(crate) async fn usage(&self, query: UsageQuery) -> Result<UsagePage, StoreError> {
        self.fold_usage().await?;
        self.read(move |connection, _| {
            let transaction = connection.unchecked_transaction()?;
            usage(&transaction, &query)
        })
        .await
    }

    /// Brings all usage that was reported before into days, which is where it is looked for.
    pub(crate) async fn fold_usage(&self) -> Result<(), StoreError> {
        if self.read(|connection, _| journal::is_empty(connection)).await? {
            return Ok(());
        }
        // One who asks does it for all who do.
        let _folding = self.shared.folding.lock().await;
        let mut until = None;
        loop {
            until = self.write_usage(move |connection, journal| journal.fold_on(connection, until)).await?;
            if until.is_none() {
                return Ok(());
            }
        }
    }

    /// Runs a job that uses the journal on the writing thread.
    async fn write_usage<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &mut Journal) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write(move |connection, shared| {
            let mut journal = journal::lock(&shared.journal);
            let outcome = job(connection, &mut journal);
            if outcome.is_err() {
                journal.failed();
            }
            outcome
        })
        .await
    }
}

fn settle(connection: &Connection, settlement: &Settlement, journal: &mut Journal) -> Result<Vec<Grant>, StoreError> {
    if let Some(grants) = answered(connection, settlement)? {
        return Ok(grants);
    }
    journal.append(connection, &settlement.usage)?;
    hand_back(connection, settlement)?;
    let recent = journal.recent(connection)?;
    settlement.adjustments.iter().try_for_each(|adjustment| adjust(connection, adjustment, recent))?;
    settlement.imports.iter().try_for_each(|import| imports::count(connection, import, recent))?;
    let grants: Vec<Grant> =
        settlement.draws.iter().map(|draw| grant(connection, draw, recent)).collect::<Result<_, _>>()?;
    let packed: Vec<u8> =
        grants.iter().flat_map(|grant| [grant.units, grant.left]).flat_map(i64::to_le_bytes).collect();
    connection
        .prepare_cached(
            "INSERT INTO settled (source, sequence, grants) VALUES (?1, ?2, ?3)
             ON CONFLICT (source) DO UPDATE SET sequence = ?2, grants = ?3",
        )?
        // Source and sequence are stored as the signed words with the same bits.
        .execute(params![settlement.source.cast_signed(), settlement.sequence.cast_signed(), packed])?;
    Ok(grants)
}

/// What a round was answered when it came before. Its process never saw that answer, or it would not ask again.
fn answered(connection: &Connection, settlement: &Settlement) -> Result<Option<Vec<Grant>>, StoreError> {
    let grants: Option<Vec<u8>> = connection
        .prepare_cached("SELECT grants FROM settled WHERE source = ? AND sequence >= ?")?
        .query_row(params![settlement.source.cast_signed(), settlement.sequence.cast_signed()], |row| row.get(0))
        .optional()?;
    let word = |bytes: &[u8]| bytes.try_into().map_or(0, i64::from_le_bytes);
    let unpack = |pair: &[u8]| Grant { units: word(&pair[..8]), left: word(&pair[8..]), pending: false };
    Ok(grants.map(|packed| packed.chunks_exact(16).map(unpack).collect()))
}

/// Sets what is left of a key's quota, by adding to its limit or taking from it.
fn adjust(connection: &Connection, adjustment: &Adjustment, recent: &Recent) -> Result<(), StoreError> {
    let Adjustment { plan, key, quota, period, remaining } = *adjustment;
    let drawn = drawn_at_least_used(connection, plan, key, period, recent)?.drawn;
    let extra = i64::try_from(remaining).unwrap_or(i64::MAX / 2) - (i64::from(quota.limit) - drawn);
    connection.execute(
        "UPDATE quota_period SET extra = ? WHERE plan = ? AND key = ? AND first = ? AND end = ?",
        params![extra, plan.as_str(), key.as_str(), period.first.0, period.end.0],
    )?;
    Ok(())
}

fn hand_back(connection: &Connection, settlement: &Settlement) -> Result<(), StoreError> {
    let mut hand_back = connection.prepare_cached(
        "UPDATE quota_period SET drawn = drawn - ?5 WHERE plan = ?1 AND key = ?2 AND first = ?3 AND end = ?4",
    )?;
    for back in &settlement.returns {
        let Period { first, end } = back.period;
        hand_back.execute(params![back.plan.as_str(), back.key.as_str(), first.0, end.0, back.units])?;
    }
    Ok(())
}

#[derive(Clone, Copy, Default)]
pub(super) struct Drawn {
    pub(super) drawn: i64,
    pub(super) extra: i64,
}

fn grant(connection: &Connection, draw: &Draw, recent: &Recent) -> Result<Grant, StoreError> {
    let Drawn { drawn, extra } = if draw.opening {
        drawn_at_least_used(connection, draw.plan, draw.key, draw.period, recent)?
    } else {
        read_drawn(connection, draw.plan, draw.key, draw.period)?.unwrap_or_default()
    };
    let left = i64::from(draw.quota.limit).saturating_add(extra).saturating_sub(drawn).max(0);
    let units = draw.units.clamp(0, left);
    if units > 0 {
        write_drawn(connection, draw.plan, draw.key, draw.period, drawn + units)?;
    }
    Ok(Grant { units, left: left - units, pending: false })
}

/// Reads a period's row, first raising `drawn` to what was metered: calls made under another period, or without a
/// quota, count from the moment on which this period applies.
pub(super) fn drawn_at_least_used(
    connection: &Connection,
    plan: UsagePlanId,
    key: ApiKeyId,
    period: Period,
    recent: &Recent,
) -> Result<Drawn, StoreError> {
    let folded: i64 = connection
        .prepare_cached(
            "SELECT coalesce(sum(calls), 0) FROM usage_day WHERE plan = ? AND key = ? AND day >= ? AND day < ?",
        )?
        .query_row(params![plan.as_str(), key.as_str(), period.first.0, period.end.0], |row| row.get(0))?;
    let used = folded + recent.used(plan, key, period);
    let before = read_drawn(connection, plan, key, period)?;
    let row = Drawn { drawn: before.unwrap_or_default().drawn.max(used), extra: before.unwrap_or_default().extra };
    if before.is_none_or(|before| before.drawn != row.drawn) {
        write_drawn(connection, plan, key, period, row.drawn)?;
    }
    Ok(row)
}

fn read_drawn(
    connection: &Connection,
    plan: UsagePlanId,
    key: ApiKeyId,
    period: Period,
) -> Result<Option<Drawn>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT drawn, extra FROM quota_period WHERE plan = ? AND key = ? AND first = ? AND end = ?")?
        .query_row(params![plan.as_str(), key.as_str(), period.first.0, period.end.0], |row| {
            Ok(Drawn { drawn: row.get(0)?, extra: row.get(1)? })
        })
        .optional()?)
}

pub(super) fn write_drawn(
    connection: &Connection,
    plan: UsagePlanId,
    key: ApiKeyId,
    period: Period,
    drawn: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO quota_period (plan, key, first, end, drawn) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (plan, key, first, end) DO UPDATE SET drawn = ?5",
        )?
        .execute(params![plan.as_str(), key.as_str(), period.first.0, period.end.0, drawn])?;
    Ok(())
}

fn usage(connection: &Connection, query: &UsageQuery) -> Result<UsagePage, StoreError> {
    let mut keys = match query.key {
        Some(key) => vec![key],
        None => keys_with_usage(connection, query)?,
    };
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let more = keys.len() > limit;
    keys.truncate(limit);
    let keys = keys.into_iter().map(|key| key_usage(connection, query, key)).collect::<Result<_, _>>()?;
    Ok(UsagePage { keys, more })
}

/// One key more than the limit, to know whether others follow.
fn keys_with_usage(connection: &Connection, query: &UsageQuery) -> Result<Vec<ApiKeyId>, StoreError> {
    let after = query.after.map_or(String::new(), String::from);
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT key FROM usage_day WHERE plan = ? AND key > ? AND day >= ? AND day <= ?
         ORDER BY key LIMIT ?",
    )?;
    let limit = i64::from(query.limit) + 1;
    let rows = statement.query_map(params![query.plan.as_str(), after, query.first.0, query.last.0, limit], |row| {
        row.get::<_, String>(0)
    })?;
    rows.map(|key| crate::keys::parse_key_id(&key?)).collect()
}

fn key_usage(connection: &Connection, query: &UsageQuery, key: ApiKeyId) -> Result<KeyUsage, StoreError> {
    let Period { first, end } = query.span();
    let used = used_by_day(connection, query.plan, key, first, end)?;
    crate::ledger::key_usage(query, key, &used, |quota, period| {
        let (Drawn { drawn, extra }, unspent) = (
            read_drawn(connection, query.plan, key, period)?.unwrap_or_default(),
            (query.unspent)(key).filter(|(leased, _)| *leased == period).map_or(0, |(_, units)| units),
        );
        Ok(Balance { quota, drawn, extra, unspent })
    })
}

fn used_by_day(
    connection: &Connection,
    plan: UsagePlanId,
    key: ApiKeyId,
    first: Day,
    end: Day,
) -> Result<BTreeMap<Day, i64>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT day, calls FROM usage_day WHERE plan = ? AND key = ? AND day >= ? AND day < ?")?;
    let rows = statement
        .query_map(params![plan.as_str(), key.as_str(), first.0, end.0], |row| Ok((Day(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
