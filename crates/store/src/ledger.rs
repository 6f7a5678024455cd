//! Questions to the ledger, and its reports.

use std::sync::Arc;

use tollgate_domain::{ApiKeyId, Day, Period, QuotaSettings, UsagePlanId};

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
