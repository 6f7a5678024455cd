//! Throttle and quota: whether the call may pass now. Admission decides both as one, so that a refusal by either costs
//! nothing at the other.

use tollgate_domain::{ApiKeyId, Moment};

use crate::admission::{Caller, Demand, Denied, Keyed, MethodEntry, Standing, Verdict};
use crate::gateway::Shared;
use crate::key::KeyFault;
use crate::plan::Covered;
use crate::refusal::Refusal;
use crate::route::Routed;

/// Where a caller stands, and whether it may pass.
type Decided = (Standing, Result<(), Refusal>);

/// Takes a token at every level and a unit of the quota, or nothing. Says where the caller stands in either case.
pub(crate) async fn admit(
    shared: &Shared,
    routed: &Routed<'_>,
    keyed: Option<(ApiKeyId, Covered<'_, '_>)>,
    now: Moment,
) -> Decided {
    let (caller, demand) = demand(shared, routed, keyed);
    let (admission, clock) = (&shared.admission, &*shared.clock);
    let verdict = match shared.shared_buckets() {
        None => admission.admit_caller(caller, demand, now, clock).await,
        Some(buckets) => {
            let method = routed.stage.bucket_name(routed.method);
            buckets.admit(admission, caller, demand, method, now, clock).await
        }
    };
    decided(verdict)
}

/// The same, if it needs no waiting.
pub(crate) fn admit_at_once(
    shared: &Shared,
    routed: &Routed<'_>,
    keyed: Option<(ApiKeyId, Covered<'_, '_>)>,
    now: Moment,
) -> Option<Decided> {
    if shared.shared_buckets().is_some() {
        return None;
    }
    let (caller, demand) = demand(shared, routed, keyed);
    shared.admission.admit_at_once(caller, &demand, now).map(decided)
}

/// Who calls, and what the call has to be granted.
fn demand<'a, 'c>(
    shared: &'a Shared,
    routed: &Routed<'a>,
    keyed: Option<(ApiKeyId, Covered<'a, 'c>)>,
) -> (Option<&'c Caller>, Demand<'a>) {
    let caller = keyed.map(|(_, covered)| covered.caller);
    let keyed = keyed.map(|(key, covered)| Keyed {
        key,
        plan: &covered.coverage.limits,
        method_entry: covered.entry.map(|entry| MethodEntry { name: &entry.name, rate: entry.rate }),
    });
    (caller, Demand { keyed, method: routed.stage.throttle(routed.method), account: shared.account() })
}

fn decided(verdict: Verdict) -> Decided {
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
