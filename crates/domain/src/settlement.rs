//! What nodes and the ledger exchange: calls to report, units of quota to draw and to hand back.

use crate::calendar::{Day, Period};
use crate::id::{ApiKeyId, UsagePlanId};
use crate::quota::QuotaSettings;

/// Calls admitted on one day and not reported before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageDelta {
    /// The plan.
    pub plan: UsagePlanId,
    /// The key.
    pub key: ApiKeyId,
    /// The UTC day of the calls.
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
    /// Whether this is the first draw of a lease: then usage that was metered without a quota counts, too.
    pub opening: bool,
}

/// Units granted to a [`Draw`]; they are durably taken from the quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// How many, at most what was asked for.
    pub units: i64,
    /// What is left in the ledger after it.
    pub left: i64,
    /// Whether the answer may be another in a moment: units are on leases of other nodes, which were asked for them, or
    /// the node does not know the quota in force yet. Nothing was granted then.
    pub pending: bool,
}

/// A wish that a key have so many units left in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// The plan.
    pub plan: UsagePlanId,
    /// The key.
    pub key: ApiKeyId,
    /// The quota in force.
    pub quota: QuotaSettings,
    /// The period.
    pub period: Period,
    /// Units to be left.
    pub remaining: u64,
}

/// What a key used of a plan elsewhere, before its calls came here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageImport {
    /// The plan.
    pub plan: UsagePlanId,
    /// The key.
    pub key: ApiKeyId,
    /// All calls of these days there. Another import of a day takes the place of the one before; calls that were
    /// admitted here count beside them.
    pub days: Vec<(Day, u64)>,
    /// What was left there.
    pub left: Option<LeftElsewhere>,
}

/// What was left of a quota elsewhere, after all calls that an import has of its period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftElsewhere {
    /// The quota in force here.
    pub quota: QuotaSettings,
    /// The period.
    pub period: Period,
    /// Units left.
    pub remaining: u64,
}

impl UsageImport {
    /// What the quota was extended by there: what was used and what was left come to more or less than its limit.
    /// `None` when nothing is known of it.
    pub fn extra(&self) -> Option<i64> {
        let LeftElsewhere { quota, period, remaining } = self.left?;
        let within = self.days.iter().filter(|(day, _)| period.contains(*day));
        let used = within.fold(0_u64, |sum, (_, calls)| sum.saturating_add(*calls));
        let sum = i64::try_from(used.saturating_add(remaining)).unwrap_or(i64::MAX / 2);
        Some(sum - i64::from(quota.limit))
    }
}

/// Everything that one round writes, in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Names the process that counted.
    pub source: u64,
    /// Numbers its rounds, from 1. A round that comes again is applied once, and gets the answer that it got before.
    pub sequence: u64,
    /// Calls to report. Written first, so that draws see them.
    pub usage: Vec<UsageDelta>,
    /// Units to hand back. Written second.
    pub returns: Vec<Return>,
    /// What is to be left, of keys whose leases are among the returns. Written third.
    pub adjustments: Vec<Adjustment>,
    /// What was used elsewhere, of keys whose leases are among the returns. Written fourth.
    pub imports: Vec<UsageImport>,
    /// Units to draw. Written last.
    pub draws: Vec<Draw>,
}
