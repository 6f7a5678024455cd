//! What a call asks of the limits.

use std::sync::Arc;

use tollgate_domain::bucket::Bucket;
use tollgate_domain::throttle::TokenRate;
use tollgate_domain::{ApiKeyId, QuotaSettings, Ticks, UsagePlanId};

use super::verdict::{Denied, ThrottleLevel};

/// Limits of a plan, compiled for deciding.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanLimits {
    /// The plan.
    pub id: UsagePlanId,
    /// Rate and burst per key; `None` limits nothing.
    pub rate: Option<TokenRate>,
    /// Calls per key and period; `None` limits nothing.
    pub quota: Option<QuotaSettings>,
}

/// What one call asks of the limits, level by level in AWS's order.
#[derive(Debug)]
pub struct Demand<'a> {
    /// The key and its plan; `None` when the method requires no key.
    pub keyed: Option<Keyed<'a>>,
    /// The stage's bucket for the method, shared by all callers.
    pub method: Option<(&'a Bucket, TokenRate)>,
    /// The account's bucket.
    pub account: Option<(&'a Bucket, TokenRate)>,
}

/// A key and the plan under which it calls.
#[derive(Debug)]
pub struct Keyed<'a> {
    /// The key.
    pub key: ApiKeyId,
    /// The plan that covers the stage.
    pub plan: &'a PlanLimits,
    /// The plan's own limit for this method, instead of the plan's.
    pub method_entry: Option<MethodEntry<'a>>,
}

/// A limit of a plan for one method: its own bucket for each key.
#[derive(Debug)]
pub struct MethodEntry<'a> {
    /// Names the bucket among the key's: API, stage, path and verb.
    pub name: &'a Arc<str>,
    /// Its rate and burst; `None` limits nothing.
    pub rate: Option<TokenRate>,
}

impl<'a> Demand<'a> {
    /// The buckets that callers share, in the order in which they are asked.
    pub(super) fn shared(&self) -> impl Iterator<Item = (ThrottleLevel, &'a Bucket, TokenRate)> + use<'a> {
        let levels = [(ThrottleLevel::StageMethod, self.method), (ThrottleLevel::Account, self.account)];
        levels.into_iter().filter_map(|(level, limit)| limit.map(|(bucket, rate)| (level, bucket, rate)))
    }

    /// Looks at the buckets that callers share, without taking from them.
    pub(super) fn peek_shared(&self, now: Ticks) -> Option<Denied> {
        self.shared().find_map(|(level, bucket, rate)| bucket.peek(rate, now).err().map(|empty| level.deny(empty)))
    }
}

impl Keyed<'_> {
    /// Whose the bucket of the key is.
    pub(super) fn level(&self) -> ThrottleLevel {
        if self.method_entry.is_some() { ThrottleLevel::PlanMethod } else { ThrottleLevel::Plan }
    }
}
