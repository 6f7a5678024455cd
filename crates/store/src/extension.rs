//! Quotas that somebody extended by hand, and why.

use tollgate_domain::{ApiKeyId, UnixMillis, UsagePlanId};

/// What was set to remain of a key's quota, by whom and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaExtension {
    /// The plan.
    pub plan: UsagePlanId,
    /// The key.
    pub key: ApiKeyId,
    /// When.
    pub at: UnixMillis,
    /// What was left of the period from then on.
    pub remaining: u64,
    /// The access key id of who asked for it.
    pub author: String,
    /// Why, if that was said.
    pub reason: Option<String>,
}
