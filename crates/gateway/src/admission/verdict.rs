//! The answer to a demand, and where it leaves the caller.

use tollgate_domain::Ticks;
use tollgate_domain::throttle::{Empty, Taken, TokenRate};

/// The answer to a [`Demand`](super::Demand), with where the caller stands.
#[derive(Debug)]
pub struct Verdict {
    /// Whether the call may pass.
    pub outcome: Result<(), Denied>,
    /// What is left, for the caller's rate-limit headers.
    pub standing: Standing,
}

/// Why a call may not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// A bucket is empty.
    Throttled {
        /// Whose it is.
        level: ThrottleLevel,
        /// Time until it gives a token; `None` when it never does.
        retry_after: Option<Ticks>,
    },
    /// The quota is used up.
    QuotaExceeded {
        /// Seconds until the next period.
        retry_after_secs: u64,
    },
    /// The quota cannot be accounted for right now. Ours, not the caller's fault.
    LedgerUnavailable,
    /// The same, where it is answered as too many calls are.
    Unaccounted,
    /// The plan was deleted while the call was on its way.
    NoSuchPlan,
}

/// Whose bucket was empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThrottleLevel {
    /// The key's own, under its plan.
    Plan,
    /// The key's own for one method, under its plan.
    PlanMethod,
    /// That of a method of the stage, which all callers share.
    StageMethod,
    /// That of the account, which all calls share.
    Account,
}

impl ThrottleLevel {
    /// The refusal by this level's bucket.
    pub(crate) fn deny(self, empty: Empty) -> Denied {
        Denied::Throttled { level: self, retry_after: empty.retry_after }
    }
}

/// What is left to a caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// In the plan's bucket, or the method entry's.
    pub throttle: Option<ThrottleStanding>,
    /// In the quota.
    pub quota: Option<QuotaStanding>,
}

/// What is left in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleStanding {
    /// Tokens it holds when full.
    pub burst: u64,
    /// Tokens in it.
    pub left: u64,
    /// Time until it is full.
    pub full_in: Ticks,
}

/// What is left of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaStanding {
    /// Calls in a period.
    pub limit: u32,
    /// Calls left in this one.
    pub remaining: u64,
    /// Length of the period.
    pub period_secs: u64,
    /// Seconds until the next one.
    pub resets_in_secs: u64,
}

impl ThrottleStanding {
    pub(crate) fn new(rate: TokenRate, taken: Taken) -> Self {
        Self { burst: rate.burst(), left: taken.left, full_in: taken.full_in }
    }
}

impl Verdict {
    pub(crate) fn refuse(denied: Denied) -> Self {
        Self { outcome: Err(denied), standing: Standing::default() }
    }

    pub(crate) fn with_quota(mut self, quota: QuotaStanding) -> Self {
        self.standing.quota = Some(quota);
        self
    }

    pub(crate) fn with_empty_bucket(mut self, rate: TokenRate, empty: Empty) -> Self {
        self.standing.throttle = Some(ThrottleStanding { burst: rate.burst(), left: 0, full_in: empty.full_in });
        self
    }
}
