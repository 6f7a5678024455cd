//! Questions to the ledger, and its reports.

use std::collections::BTreeMap;
use std::sync::Arc;

use tollgate_domain::{ApiKeyId, Day, Period, QuotaSettings, UsagePlanId};

use crate::error::StoreError;

/// Tells the unspent units that are out for a key of the plan, and for which period, so that they can be told from
/// stranded ones.
pub type Unspent = Arc<dyn Fn(ApiKeyId) -> Option<(Period, i64)> + Send + Sync>;

/// Whose usage to report.
#[derive(Clone)]
pub struct UsageQuery {
    /// The plan.
    pub plan: UsagePlanId,
    /// Only this key, with or without usage; else all keys with usage in the range.
    pub key: Option<ApiKeyId>,
    /// The first day.
    pub first: Day,
    /// The last day, included.
    pub last: Day,
    /// Only keys after this one.
    pub after: Option<ApiKeyId>,
    /// At most so many keys.
    pub limit: u32,
    /// The plan's quota.
    pub quota: Option<QuotaSettings>,
    /// Units out on leases.
    pub unspent: Unspent,
}

/// A page of usage, in the order of key ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsagePage {
    /// The keys.
    pub keys: Vec<KeyUsage>,
    /// Whether others follow.
    pub more: bool,
}

/// Usage of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// The key.
    pub key: ApiKeyId,
    /// Every day of the range.
    pub days: Vec<DayUsage>,
}

/// Usage of one key on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayUsage {
    /// The day.
    pub day: Day,
    /// Calls admitted.
    pub used: u64,
    /// Calls left in the period at the end of the day; -1 without a quota.
    pub remaining: i64,
}

/// What the ledger holds of a key for one period.
pub(crate) struct Balance {
    pub(crate) quota: QuotaSettings,
    /// Units handed out, less those handed back.
    pub(crate) drawn: i64,
    /// What UpdateUsage added to the limit.
    pub(crate) extra: i64,
    /// Of the units handed out, those that are on leases and were not spent.
    pub(crate) unspent: i64,
}

impl Balance {
    /// What the key could use in the period: limit and extension, less what a crash stranded.
    fn usable(&self, used: i64) -> i64 {
        i64::from(self.quota.limit) + self.extra - (self.drawn - used - self.unspent).max(0)
    }
}

impl UsageQuery {
    /// The days that the report follows from: from the start of the first day's period, since what is left follows from
    /// all that was used in it; to the end of the last day's, since what is stranded follows from all that was drawn
    /// for it.
    pub(crate) fn span(&self) -> Period {
        let period =
            |day| self.quota.map_or(Period { first: self.first, end: self.last.plus(1) }, |q| q.period_at(day));
        Period { first: period(self.first).first, end: period(self.last).end }
    }
}

/// A key's usage by day, from what was used in the query's span and what the ledger holds for each period of it.
pub(crate) fn key_usage(
    query: &UsageQuery,
    key: ApiKeyId,
    used: &BTreeMap<Day, i64>,
    mut balance: impl FnMut(QuotaSettings, Period) -> Result<Balance, StoreError>,
) -> Result<KeyUsage, StoreError> {
    let mut days = Vec::new();
    let mut known: Option<(Period, i64)> = None;
    for day in (query.first.0..=query.last.0).map(Day) {
        let remaining = match query.quota {
            None => -1,
            Some(quota) => {
                let period = quota.period_at(day);
                let usable = match known {
                    Some((of, usable)) if of == period => usable,
                    _ => {
                        let used = used.range(period.first..period.end).map(|(_, calls)| calls).sum();
                        let usable = balance(quota, period)?.usable(used);
                        known = Some((period, usable));
                        usable
                    }
                };
                let until_day: i64 = used.range(period.first..=day).map(|(_, calls)| calls).sum();
                (usable - until_day).max(0)
            }
        };
        days.push(DayUsage { day, used: used.get(&day).map_or(0, |calls| calls.unsigned_abs()), remaining });
    }
    Ok(KeyUsage { key, days })
}
