//! Throttle and quota: whether the call may pass now. Admission decides both as one, so that a refusal by either costs
//! nothing at the other.

use tollgate_domain::{ApiKeyId, Moment};

use crate::admission::{Demand, Denied, Keyed, MethodEntry, Standing};
use crate::gateway::Shared;
use crate::key::KeyFault;
use crate::plan::Covered;
use crate::refusal::Refusal;
use crate::route::Routed;

/// Takes a token at every level and a unit of the quota, or nothing. Says where the caller stands in either case.
pub(crate) async fn admit(
    shared: &Shared,
    routed: &Routed<'_>,
    keyed: Option<(ApiKeyId, Covered<'_, '_>)>,
    now: Moment,
) -> (Standing, Result<(), Refusal>) {
    let caller = keyed.map(|(_, covered)| covered.caller);
    let keyed = keyed.map(|(key, covered)| Keyed {
        key,
        plan: &covered.coverage.limits,
        method_entry: covered.entry.map(|entry| MethodEntry { name: &entry.name, rate: entry.rate }),
    });
    let demand = Demand { keyed, method: routed.stage.throttle(routed.method), account: shared.account() };
    let (admission, clock) = (&shared.admission, &*shared.clock);
    let verdict = match shared.shared_buckets() {
        None => admission.admit_caller(caller, demand, now, clock).await,
        Some(buckets) => {
            let method = routed.stage.bucket_name(routed.method);
            buckets.admit(admission, caller, demand, method, now, clock).await
        }
    };
    (verdict.standing, verdict.outcome.map_err(Refusal::from))
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Throttled { level, retry_after } => {
                Self::Throttled { level, retry_after_secs: retry_after.map(|wait| wait.as_secs_ceil().max(1)) }
            }
            Denied::QuotaExceeded { retry_after_secs } => {
                Self::QuotaExceeded { retry_after_secs: retry_after_secs.max(1) }
            }
            Denied::LedgerUnavailable => Self::LedgerUnavailable,
            Denied::Unaccounted => Self::Unaccounted,
            Denied::NoSuchPlan => Self::InvalidApiKey(KeyFault::NoPlan),
        }
    }
}
