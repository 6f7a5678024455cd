//! The ledger's terms: counts that last.

use std::sync::Arc;

use tollgate_domain::{ApiKeyId, Day, Period, QuotaSettings, UsagePlanId};

/// Calls admitted on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageDelta {
    /// The plan.
    pub plan: UsagePlanId,
    /// The key.
    pub key: ApiKeyId,
    /// The UTC day.
    pub day: Day,
    /// How many.
    pub calls: u64,
}

/// Units drawn and not spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Return {
    /// The plan.
    pub plan: UsagePlanId,
    /// The key.
    pub key: ApiKeyId,
    /// The period for which they were drawn.
    pub period: Period,
    /// How many.
    pub units: i64,
}

/// A wish for units to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// The plan.
    pub plan: UsagePlanId,
    /// The key.
    pub key: ApiKeyId,
    /// The quota in force.
    pub quota: QuotaSettings,
    /// The period to spend them in.
    pub period: Period,
    /// At most so many.
    pub units: i64,
    /// Whether usage that was metered without drawing counts, too.
    pub opening: bool,
}

/// Units taken durably from a quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// How many.
    pub units: i64,
    /// What is left.
    pub left: i64,
}

/// One round of a node: usage, returns and draws, applied together. Usage and returns of a round that comes twice
/// (same source and sequence) are applied once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Names the process that counted.
    pub source: u64,
    /// Numbers its rounds, from 1.
    pub sequence: u64,
    /// Calls to report.
    pub usage: Vec<UsageDelta>,
    /// Units to hand back.
    pub returns: Vec<Return>,
    /// Units to draw.
    pub draws: Vec<Draw>,
}

/// Tells the unspent units that are out for a key of the plan, so that they can be told from stranded ones.
pub type Unspent = Arc<dyn Fn(ApiKeyId) -> i64 + Send + Sync>;

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
