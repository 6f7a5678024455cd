//! Names buckets that nodes share: by stable ids, never by configuration, so that they are the same on every node.

use std::fmt;
use std::sync::Arc;

use tollgate_domain::{ApiKeyId, UsagePlanId};

/// Names a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum BucketId {
    /// A key's under its plan.
    Key(UsagePlanId, ApiKeyId),
    /// A key's under its plan for one method.
    Entry(UsagePlanId, ApiKeyId, Arc<str>),
    /// A stage's for one method: API, stage, path and verb.
    Method(Arc<str>),
    /// That of all calls.
    Account,
}

impl fmt::Display for BucketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(plan, key) => write!(f, "key:{plan}:{key}"),
            Self::Entry(plan, key, method) => write!(f, "key:{plan}:{key}:{method}"),
            Self::Method(method) => write!(f, "method:{method}"),
            Self::Account => f.write_str("account"),
        }
    }
}
