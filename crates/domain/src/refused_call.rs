//! Calls that the gateway refused, as an operator asks about them.

use crate::clock::UnixMillis;
use crate::id::{ApiKeyId, RestApiId, StageName, UsagePlanId};
use crate::key_digest::KeyDigest;

/// One refused call: what was known of it when it was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedCall {
    /// `x-amzn-RequestId` of the answer.
    pub request_id: String,
    /// When the call arrived.
    pub at: UnixMillis,
    /// What it was answered.
    pub status: u16,
    /// What said no.
    pub level: RefusalLevel,
    /// Why, in words that the caller was not told.
    pub reason: String,
    /// The API, where the address named one.
    pub api: Option<RestApiId>,
    /// Its stage.
    pub stage: Option<StageName>,
    /// The verb, as it was sent.
    pub verb: String,
    /// The path below the stage, cut after some characters.
    pub path: String,
    /// The path of the resource that it met, with its variables.
    pub resource_path: Option<String>,
    /// The caller's key, where it is known and enabled.
    pub key: Option<ApiKeyId>,
    /// The digest of a value that is no enabled key's: its key may be disabled.
    pub unknown_value: Option<KeyDigest>,
    /// The plan that the call was made under.
    pub plan: Option<UsagePlanId>,
    /// Seconds until the call would have passed; `None` where waiting does not help.
    pub retry_after_secs: Option<u64>,
    /// The bucket of the key, if it had a say.
    pub bucket: Option<BucketState>,
    /// The quota of the key, if it had a say.
    pub quota: Option<QuotaState>,
}

/// What of the gateway said no, in the order in which calls meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalLevel {
    /// The message itself: it can't be read, or it is too long.
    Request,
    /// No stage or no method has this address.
    Route,
    /// The API's policy or its authorizer.
    Authorization,
    /// The key is missing, unknown, disabled, or in no plan of the stage.
    Key,
    /// The plan's throttle.
    PlanThrottle,
    /// The plan's throttle for this method.
    PlanMethodThrottle,
    /// The stage's throttle for this method.
    StageMethodThrottle,
    /// The account's throttle.
    AccountThrottle,
    /// The plan's quota.
    Quota,
    /// The ledger could not be reached.
    Ledger,
    /// Required parameters or the body.
    Validation,
    /// The integration, or how the API is configured.
    Integration,
}

/// A token bucket as a refused call met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketState {
    /// Tokens it holds when full.
    pub burst: u64,
    /// Tokens in it.
    pub left: u64,
    /// Milliseconds until it is full.
    pub full_in_millis: u64,
}

/// A quota as a refused call met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaState {
    /// Calls in a period.
    pub limit: u32,
    /// Calls left in this one.
    pub remaining: u64,
    /// Seconds until the next period.
    pub resets_in_secs: u64,
}
