//! Who uses most, and who is near a quota.

use tollgate_domain::{ApiKeyId, UsagePlanId};

/// Calls of one key under one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyCalls {
    /// The plan.
    pub plan: UsagePlanId,
    /// The key.
    pub key: ApiKeyId,
    /// Calls admitted.
    pub calls: u64,
}

/// Calls of all keys under one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanCalls {
    /// The plan.
    pub plan: UsagePlanId,
    /// Calls admitted.
    pub calls: u64,
    /// Keys that made them.
    pub keys: u64,
}

/// A key that has used most of its quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NearQuota {
    /// The key.
    pub key: ApiKeyId,
    /// Calls admitted in the period.
    pub used: u64,
    /// What the key may use in the period: the quota, and what it was extended by.
    pub limit: u64,
}
